"""What a question asks for: its type, its content terms, and the names, numbers and dates an answer must agree "
"with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from libqa.text import dictionary, entities, segment
from libqa.text.quantities import quantities
from libqa.text.schools import schools
from libqa.text.script import fold, language

Kind = Literal["who", "when", "where", "number", "list", "which", "why", "how", "what", "yesno"]
KINDS: tuple[Kind, ...] = ("who", "when", "where", "number", "list", "which", "why", "how", "what", "yesno")

_WHO_IS = re.compile(r"(?:是谁|是何人|是什么人|何许人也?)[?]?$|^who (?:is|was) ")
_UNHEARD = 0.99  # rarity of a word that is in no dictionary and in no document
_FOCUS = 3.0  # weight of what a follow-up asks about instead
_CONTEXT = 0.4  # weight of words taken over from the question before


@dataclass(frozen=True, slots=True)
class Term:
    """A content word of the question and the Chinese or Latin forms under which a passage may say it.

    ``forms`` pairs each folded form with its strength (0..1); ``weight`` is the word's rarity (an idf, in nats).
    """

    text: str
    forms: tuple[tuple[str, float], ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Anchor:
    """Something the passage must agree with: a name, year, number, place or title that the question takes for "
    "granted."""

    kind: str
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question as understood.

    ``head`` is the noun or measure word asked for (folded, may be ``""``); ``words`` are those of ``folded``, of a
    Chinese question.
    """

    text: str
    folded: str
    language: Literal["zh-Hans", "zh-Hant", "en"]
    kind: Kind
    head: str
    terms: tuple[Term, ...]
    anchors: tuple[Anchor, ...]
    words: tuple[tuple[str, int, int], ...]


# Measure words after 多少/几 tell a count from a choice; 几 also opens dates (几月几日) and lists (哪几个).
_MEASURE = (
    "个人名位所家场次项门册种类座支届组年天月日周岁米度元万亿倍条件篇本层间台辆张份套卷部户县省市国只头棵片栋幢对批轮期"
)
_CLASSIFIERS = frozenset("个位家所场项种类座名届方次支本篇份栋款部条门张层间")
_ZH_RULES: tuple[tuple[Kind, str], ...] = (
    ("why", r"为什么|为何|为啥|何以|何故|缘何|原因|什么缘故|怎么会|凭什么"),
    ("list", r"(?:各|分别)[^,。;?谁哪]{0,4}(?:多少|几)"),  # 各有多少: more than one number
    (
        "when",
        r"什么时候|什么时间|何时|何年|何月|哪一?年|哪一?天|哪一?日|哪一?月|哪个月|几月|几号|几时|哪个年份|时间是|日期|多久以前|啥时候|哪几天|哪几年|哪个世纪|什么年代|哪个?时期",
    ),
    (
        "number",
        r"多少|百分之几|几分之几|几成(?![立为员])|多大|多高|多长|多远|多久|多重|多宽|多深|(?<!哪)几["
        + _MEASURE
        + r"余成分]|第几|占比|比例是|(?:总数|人数|数量|面积|金额|经费)(?:是|为|有)?(?:多少|几)?[?]?$",
    ),
    (
        "list",
        r"哪些|哪几|哪[二两三四五六七八九十\d]+|分别|包括什么|包含什么|列出|列举|几方面是|都有谁|由谁组成|各是",
    ),
    ("who", r"谁|何人|哪位|哪一位|什么人|哪名|哪一?个(?:人|领导|官员|专家|教授|学者|老师|馆长|部长|作者)"),
    (
        "where",
        r"哪里|哪儿|何处|何地|什么地方|什么地点|地点|哪个?(?:城市|地方|省|市|县|区|国家|校区)|在哪|位于哪|坐落|哪座城市",
    ),
    ("how", r"怎么样|怎么|如何|怎样|以什么方式|什么方式|何种方式|通过什么"),
    ("which", r"哪|什么(?!样|是|叫)[\u4e00-\u9fff]|何种|叫什么|是什么名|名称"),
    ("what", r"什么|何谓|啥"),
    ("yesno", r"吗[?]?$|是否|是不是|有没有|能否|可否|会不会|对吗|对不对"),
)
_EN_RULES: tuple[tuple[Kind, str], ...] = (
    ("why", r"\bwhy\b|\bwhat (?:was|is|were) the reasons?\b|\breason (?:for|why)\b"),
    ("when", r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|time|deadline)\b|\bhow long ago\b"),
    (
        "number",
        r"\bhow (?:many|much|long|far|large|big|often|high|old|tall)\b"
        r"|\bwhat (?:is|was) the (?:number|total|area|size|amount)\b"
        r"|\b(?:what|which) (?:percentage|share|proportion)\b",
    ),
    ("where", r"\bwhere\b|\b(?:what|which) (?:city|place|province|country|campus|venue)\b"),
    (
        "who",
        r"\bwho(?:m|se)?\b|\b(?:which|what) (?:\w+ )?(?:person|speaker|professor|director|expert|leader|official"
        r"|scholar|minister|governor|mayor|scientist|dean|author|editor)\b",
    ),
    (
        "list",
        r"\bwhat are\b|\bwhich (?:\w+ )?(?:\w+s|people) (?:are|were|have|had|did|do|take|took|make|belong)\b"
        r"|\blist\b|\bname (?:the|all)\b|\b(?:what|which) (?:two|three|four|five|six|seven|eight|nine|ten|\d+)\b"
        r"|\bwhat (?:\w+ )?\w+(?:s|ies) (?:are|were|does|did|do|will|has|have)\b",
    ),
    ("how", r"\bhow\b"),
    ("which", r"\bwhich\b|\bwhat (?!is\b|was\b|were\b|are\b|did\b|does\b|do\b|has\b|had\b|can\b|will\b|kind\b)\w+"),
    ("what", r"\bwhat\b|\bdescribe\b|\bexplain\b|\btell me\b"),
    ("yesno", r"^(?:is|are|was|were|did|does|do|has|have|had|can|could|will|would|should)\b"),
)

# Words that carry the question, not its subject.
_ZH_STOP = frozenset(
    "什么 谁 哪 哪些 哪里 哪儿 哪个 哪位 哪家 哪所 哪年 哪几个 何时 何处 何地 何 几 几个 多少 多大 怎么 怎样 如何 "
    "为什么 为何 是否 吗 呢 吧 啊 的 地 得 了 着 过 "
    "是 在 有 和 与 及 或 由 被 把 将 对 对于 于 以 为 从 向 到 至 就 都 也 还 又 而 但 并 并且 其 其中 之 这 那 "
    "这个 那个 这些 那些 它 他 她 我 你 您 我们 你们 他们 "
    "请 请问 想 知道 告诉 一下 介绍 说 说明 时候 时间 分别 主要 叫 叫做 称 称为 来自 关于 根据 能 能否 可以 会 要 "
    "应该 共 一共 总共 具体 当时 个 位 名 所 家 场 次 年 月 日 "
    "所有 哪一年 什么样 地方 谁的 有没有 是不是 什么时候 啥 么 几位 几家 几场 几所 几次 里 中 上 下 时 "
    "后 前 等 各 每 该 此 第几 多久 做 作 提到 文档 资料 文件 到底 究竟".split()
)
_EN_STOP = frozenset(
    "a an the of in on at to for from by with and or is are was were be been being do does did done has have had "
    "having can could will would "
    "shall should may might must it its this that these those he she they them his her their there here who whom "
    "whose which what when where why how "
    "many much long far often as about into over after before during than then so such any all some each every "
    "please tell me give list name "
    "describe explain say says said i you we us our your my not no also did does if but between among "
    "through per vs out up".split()
)


_BEGINS = re.compile(
    r"\W*(?:wh(?:o|om|ose|at|ich|en|ere|y)|how|is|are|was|were|do|does|did|has|have|can|could|will|would|should|may|please"
    r"|list|name|tell|describe|explain|give|show|i (?:want|would like|need) to know)\b",
    re.IGNORECASE,
)
_PREPOSITIONS = frozenset(("in", "on", "by", "at"))
_POLITE = re.compile(
    r"^\W*(?:(?:could|can|would) you (?:please |kindly )?(?:tell|show) (?:me|us)|do you know"
    r"|i(?:'d| would) like to know|i want to know|please tell (?:me|us)|may i ask)\b\W*"
)
NUMBERED = frozenset("届期次批版轮季集卷号章节条")
"""Measures of things that are told apart by number: 第二届 is another than 第三届."""
_ACRONYM = re.compile(r"(?<![A-Za-z])[A-Z]{2,}(?![A-Za-z])")
_POINTING = re.compile("[哪这那有何几]")
_POINTED = re.compile(rf"[哪那这几某][一两几]?[{_MEASURE}项篇本份栋款座类拨回趟]?")  # 哪一位, 那项, 几类
_UNIVERSITY = re.compile(r"((?:[A-Z][\w'’-]+ ){1,3})University\b|\bUniversity of ([A-Z][\w'’-]+)")
_AMOUNT = re.compile(r"\b(?:number|amount|total|percentage|share|proportion)\b")


def _kind(folded: str, english: bool) -> tuple[Kind, str]:
    """The type of a question and what follows its question word; in English the first question word decides."""
    if english:
        folded = _POLITE.sub("", folded)
    found = [(m, kind) for kind, pattern in (_EN_RULES if english else _ZH_RULES) if (m := re.search(pattern, folded))]
    if not found:
        return ("number" if english and _AMOUNT.search(folded) else "what"), ""
    first, kind = min(found, key=lambda pair: pair[0].start()) if english else found[0]
    if kind == "how" and not english:  # 如何相通的论文是哪份期刊登的: the last question word asks
        later = [(m, k) for m, k in found if k == "which" and m.start() >= first.end()]
        first, kind = later[0] if later else (first, kind)
    return kind, folded[first.end() :]


def _head(kind: Kind, folded: str, rest: str, english: bool) -> str:
    """The noun or measure word right after the question word: 多少【所高校】, 哪些【地区】, which 【company】."""
    if english and kind not in ("number", "list", "which", "what"):
        return ""  # who, when, where ...: what follows is a verb, not what is asked for
    if english:
        from libqa.models.lexicon import translations

        found = re.match(r"\W*((?:[a-z-]+\s*){1,3})", rest)
        words = [w for w in (found[1].split() if found else []) if w not in _EN_STOP]
        return next((fold(zh) for w in words[:1] for zh, _ in translations(w)), words[0] if words else "")
    if kind == "number":
        found = re.search(r"(?:多少|第?几)\s*([\u4e00-\u9fff]{1,4})", folded)
        return found[1] if found else ""
    found = re.search(r"(?:哪[一几些两二三四五六七八九十\d]*|什么|何种)(?:作?为)?([\u4e00-\u9fff]{1,10})", folded)
    first = segment.words(found[1]) if found else []
    if len(first) > 1 and first[0][0] in _CLASSIFIERS:
        first = first[1:]
    if not first or first[0][0] in _ZH_STOP:
        return ""
    size = 1  # 支持单位, but no more than 地区 of 地区的图书馆 and 大学 of 大学举办
    while size < len(first) and dictionary.part_of_speech(first[size][0])[:1] == "n":
        size += 1
    whole = size == len(first) or first[size][0] != "的"
    return "".join(word for word, _, _ in first[: size if whole else 1])


def _words(text: str, idf: Callable[[str], float], names: Sequence[str] = ()) -> list[tuple[str, int, int]]:
    """The words of a Chinese text, ``names`` uncut; a guess that is no name and not in the documents is cut again."""
    found, at, folded = [], 0, fold(text)
    for m in re.finditer("|".join(map(re.escape, names)) or r"(?!)", folded):
        found += [(w, a + at, b + at) for w, a, b in segment.words(text[at : m.start()])] + [(m[0], *m.span())]
        at = m.end()
    found += [(w, a + at, b + at) for w, a, b in segment.words(text[at:])]
    people = [*names, *(folded[a:b] for a, b in entities.people(text))]
    return segment.mended(found, lambda word: idf(word) < _UNHEARD or any(word in name for name in people))


def _chinese_terms(words: Sequence[tuple[str, int, int]], idf: Callable[[str], float]) -> list[Term]:
    terms: dict[str, Term] = {}
    for word, _, _ in words:
        if word in _ZH_STOP or _POINTED.fullmatch(word) or not re.search(r"\w", word):
            continue
        weight = idf(word) * (0.3 if len(word) == 1 and not word.isdigit() else 1.0)
        terms.setdefault(word, Term(word, ((word, 1.0),), weight))
    return list(terms.values())


def _idiom(words: Sequence[str], found: Sequence[tuple[str, float]]) -> bool:
    """Whether a phrase that begins with a preposition means more than its words: in person, but not in China."""
    from libqa.models.lexicon import translations

    if not found or words[0] not in _PREPOSITIONS or words[-1] in _EN_STOP:
        return False
    plain = [fold(zh) for zh, _ in translations(words[-1])]
    return bool(plain) and not any(zh in fold(found[0][0]) or fold(found[0][0]) in zh for zh in plain)


def _english_terms(folded: str, idf: Callable[[str], float]) -> list[Term]:
    from libqa.models.lexicon import translations

    words = re.findall(r"[a-z0-9][a-z0-9'./+-]*[a-z0-9]|[a-z0-9]", re.sub(r"['’]s?(?![a-z])", "", folded))
    terms: dict[str, Term] = {}
    i = 0
    while i < len(words):
        for size in (3, 2, 1):  # the longest phrase that the lexicon knows
            phrase = " ".join(words[i : i + size])
            if i + size > len(words) or (size == 1 and phrase in _EN_STOP):
                continue
            found = [] if phrase.isdigit() else translations(phrase)
            if size > 1 and words[i] in _EN_STOP and not _idiom(words[i : i + size], found):
                continue
            if found or size == 1:
                best = max((p for _, p in found), default=1.0)
                forms = ((phrase, 1.0), *((fold(zh), (p / best) ** 0.5) for zh, p in found))
                rarity = [idf(zh) for zh, _ in forms[1:3]] or [idf(phrase)]
                terms.setdefault(phrase, Term(phrase, forms, sum(rarity) / len(rarity)))
                i += size - 1
                break
        i += 1
    return list(terms.values())


def _anchors(text: str, folded: str, english: bool, idf: Callable[[str], float]) -> list[Anchor]:
    anchors = [Anchor("year", (y,)) for y in dict.fromkeys(re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", folded))]
    acronyms = [fold(name) for name in dict.fromkeys(_ACRONYM.findall(text))]
    anchors += [Anchor("title", (name,)) for name in acronyms if not english or idf(name) < _UNHEARD]  # MOOC is 慕课
    if english:
        return anchors
    bodies, found = schools(text), entities.find(text)
    dates = [(e.start, e.end) for e in found if e.kind == "date"]
    longer = [*bodies, *((e.start, e.end) for e in found if e.kind == "title")]
    for entity in found:
        span = folded[entity.start : entity.end]
        within = longer if entity.kind == "place" else dates if entity.kind == "number" else ()
        if any(a <= entity.start and entity.end <= b for a, b in within):
            continue  # 贵州 of 贵州大学, 7日 of 12月7日
        if (
            entity.kind in ("person", "title")
            or (entity.kind == "place" and not _POINTING.search(span))
            or (entity.kind == "number" and re.match(r"\d", span))
        ):
            anchors.append(Anchor(entity.kind, (span.strip("《》“”"),)))
    for q in quantities(folded):
        if q.ordinal and q.unit in NUMBERED:
            anchors.append(Anchor("number", (folded[q.start : q.end], f"第{q.value:.0f}{q.unit}")))
    return anchors + [Anchor("organisation", (folded[a:b],)) for a, b in bodies]


def _english_anchors(text: str, terms: Sequence[Term]) -> Iterator[Anchor]:
    """Yield the places and bodies that an English question names: capitalised words that translate into such names."""
    from libqa.models.lexicon import translations

    universities = [(m.start(), m.end()) for m in _UNIVERSITY.finditer(text)]
    for term in terms:
        at = text.lower().find(term.text)
        forms = tuple(form for form, _ in term.forms[1:4])
        if at < 1 or not text[at].isupper() or not forms:
            continue
        if term.text.endswith("university") and (0, len(forms[0])) in schools(forms[0]):
            yield Anchor("organisation", (*forms, term.text))
        elif any(a <= at < b for a, b in universities):
            continue  # Guizhou of Guizhou University
        elif any(e.kind == "place" and e.end - e.start == len(forms[0]) for e in entities.find(forms[0])):
            yield Anchor("place", (*forms, term.text))
    for name in _UNIVERSITY.finditer(text):
        said = translations((name[1] or name[2]).strip())[:1]
        if said and dictionary.part_of_speech(said[0][0]) == "ns" and not any(t.text == name[0].lower() for t in terms):
            yield Anchor("organisation", (f"{fold(said[0][0])}大学", name[0].lower()))


def content_words(text: str) -> list[str]:
    """Return the folded words of a question that say what it is about, in order."""
    if language(text) == "en":
        return [w for w in re.findall(r"[a-z0-9][a-z0-9'-]*", fold(text)) if w not in _EN_STOP]
    return [w for w, _, _ in segment.words(text) if w not in _ZH_STOP and re.search(r"\w", w)]


def question_words(text: str) -> bool:
    """Whether the text asks something by itself (谁, 多少, when ...)."""
    folded = fold(text)
    rules = _EN_RULES if language(text) == "en" else _ZH_RULES
    return any(re.search(pattern, folded) for _, pattern in rules)


def asks(text: str) -> bool:
    """Whether a text is a question: by the mark at its end or its words; in English, by those that it begins with."""
    if text.rstrip().endswith(("?", "？")):
        return True
    return _BEGINS.match(text) is not None if language(text) == "en" else question_words(text)


def understand(
    text: str,
    idf: Callable[[str], float],
    context: str = "",
    names: Mapping[str, str] | None = None,
    focus: str = "",
) -> Question:
    """Return what ``text`` asks for.

    Parameters
    ----------
    text : the question, complete in itself (follow-ups are resolved before).
    idf : rarity (0..1) of a folded term; decides how much each word of the question counts.
    context : words of an earlier question that still apply; they count less.
    names : how people of the documents may be called in the question (folded; ``lan liqiong``), and their names.
    focus : the part of a follow-up that is new; its words count more.
    """
    text = text.strip()
    folded, lang = fold(text), language(text)
    english = lang == "en"
    kind, rest = _kind(folded, english)
    terms: list[Term] = []
    anchors = _anchors(text, folded, english, idf)
    plain = folded
    for said, name in (names or {}).items():
        if said in plain:
            if said != name or english:
                terms.append(Term(said, ((name, 1.0), (said, 1.0)), 1.0))
            if not any(a.kind == "person" and a.forms[0] == name for a in anchors):
                anchors.append(Anchor("organisation" if name.endswith("大学") else "person", (name, said)))
            plain = plain.replace(said, " ")
    words = [] if english else _words(text, idf, [name for said, name in (names or {}).items() if said == name])
    terms += _english_terms(plain, idf) if english else _chinese_terms(words, idf)
    if english:
        anchors += _english_anchors(text, terms)
    if kind == "who" and any(a.kind == "person" for a in anchors) and _WHO_IS.search(folded):
        kind = "what"  # who somebody is asks for a description, not for another name
    stressed = fold(focus)
    terms = [replace(t, weight=t.weight * _FOCUS) if t.text in stressed else t for t in terms]
    known = {t.text for t in terms}
    for term in (
        _english_terms(fold(context), idf) if language(context) == "en" else _chinese_terms(_words(context, idf), idf)
    ):
        if term.text not in known:
            terms.append(replace(term, weight=term.weight * _CONTEXT))
    return Question(
        text=text,
        folded=folded,
        language=lang,
        kind=kind,
        head=_head(kind, folded, rest, english),
        terms=tuple(terms),
        anchors=tuple(anchors),
        words=tuple(words),
    )
