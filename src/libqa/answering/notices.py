"""The lines that tell a reader how a generated answer came about, in the language of the answer."""

from __future__ import annotations

from libqa.text.script import Language

# kind: (zh-Hans, zh-Hant, en)
_TABLE: dict[str, tuple[str, str, str]] = {
    "unreachable": ("语言模型连接不上", "語言模型連接不上", "The language model cannot be reached"),
    "refused": ("语言模型不接受密钥", "語言模型不接受金鑰", "The language model does not accept the key"),
    "unknown": (
        "语言模型的地址或名称不对",
        "語言模型的位址或名稱不對",
        "The language model is not at the given address",
    ),
    "busy": ("语言模型正忙", "語言模型正忙", "The language model is busy"),
    "failing": ("语言模型出错", "語言模型出錯", "The language model reports an error"),
    "silent": ("语言模型没有及时作答", "語言模型沒有及時作答", "The language model did not answer in time"),
    "broken": ("语言模型的回答中断了", "語言模型的回答中斷了", "The language model's answer broke off"),
    "malformed": ("语言模型的回应无法理解", "語言模型的回應無法理解", "The language model's response makes no sense"),
    "endless": ("语言模型的回答没完没了", "語言模型的回答沒完沒了", "The language model's answer had no end"),
    "unusable": (
        "语言模型的回答与文献无关",
        "語言模型的回答與文獻無關",
        "The language model's answer has nothing to do with the documents",
    ),
    "instead": (
        "{reason}，改为直接摘录原文作答。",
        "{reason}，改為直接摘錄原文作答。",
        "{reason}; this answer is extracted from the documents instead.",
    ),
    "unsupported": (
        "有 {n} 句未能在所引原文中得到证实，已标出。",
        "有 {n} 句未能在所引原文中得到證實，已標出。",
        "{n} of the sentences could not be confirmed by the passages cited and are marked.",
    ),
    "extract_follows": (
        "没有一句得到原文证实，末尾附上直接摘录的答案。",
        "沒有一句得到原文證實，末尾附上直接摘錄的答案。",
        "None of them is confirmed; an answer extracted from the documents follows.",
    ),
    "left_out": (
        "有 {n} 句在文献中找不到依据，已略去。",
        "有 {n} 句在文獻中找不到依據，已略去。",
        "{n} sentences with no basis in the documents were left out.",
    ),
    "partly": (
        "语言模型表示，文献没有回答问题的全部。",
        "語言模型表示，文獻沒有回答問題的全部。",
        "According to the language model, the documents answer the question only in part.",
    ),
    "says_not": (
        "语言模型认为文献没有回答这个问题。",
        "語言模型認為文獻沒有回答這個問題。",
        "The language model finds that the documents do not answer this question.",
    ),
}
_COLUMN: tuple[Language, ...] = ("zh-Hans", "zh-Hant", "en")


def say(kind: str, language: Language, **values: object) -> str:
    """Return the line ``kind`` in ``language`` with ``values`` filled in."""
    return _TABLE[kind][_COLUMN.index(language)].format(**values)


def instead(reason: str, language: Language) -> str:
    """Return why the answer is an extract; ``reason`` is ``unusable`` or the kind of an `EndpointError`."""
    return say("instead", language, reason=say(reason, language))


def joined(lines: list[str], language: Language) -> str:
    """Return several lines as one."""
    return (" " if language == "en" else "").join(lines)
