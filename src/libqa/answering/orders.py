"""Text in a document that speaks to a language model instead of to readers; it is quoted, but it proves nothing.

A pattern can be evaded; what counts is that passages reach the model as data and that its sentences are verified. This
only keeps the words of an order from being the evidence for themselves.
"""

from __future__ import annotations

import re
from functools import lru_cache

from libqa.text import segment
from libqa.text.script import fold

_ORDER = re.compile(
    r"(?:忽略|无视|忘记|忘掉|不要理会|不必理会|覆盖|取消).{0,12}(?:指令|指示|规则|提示|命令|要求|设定|以上|之前|上文|前文)"
    r"|(?:系统|开发者|管理员)\s*(?:提示|消息|指令|通知|命令)\s*[:：]|(?:助手|助理|用户)\s*[:：]"
    r"|(?:人工智能|语言模型|大模型|ai\s?助手|智能体|机器人|读到这里的模型).{0,20}(?:必须|应当|应该|需要|务必|请|要)"
    r"|你(?:现在|必须|应当|务必|将要|的新?(?:任务|身份|角色)|是一[个名])|(?:输出|回答|回复|答复|照抄|改为说|只说)\s*[:：“「]"
    r"|\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instructions?|rules?|prompts?|above|previous|earlier|guidelines?)\b"
    r"|\b(?:system|developer|assistant|user|human|admin)\s*(?:prompt|message|note)?\s*[:>\]]|\bsystem prompt\b"
    r"|\byou (?:are now|must|shall|will now|have to|should now)\b|\byour (?:new )?(?:task|role|job|instructions?)\b"
    r"|\b(?:say|output|print|reply|respond|answer|write|repeat|cite)\b[^.\n]{0,30}[:\"“]"
    r"|\b(?:as an|dear) (?:ai|assistant|language model)\b"
    r"|\b(?:ai|llm|language models?|assistants?)\b.{0,20}\b(?:must|should|please)\b"
    r"|not_in_documents|<\|[^|\n]{1,30}\|>|\[/?inst\]|</?(?:system|instructions?|passages?|documents?|script|img|iframe)\b"
    r"|\"(?:tool|function|tool_calls?|function_call|arguments)\"\s*:|!\[[^\]\n]*\]\(|<!--",
)


@lru_cache(maxsize=512)
def without_orders(text: str) -> str:
    """Return ``text``, each character in its place, with blanks for what gives orders to a model, to the line's end."""
    folded = fold(text)
    kept = list(text)
    for start, end in segment.sentences(text):
        if _ORDER.search(folded, start, end):
            stop = text.find("\n", end)
            for at in range(start, len(text) if stop < 0 else stop):
                kept[at] = " " if kept[at] != "\n" else "\n"
    return "".join(kept)
