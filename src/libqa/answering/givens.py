"""What a question takes for granted, held against each sentence of a text: does it speak of something else instead?

When a question names 重庆 and the sentence that would answer it speaks of 成都, it does not answer. A rival is another
name, date or number of the same kind, or an opposite word (东楼, 南楼), in a sentence that does not say what the
question does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from libqa.answering.candidates import Laid
from libqa.answering.understand import NUMBERED, Anchor, Question, Term
from libqa.text import dictionary, entities
from libqa.text.quantities import Date, Quantity, dates, quantities
from libqa.text.schools import schools
from libqa.text.script import fold

Floats = NDArray[np.float32]
Span = tuple[int, int]
Find = Callable[[str], Sequence[Span]]
"""Places in a text."""

KINDS = ("date", "person", "place", "organisation", "number", "title", "word")
NAMES = (*(f"rival_{kind}" for kind in KINDS), *(f"rival_{kind}_apart" for kind in KINDS))
"""The second half: what the question says does not stand in the text, its title or section at all."""
STRENGTH = np.array([{"person": 0.1, "place": 0.3}.get(kind, 1.0) for kind in KINDS], dtype=np.float32)
"""How much a rival of each kind says: another person or place may be the answer itself, or there for something else."""
_NAMED = ("person", "place", "organisation", "title")
_SCHOOL = r"(?![\u4e00-\u9fff]{0,6}(?:大学|学院))"  # 喀什 is not said by 喀什大学
_HAN = re.compile(r"[\u4e00-\u9fff]{2,4}")
_CONTRASTS = tuple(
    (
        "东西南北中 上中下 前中后 内外 大中小 男女 新旧老 春夏秋冬 左右 早晚午 高中初低 多少 省市县国 首末 本硕博 进出 "
        "买卖 公私 主次客 冷热 长短 日夜 冠亚季 正副 收支 升降"
    ).split()
)
"""Characters of which one word has one and its opposite another."""
_CITIES = {
    "四川": "成都 绵阳 德阳 达州 南充 宜宾 泸州 雅安",
    "陕西": "西安 延安 咸阳 宝鸡 汉中",
    "云南": "昆明 大理 丽江 曲靖",
    "贵州": "贵阳 遵义",
    "甘肃": "兰州 天水 敦煌",
    "青海": "西宁",
    "宁夏": "银川",
    "西藏": "拉萨 日喀则",
    "新疆": "乌鲁木齐 喀什 石河子 伊犁 阿克苏 和田",
    "内蒙古": "呼和浩特 包头 鄂尔多斯",
    "广西": "南宁 桂林 柳州",
    "湖北": "武汉 宜昌",
    "湖南": "长沙 湘潭",
    "广东": "广州 深圳 珠海",
    "江苏": "南京 苏州 无锡 徐州",
    "浙江": "杭州 宁波 温州",
    "福建": "厦门 福州 泉州",
    "江西": "南昌",
    "安徽": "合肥",
    "河南": "郑州 洛阳 开封",
    "山东": "济南 青岛 烟台",
    "山西": "太原",
    "河北": "石家庄 保定",
    "辽宁": "沈阳 大连",
    "吉林": "长春",
    "黑龙江": "哈尔滨",
    "海南": "海口 三亚",
}
_PROVINCE = {city: province for province, cities in _CITIES.items() for city in cities.split()}
_KINDS_APART = tuple(
    tuple(re.compile("|".join(words.split())) for words in kinds)
    for kinds in (
        ("论坛", "大赛 联赛 竞赛 比赛 赛事", "研讨会 座谈会 交流会", "培训班 研修班", "讲座"),
        ("联盟", "图工委 指导委员会", "学会 协会", "公司 集团"),
        ("主办", "承办", "协办", "支持单位"),
        ("现场 线下 到场 亲临", "线上 在线 网络 网上 远程 云端"),
    )
)
"""Words for events, bodies, what hosts do and ways to attend, of which one is no other: a contest is no forum."""
_NAMED_EVENT = r"(?:[“《]([^“”《》]+)[”》][\u4e00-\u9fff]{{0,6}})?(?:{})"
"""An event, and the name in quotes that stands before it, if any."""
_SITE = re.compile("(?:图书馆|分馆|校区|阅览室|自习室|书库|书店|楼|层)$")
_ANY_SITE = frozenset(
    "大学 学院 高校 学校 全国 成员 智慧 数字 数位 公共 各个 地区 教学 中国 国家 总 分 老 新 大 主".split()
)
"""What stands before the word for a site and tells none from another."""
_UNDER = "副"  # 副馆长 is no 馆长
_DEPUTY = re.compile(r"\b(?:vice|deputy|associate|assistant)\b")
_BESIDE = 0.5  # what a rival in another sentence counts where the text does not say at all what the question does


@dataclass(frozen=True, slots=True)
class Given:
    """Something that a question takes for granted: where a text says it, and where it says another instead."""

    kind: str
    said: Find
    others: Find


def rivals(question: Question, laid: Laid, context: str) -> tuple[Floats, Floats]:
    """Return for each sentence and for each clause of a text whether it has a rival of each kind.

    Shapes: ``(sentences, len(NAMES))`` and ``(clauses, len(NAMES))``. ``context`` is the folded title and section of
    the text. Where nothing of this says what the question does, a rival anywhere counts half.
    """
    found = tuple(np.zeros((len(spans), len(NAMES)), dtype=np.float32) for spans in (laid.sentences, laid.clauses))
    for given in _givens(question):
        own, others = given.said(laid.folded), given.others(laid.text)
        carried = bool(own or given.said(context))
        column = KINDS.index(given.kind) + (0 if carried else len(KINDS))
        least = _BESIDE if not carried and (others or given.others(context)) else 0.0
        for spans, out in zip((laid.sentences, laid.clauses), found, strict=True):
            for row, span in zip(out, spans, strict=True):
                if not _any_inside(own, span):
                    row[column] = max(row[column], 1.0 if _any_inside(others, span) else least)
    return found[0], found[1]


def named_otherwise(question: Question, text: str) -> bool:
    """Whether a text speaks only of such events as have a name of which the question says nothing.

    The forum is hardly the “…”创新发展论坛 where other texts speak of a forum too.
    """
    asked = _with_senses(question)
    for event in _KINDS_APART[0]:
        if event.search(asked):
            names = [m[1] or "" for m in re.finditer(_NAMED_EVENT.format(event.pattern), _folded(text))]
            if names and all(name and not any(t.text in name for t in question.terms) for name in names):
                return True
    return False


@lru_cache(maxsize=1024)
def _folded(text: str) -> str:
    return fold(text)


def _any_inside(spans: Sequence[Span], within: Span) -> bool:
    return any(within[0] <= a and b <= within[1] for a, b in spans)


def _with_senses(question: Question) -> str:
    """A question with the likeliest other form of each term."""
    return " ".join([question.folded, *(form for term in question.terms for form, _ in term.forms[1:2])])


@lru_cache(maxsize=64)
def _givens(question: Question) -> tuple[Given, ...]:
    found = [_name(anchor, question.folded) for anchor in question.anchors if anchor.kind in _NAMED]
    found += [_date(date) for date in dates(question.folded)]
    found += [_ordinal(number) for number in quantities(question.folded) if number.ordinal and number.unit in NUMBERED]
    found += [given for kinds in _KINDS_APART for given in _of_kind(kinds, _with_senses(question))]
    found += [_site(question.folded[a:b], question.folded) for a, b in _sites(question.folded)]
    found += [_word(term.text, question.folded) for term in question.terms if _HAN.fullmatch(term.text)]
    if question.language == "en" and not _DEPUTY.search(question.folded):
        found += [_rank(term) for term in question.terms if any(_HAN.fullmatch(form) for form, _ in term.forms)]
    return tuple(found)


def _name(anchor: Anchor, asked: str) -> Given:
    tail = _SCHOOL if anchor.kind == "place" else ""
    forms = re.compile("|".join(re.escape(form) + tail for form in anchor.forms if form))

    def others(text: str) -> list[Span]:
        spans = _names(text)[anchor.kind]
        return [(a, b) for a, b in spans if not _same(fold(text[a:b]), anchor, asked)]

    return Given(anchor.kind, lambda text: [m.span() for m in forms.finditer(text)], others)


def _date(date: Date) -> Given:
    return Given(
        "date",
        lambda text: [(d.start, d.end) for d in dates(text) if _agree(date, d)],
        lambda text: [(d.start, d.end) for d in dates(text) if _clash(date, d)],
    )


def _ordinal(number: Quantity) -> Given:
    def counted(text: str, same: bool) -> list[Span]:
        found = [(q.value, q.start, q.end) for q in quantities(text) if q.ordinal and q.unit == number.unit]
        found += [(1.0, *m.span()) for m in re.finditer(f"首{number.unit}", _folded(text))]
        return [(a, b) for value, a, b in found if (value == number.value) == same]

    return Given("number", lambda text: counted(text, True), lambda text: counted(text, False))


def _of_kind(kinds: Sequence[re.Pattern[str]], asked: str) -> list[Given]:
    """What a question says of events or bodies, held against those of other kinds that it does not say too."""
    rest = [kind for kind in kinds if not kind.search(asked)]

    def others(text: str) -> list[Span]:
        folded = _folded(text)
        return [m.span() for kind in rest for m in kind.finditer(folded)]

    def said(kind: re.Pattern[str]) -> Given:
        return Given("word", lambda text: [m.span() for m in kind.finditer(text)], others)

    return [said(kind) for kind in kinds if kind.search(asked)]


def _site(name: str, asked: str) -> Given:
    head = _SITE.search(name)
    own = name[: head.start()] if head else name

    def others(text: str) -> list[Span]:
        folded = _folded(text)
        return [(a, b) for a, b in _sites(text) if head and folded.endswith(head[0], a, b) and folded[a:b] not in asked]

    return Given("word", lambda text: [m.span() for m in re.finditer(re.escape(own), text)], others)


@lru_cache(maxsize=1024)
def _sites(text: str) -> tuple[Span, ...]:
    """The sites of a text that are told apart by what stands before the word: 文理图书馆, 江安校区, 三楼."""
    found, before = [], ("", 0, 0)
    for word, start, end in entities.cut(text):
        if head := _SITE.search(word):
            if head.start() and word[: head.start()] not in _ANY_SITE:
                found.append((start, end))
            elif not head.start() and before[2] == start and _tells(before[0], word):
                found.append((before[1], end))
        before = (word, start, end)
    return tuple(found)


def _tells(word: str, head: str) -> bool:
    """Whether a word tells the site that ``head`` says from another; 四川图书馆 is no site of one library."""
    sort = dictionary.part_of_speech(word)
    apart = len(word) > 1 and word not in _ANY_SITE and not word.endswith(("大学", "学院")) and word.isalpha()
    return (
        apart and (sort[:1] in ("n", "j", "s", "f", "") or sort in ("m", "mq")) and (sort != "ns" or head != "图书馆")
    )


def _word(word: str, asked: str) -> Given:
    opposite = _opposite(word)
    under = "" if _UNDER in asked else _UNDER
    own = re.compile((f"(?<!{under})" if under else "") + re.escape(word))

    def others(text: str) -> list[Span]:
        spans = [m.span() for m in opposite.finditer(_folded(text)) if m[0] not in asked]
        if under:
            spans += [m.span() for m in re.finditer(under + re.escape(word), _folded(text))]
        elif word.startswith(_UNDER):
            spans += [m.span() for m in re.finditer(f"(?<!{_UNDER}){re.escape(word[1:])}", _folded(text))]
        return spans

    return Given("word", lambda text: [m.span() for m in own.finditer(text)], others)


def _rank(term: Term) -> Given:
    """An English word that a text may say in Chinese, but of a deputy: 副校长 is no president."""
    forms = "|".join(re.escape(form) for form, _ in term.forms if form)
    own, under = re.compile(f"(?<!{_UNDER})(?:{forms})"), re.compile(f"{_UNDER}(?:{forms})")
    return Given(
        "word",
        lambda text: [m.span() for m in own.finditer(text)],
        lambda text: [m.span() for m in under.finditer(text)],
    )


@lru_cache(maxsize=1024)
def _opposite(word: str) -> re.Pattern[str]:
    """A pattern of the words that put another character of a closed set in the place of one: 东楼, 西楼, 南楼."""
    found = [
        re.escape(word[:i]) + f"[{rest}]" + re.escape(word[i + 1 :])
        for i, char in enumerate(word)
        if i in (0, len(word) - 1)
        for kind in _CONTRASTS
        if char in kind and (rest := kind.replace(char, ""))
    ]
    return re.compile("|".join(found) or r"(?!)")


@lru_cache(maxsize=1024)
def _names(text: str) -> dict[str, list[Span]]:
    """The people, places, schools and titles of a text; a place that begins the name of a school is none."""
    folded = _folded(text)
    found: dict[str, list[Span]] = {kind: [] for kind in _NAMED}
    for e in entities.find(text):
        if e.kind in ("person", "title"):
            found[e.kind].append((e.start, e.end))
        elif e.kind == "place" and re.match(_SCHOOL, folded[e.end :]):
            found["place"].append((e.start, e.end))
    found["organisation"] = list(schools(text))
    return found


def _same(name: str, anchor: Anchor, asked: str) -> bool:
    """Whether a name of the text is what the question speaks of: in part, in short (交大), the province of a city."""
    name = name.strip("《》“”")
    return name in asked or any(
        form in name or name in form or _short(form, name) or _of_province(form, name) or _of_province(name, form)
        for form in anchor.forms
    )


def _of_province(city: str, province: str) -> bool:
    return any(city.startswith(c) and province.startswith(p) for c, p in _PROVINCE.items())


def _short(a: str, b: str) -> bool:
    """Whether one name is the other in short: 西安交大, but 重庆大学 is another than 重庆医科大学."""
    short, long = sorted((a, b), key=len)
    rest = iter(long)
    cut = len(short) > 1 and short[0] == long[0] and all(c in rest for c in short)
    return cut and not short.endswith(("大学", "学院"))


def _agree(a: Date, b: Date) -> bool:
    """Whether two dates share a part and contradict each other in none."""
    return not _clash(a, b) and any(x is not None and x == y for x, y in _parts(a, b))


def _clash(a: Date, b: Date) -> bool:
    return any(x is not None and y is not None and x != y for x, y in _parts(a, b))


def _parts(a: Date, b: Date) -> tuple[tuple[int | None, int | None], ...]:
    return (a.year, b.year), (a.month, b.month), (a.day, b.day)
