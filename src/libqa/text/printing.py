"""Print a restored line as a careful editor would: Simplified characters, full-width marks, separators."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from libqa.text.gbk import forms

# Words in which 著 is not the particle 着 (the converter writes both as 著).
_ZHU = re.compile(
    "著(?=[名作者述称录书有译])|(?<=[编译合遗原名巨专论拙显卓昭土新旧撰])著|(?<=所)著(?!装)|(?<=[》，、（(])著(?=[，。；）)])"
)
_QIAN = re.compile("乾(?=[隆坤县陵清卦])|(?<=康)乾|(?<=雍)乾")
_CJK = re.compile("[\u3400-\u9fff\u3000-\u303f“”‘’—…·，；：？！（）]")
_ASKING = re.compile("[吗呢吧么谁哪几何]|怎|什|为何|多少|是否|难道|能否|可否|如何|有无|是不是|有没有")
_WORD = re.compile("[\u3400-\u9fffA-Za-z0-9]")
_MARKS = ",;:!()"
_WIDE = dict(zip(",;:!", "，；：！", strict=True))
_CLAUSE = re.compile("[^。！？；，,;!]*$")
# Characters that mostly write foreign names.
_FOREIGN = set(
    "阿埃艾安奥巴贝本比伯布查达德迪蒂杜尔恩法菲费弗夫福戈格古哈海赫亨霍基吉加贾杰金卡凯坎康科克库拉莱兰劳勒雷里理丽莉利列林路伦罗洛马玛麦曼梅蒙米密莫姆穆纳娜内尼涅纽努诺欧帕佩皮蓬普奇乔切琼萨塞桑森沙瑟史斯施舒思苏索塔泰坦汤特图托瓦威韦维温沃乌西希夏辛休雅亚扬耶伊茵英尤约泽詹兹朱"
)


def simplified(source: str) -> str:
    """Turn converted text back to Simplified, one character for one."""
    table = forms().simplified
    out = [table.get(c, c) for c in source]
    for pattern, char in ((_ZHU, "著"), (_QIAN, "乾")):
        if char in source:
            plain = (
                "".join(out).replace("着", "著")
                if char == "著"
                else "".join(c if s != char else char for c, s in zip(out, source, strict=True))
            )
            for match in pattern.finditer(plain):
                if source[match.start()] == char:
                    out[match.start()] = char
    return "".join(out)


@lru_cache(maxsize=1)
def shared() -> frozenset[str]:
    """Traditional forms that are Simplified characters too (著 乾 徵 …): GB 2312, the Simplified standard, has them."""

    def standard(char: str) -> bool:
        try:
            return bool(char.encode("gb2312"))
        except UnicodeEncodeError:
            return False

    return frozenset(t for t, s in forms().simplified.items() if t != s and standard(t))


def widened(text: str) -> str:
    """Give every half-width mark that Chinese text wants full width its full width."""
    return "".join(wide(text, i) for i in range(len(text)))


def wide(text: str, at: int) -> str:
    """Return the full-width form of the half-width mark at ``text[at]`` if Chinese text wants it, else the mark."""
    char = text[at]
    if char not in _MARKS:
        return char
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    chinese = bool(_CJK.match(before)), bool(_CJK.match(after))
    if char in _WIDE:
        if not any(chinese) or (not chinese[0] and after == " "):
            return char
        return _WIDE[char]
    if char in "()":
        pair = _partner(text, at)
        if pair < 0:
            return "（）"["()".index(char)] if any(chinese) else char
        first, last = min(at, pair), max(at, pair)
        around = text[first - 1 : first] + text[first + 1 : last] + text[last + 1 : last + 2]
        return "（）"["()".index(char)] if _CJK.search(around) else char
    return char


def _partner(text: str, at: int) -> int:
    """Position of the bracket that belongs to the one at ``at``, or -1."""
    step = 1 if text[at] in "(（" else -1
    depth, i = 0, at
    while 0 <= i < len(text):
        depth += (text[i] in "(（") - (text[i] in ")）")
        if depth == 0:
            return i
        i += step
    return -1


def separator(text: str, at: int, copies: Sequence[str]) -> str:
    """Say what the ``?`` at ``text[at]`` stood for: a question mark or a character outside GBK.

    Such characters were mostly kinds of space and bullets. Evidence, in this order: the same line elsewhere in the
    text, a question before it, the shape of what it separates.
    """
    left, right = text[:at], text[at + 1 :]
    if not left.strip("? \t\u3000") or not right.strip("? \t\u3000"):
        asked = left.strip("? ") and not right.strip() and not left.endswith(("。", "！", "”", "?", "；", "："))
        return "？" if asked else ""
    copied = _copied(left, right, copies)
    if copied is not None:
        return copied
    clause = _CLAUSE.search(left)
    if right[0] in "”’』」》）)。，、；,;!！" or (clause and _ASKING.search(clause[0])):
        return "？"
    return _shape(left, right)


def _copied(left: str, right: str, copies: Sequence[str]) -> str | None:
    """Find the same words elsewhere in the text with something else between them."""
    before, after = left[-4:], right[:4]
    if len(before) < 4 or len(after) < 4 or "?" in before + after:
        return None
    pattern = re.compile(re.escape(before) + "([ \u00a0\u2002\u2003\u3000·•—-]{0,2})" + re.escape(after))
    for copy in copies:
        match = pattern.search(copy)
        if match:
            found = match[1]
            return "·" if set(found) & set("·•") else found if set(found) & set("—-") else " " if found else ""
    return None


def _shape(left: str, right: str) -> str:
    before = re.search("[\u3400-\u9fffA-Za-z0-9]*$", left)
    after = re.match("[\u3400-\u9fffA-Za-z0-9]*", right)
    first, second = before[0] if before else "", after[0] if after else ""
    if len(first) == 1 and len(second) == 1:
        return ""  # 摘?要: letters spaced out
    if not first or not second:
        return " " if first or second else ""
    if first[-1] in _FOREIGN and second[0] in _FOREIGN and first[-2:-1] in _FOREIGN:
        return "·"
    if first.isascii() or second.isascii() or len(first) == len(second):
        return " "  # parallel phrases: 数智赋能 服务创新
    quoted = re.search("[“《「『]" + re.escape(first) + "$", left) and re.match(re.escape(second) + "[”》」』]", right)
    return "·" if quoted else " "
