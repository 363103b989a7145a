"""The chat page: a question box, a streaming answer with numbered sources, and the cited document beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api

from libqa.errors import LibQAError
from libqa.serialize import answer_to_dict
from libqa.types import Answer
from libqa_ui.session import Place, Session, Update
from libqa_ui.strings import Language, choose_language, say

if TYPE_CHECKING:
    from libqa.api import LibQA

AT_ONCE = 4
"""Questions answered at the same time; others wait in the queue."""
WAITING = 64
"""Questions that may wait; more are turned away."""


def _static(name: str) -> str:
    return (files("libqa_ui") / "static" / name).read_text(encoding="utf-8")


def page_options() -> dict[str, Any]:
    """Return what ``gr.mount_gradio_app`` or ``Blocks.launch`` needs for the look of the page."""
    sans = ["system-ui", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"]
    theme = gr.themes.Base(font=sans, font_mono=["ui-monospace", "monospace"])
    # page.css is not given as `css`: Gradio would put its own selector before its rules for the root element.
    head = f"{_static('head.html')}<style>{_static('page.css')}</style>"
    return {"theme": theme, "head": head, "css": _static("style.css"), "footer_links": []}


def _html(name: str, **options: Any) -> gr.HTML:
    """A part whose HTML comes from libqa_ui.render as its value; the template is constant, so no text is evaluated."""
    script = f"{name}.js"
    code = _static(script) if (files("libqa_ui") / "static" / script).is_file() else None
    return gr.HTML(elem_id=f"libqa-{name}", js_on_load=code, apply_default_css=False, **options)


def build_chat(qa: LibQA) -> gr.Blocks:
    """Return the chat page over ``qa``; mount it together with :func:`page_options`.

    The conversation is kept on the server per open page. The one public endpoint of the page is ``ask``.
    """
    session = Session(qa)
    blocks = gr.Blocks(title="libqa", analytics_enabled=False, fill_width=True)
    with blocks:
        parts: dict[str, Any] = {
            "language": gr.State("en"),
            "turns": gr.State([]),
            "place": gr.State(None),
            "bar": _html("bar"),
            "conversation": _html("conversation", value=[], html_template="${value.join('')}"),
            "panel": _html("panel"),
        }
        with gr.Column(elem_id="libqa-composer"):
            parts["remark"] = _html("remark")
            with gr.Row():
                parts["clear"] = gr.Button("", visible=False, elem_id="libqa-clear", size="sm")
                box = gr.Textbox(lines=1, max_lines=6, container=False, autofocus=True, elem_id="libqa-question")
                parts["box"], parts["send"] = box, gr.Button("", elem_id="libqa-send", size="sm")
        _wire(blocks, session, parts)
        api(_ask(qa), api_name="ask", concurrency_limit=AT_ONCE, concurrency_id="ask")
    blocks.queue(max_size=WAITING)
    return blocks


def _ask(qa: LibQA) -> Any:
    def ask(question: str) -> dict[str, Any]:
        """Answer a question from the loaded documents, every statement with citations that are exact quotations."""
        try:
            return answer_to_dict(qa.ask(question))
        except LibQAError as error:
            raise gr.Error(str(error), print_exception=False) from None

    return ask


def _wire(blocks: gr.Blocks, session: Session, parts: dict[str, Any]) -> None:
    """Connect the events of the page with what they change."""
    bar, conversation, panel, clear, send, box = (
        parts[name] for name in ("bar", "conversation", "panel", "clear", "send", "box")
    )
    language, turns, place = parts["language"], parts["turns"], parts["place"]

    def put(update: Update) -> dict[Any, Any]:
        shown = {parts[name]: value for name, value in update.items()}
        if "turns" in update:
            shown[clear] = gr.update(visible=bool(update["turns"]))
        return shown

    def dress(language: Language, turns: list[Answer], place: Place) -> dict[Any, Any]:
        return {
            **put(session.dress(language, turns, place)),
            box: gr.update(label=say("question", language), placeholder=say("placeholder", language)),
            send: gr.update(value=say("send", language)),
            clear: gr.update(value=say("clear", language), visible=bool(turns)),
        }

    def arrive(request: gr.Request) -> dict[Any, Any]:
        wanted, accepted = request.query_params.get("lang"), request.headers.get("accept-language")
        return dress(choose_language(wanted, accepted), [], None)

    def switch(turns: list[Answer], place: Place, event: gr.EventData) -> dict[Any, Any]:
        return dress(choose_language(str(_data(event).get("language")), None), turns, place)

    async def answer(
        question: str, turns: list[Answer], language: Language, event: gr.EventData
    ) -> AsyncIterator[dict[Any, Any]]:
        question = str(_data(event).get("question", question))
        async for update in session.answer(question, turns, language):
            yield put(update)

    def cite(turns: list[Answer], language: Language, event: gr.EventData) -> dict[Any, Any]:
        return put(session.cite(_data(event), turns, language))

    def read(language: Language, event: gr.EventData) -> dict[Any, Any]:
        return put(session.read(_data(event), language))

    def forget(language: Language) -> dict[Any, Any]:
        return put(session.clear(language))

    everything = list(parts.values())
    quick: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    slow: dict[str, Any] = {**quick, "queue": True, "concurrency_limit": AT_ONCE, "concurrency_id": "ask"}
    blocks.load(arrive, None, everything, **quick)
    bar.option_select(switch, [turns, place], everything, **quick)
    asked = [box.submit, send.click, conversation.example_select]
    gr.on(asked, answer, [box, turns, language], everything, trigger_mode="once", **slow)
    opened = [place, panel, parts["remark"]]
    gr.on([conversation.select, panel.select], cite, [turns, language], opened, **quick)
    gr.on([bar.expand, panel.option_select], read, [language], opened, **quick)
    panel.collapse(lambda: (None, ""), None, [place, panel], **quick)
    clear.click(forget, [language], everything, **quick)


def _data(event: gr.EventData) -> dict[str, Any]:
    """What the page sent along with an event: anything at all, since anyone can send it."""
    data = event._data
    return data if isinstance(data, dict) else {}
