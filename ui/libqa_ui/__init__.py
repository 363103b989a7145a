"""The chat page of libqa, built with Gradio; import :mod:`libqa_ui.chat` to get it."""
