"""Questions made from unlabelled text: a span is taken out of its sentence, and what stays is asked for it.

Cloze questions turned into natural ones by rule (after Lewis et al., ACL 2019), made harder than a cloze on purpose:
words are left out, replaced by words of like meaning or put elsewhere, so that a reader must match meaning and type
rather than wording. No labels are used.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from libqa.answering import candidates, rarity, understand
from libqa.models import lexicon
from libqa.text import dictionary, entities
from libqa.text.quantities import quantities
from libqa.text.schools import schools
from libqa.text.script import fold


@dataclass(frozen=True, slots=True)
class Made:
    """A question whose answer is ``text[start:end]`` of the text it was made from."""

    question: str
    start: int
    end: int
    kind: str


WEIGHT = {
    "person": 3, "date": 3, "number": 3.5, "organisation": 3, "place": 2, "title": 1.5, "enumeration": 2.5,
    "complement": 3, "clause": 2,
}  # fmt: skip
_STEM = re.compile(
    r"(表示|认为|指出|强调|提出|介绍|建议|要求|发现|显示|宣布|透露|称|说|旨在|目标是|内容为|主题为?|题为)[,:]?$"
)
_WHY = re.compile(r"(?:由于|因为|因|为了|旨在|以便|归功于|取决于|受)$")
_HOW = re.compile(r"(?:通过|借助|利用|依托|采用|采取|以)$")
_WHERE = re.compile(r"(?:位于|坐落于|设在|建于|在)$")
_UNIT = re.compile(r"(?:平方公里|平方千米|平方米|公里|万元|亿元|人次|[\u4e00-\u9fff])$")
_LATIN = re.compile(r"[A-Za-z]")


class Maker:
    """Makes questions; ``alike`` gives for a word others of like meaning."""

    def __init__(self, alike: Mapping[str, Sequence[str]]) -> None:
        self.alike = alike

    def make(self, text: str, topic: Sequence[str], rng: random.Random) -> Made | None:
        """Return a question on ``text``, or ``None`` where the span drawn leaves too little to ask with.

        ``topic`` are words of the title, of which some may go into the question.
        """
        laid = candidates.lay_out(text)
        spans: dict[str, list[tuple[int, int]]] = {}
        for (start, end), kind in candidates._standing(text):
            if kind in WEIGHT and 0 < end - start <= (90 if kind in ("clause", "enumeration") else 60):
                spans.setdefault(kind, []).append((start, end))
        if not spans:
            return None
        kind = rng.choices(list(spans), [WEIGHT[k] for k in spans])[0]
        start, end = rng.choice(spans[kind])
        if kind == "number" and re.fullmatch("一[\u4e00-\u9fff]?", laid.folded[start:end]):
            return None  # 一个 and the like count nothing
        touched = [i for i, (a, b) in enumerate(laid.clauses) if a < end and start < b]
        if not touched or laid.sentence_of[touched[0]] != laid.sentence_of[touched[-1]]:
            return None
        asked = self._frame(laid, kind, start, end, touched, rng)
        if asked is None:
            return None
        left, wh, right = asked
        if topic and rng.random() < 0.25:
            left = [*rng.sample(topic, min(len(topic), rng.randint(1, 3))), *left]
        left, right = self._worn(left, rng), self._worn(right, rng)
        content = [w for w in (*left, *right) if _content(w)]
        if len(content) < 2:
            return None
        question = _order(left, wh, right, kind, rng)
        return Made(question, start, end, kind) if 5 <= len(question) <= 60 else None

    def _frame(self, laid, kind, start, end, touched, rng):
        """What stands before and after the span, as words, and the question word."""
        low, high = laid.clauses[touched[0]][0], laid.clauses[touched[-1]][1]
        sentence = laid.sentences[laid.sentence_of[touched[0]]]
        words = [(w, a, b) for w, a, b in entities.cut(laid.text) if sentence[0] <= a and b <= sentence[1]]
        before = laid.folded[sentence[0] : start]
        if kind == "clause":
            if _STEM.search(before):
                wh = rng.choice(["什么", "什么内容", "哪些内容", "什么观点"])
            elif _WHY.search(before) or before.endswith(("因此", "所以")):
                wh = rng.choice(["为什么", "为何", "原因是什么"])
            else:
                return None
        elif kind == "complement":
            if _WHY.search(before):
                wh = rng.choice(["为什么", "为何", "什么原因", "目的是什么"])
            elif _HOW.search(before):
                wh = rng.choice(["如何", "怎样", "什么方式", "怎么"])
            elif _WHERE.search(before):
                wh = rng.choice(["哪里", "什么地方", "何处"])
            else:
                wh = rng.choice(["什么", "什么", "何"])
        else:
            wh = _question_word(kind, laid.folded[start:end], before, rng)
        left = [w for w, a, b in words if low <= a and b <= start]
        right = [w for w, a, b in words if a >= end and b <= high]
        if sum(map(_content, (*left, *right))) < 3 or rng.random() < 0.15:  # the clause beside it
            wider = [i for i in (touched[0] - 1, touched[-1] + 1) if 0 <= i < len(laid.clauses)]
            wider = [i for i in wider if laid.sentence_of[i] == laid.sentence_of[touched[0]]]
            if wider:
                a0, b0 = laid.clauses[rng.choice(wider)]
                more = [w for w, a, b in words if a0 <= a and b <= b0]
                left, right = ([*more, *left], right) if b0 <= start else (left, [*right, *more])
        if low > sentence[0] and rng.random() < 0.6:
            left = [*_subject([w for w, a, b in words if a < low]), *left]
        return left, wh, right

    def _worn(self, words, rng):
        """Leave some words out, say others otherwise."""
        out = []
        for word in words:
            if not re.search(r"\w", word):
                continue
            sort = dictionary.part_of_speech(word)[:1]
            named = (sort == "n" and dictionary.part_of_speech(word) != "n") or word.isdigit() or _LATIN.search(word)
            if rng.random() < (0.12 if named else 0.22 if sort in "nva" else 0.35):
                continue
            others = self.alike.get(word, ())
            out.append(rng.choice(others) if others and not named and rng.random() < 0.3 else word)
        return out


def _content(word: str) -> bool:
    return len(word) > 1 and bool(re.search(r"\w", word)) and dictionary.part_of_speech(word)[:1] not in tuple("udpcr")


def _subject(words: Sequence[str]) -> list[str]:
    """The words of a sentence up to its first verb."""
    out: list[str] = []
    for word in words[:10]:
        if dictionary.part_of_speech(word)[:1] == "v" and out:
            break
        if re.search(r"\w", word):
            out.append(word)
    return out[:6]


_FOR_PLACE = {"省": "哪个省", "市": "哪座城市", "县": "哪个县", "区": "哪个区", "国": "哪个国家"}
_FOR_BODY = {
    "大学": "哪所大学", "学院": "哪所学院", "学校": "哪所学校", "图书馆": "哪个图书馆",
    "公司": "哪家公司", "集团": "哪家集团",
    "委员会": "哪个委员会",
    "中心": "哪个中心", "协会": "哪个协会", "医院": "哪家医院", "银行": "哪家银行", "法院": "哪个法院",
}  # fmt: skip
_FOR_OTHERS = {
    "title": ("什么", "哪本书", "什么文件", "哪部作品", "哪一篇"),
    "enumeration": ("哪些", "哪些", "哪几个", "分别是什么", "什么"),
}


def _question_word(kind: str, span: str, before: str, rng: random.Random) -> str:
    """The words that ask for a span of this kind."""
    choices: Sequence[str]
    if kind == "person":
        named = any(before.endswith(role) for role in entities._ROLES)
        choices = ("谁", "是谁", "哪位") if named else ("谁", "谁", "哪位", "什么人", "哪一位")
    elif kind == "date":
        choices = _for_date(span)
    elif kind == "number":
        choices = _for_number(span)
    elif kind == "organisation":
        own = next((asks for end, asks in _FOR_BODY.items() if span.endswith(end)), "")
        choices = ("哪个机构", "哪家单位", "哪里", "谁", *([own, own] if own else []))
    elif kind == "place":
        own = next((asks for end, asks in _FOR_PLACE.items() if span.endswith(end)), "")
        choices = ("哪里", "哪儿", "什么地方", "何地", *([own] if own else []))
    else:
        choices = _FOR_OTHERS[kind]
    return rng.choice(choices)


def _for_date(span: str) -> Sequence[str]:
    if re.search("[日号]", span):
        return "哪天", "哪一天", "几月几日", "什么时候", "何时"
    if "月" in span:
        return "几月", "哪个月", "什么时候", "哪年哪月" if "年" in span else "何时"
    return ("哪一年", "哪年", "什么时候", "何年") if "年" in span else ("什么时候", "何时", "什么时间")


def _for_number(span: str) -> Sequence[str]:
    if "%" in span or "百分之" in span:
        return "多少", "百分之多少", "多大比例", "占比多少"
    unit = _UNIT.search(span)
    tail = unit[0] if unit and unit[0] not in "余多约" else ""
    if tail.startswith("平方"):
        return "多大", "多少" + tail, "面积多少", "多少"
    return "多少", "多少" + tail, ("几" if len(tail) < 2 else "多少") + tail


def _order(left, wh, right, kind, rng) -> str:
    """Put the question together: mostly in the order of the text, else with the question word first or last."""
    before, after = "".join(left), "".join(right)
    tail = rng.choice(["?", "?", "?", "", "呢?"])
    form = rng.random()
    if wh in ("为什么", "为何", "如何", "怎样", "怎么"):
        return (f"{wh}{before}{after}" if form < 0.4 else f"{before}{wh}{after}") + tail
    if kind in ("complement", "clause"):
        return (f"{before}{wh}{after}" if form < 0.7 else f"{before}{after}{wh}") + tail
    if form < 0.68:
        return f"{before}{wh}{after}{tail}"
    if form < 0.8:
        return f"{wh}{after}{before}{tail}" if rng.random() < 0.3 else f"{after}{before}{wh}{tail}"
    if form < 0.93:
        linked = "的是" if kind in ("person", "organisation", "title") else "是"
        return f"{before}{after}{linked}{wh}{tail}"
    return f"{before} {after} {wh}"


def swapped(question: str, pool: Mapping[str, Sequence[str]], elsewhere: str, rng: random.Random) -> str | None:
    """Return the question with a name, place, year, number or title in it changed for one that ``elsewhere`` (folded)
    does not hold; ``None`` where it has none."""
    found = [e for e in entities.find(question) if e.kind in pool]
    years = list(re.finditer(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)", question))
    if years and rng.random() < 0.7:
        year = rng.choice(years)
        other = str(int(year[0]) + rng.choice([-7, -5, -4, -3, -2, -1, 1, 2, 3, 4, 6]))
        return None if other in elsewhere else question[: year.start()] + other + question[year.end() :]
    rng.shuffle(found)
    for e in found:
        own = fold(question[e.start : e.end])
        if own not in elsewhere:
            continue  # changing what the text lacks anyway shows nothing
        for _ in range(4):
            other = rng.choice(pool[e.kind])
            if fold(other) not in elsewhere and fold(other) != own:
                return question[: e.start] + other + question[e.end :]
    return None


def reverse_lexicon() -> dict[str, list[tuple[str, float]]]:
    """Return for each Chinese term the English words and short phrases that mean it, with shares."""
    found: dict[str, list[tuple[str, float]]] = {}
    for line in lexicon.BUNDLED.read_text(encoding="utf-8").splitlines():
        english, _, senses = line.partition("\t")
        for sense in senses.split(" "):
            chinese, _, share = sense.rpartition(":")
            if english.count(" ") < 2 and english.isascii() and not english.isdigit():
                found.setdefault(chinese, []).append((english, float(share)))
    return {zh: sorted(pairs, key=lambda p: -p[1])[:3] for zh, pairs in found.items()}


_ENGLISH = {
    "who": ["who", "which person"], "when": ["when", "what year"], "where": ["where", "which place"],
    "number": ["how many", "how much", "how many"], "list": ["which", "what are"], "which": ["which", "what"],
    "why": ["why"], "how": ["how"], "what": ["what", "what is"], "yesno": ["is"],
}  # fmt: skip


def glossed(
    question: str, english: Mapping[str, Sequence[tuple[str, float]]], rng: random.Random
) -> tuple[str, dict[str, str]] | None:
    """Return the question word for word in English and its names by their spelling in pinyin.

    ``None`` where too little can be said.
    """
    from pypinyin import lazy_pinyin

    understood = understand.understand(question, rarity.rarity)
    people = [fold(question[a:b]) for a, b in entities.people(question)]
    words, missing, names = [], 0, {}
    for term in understood.terms:
        if term.text in people:
            sounds = lazy_pinyin(term.text)
            words.append(sounds[0].capitalize() + " " + "".join(sounds[1:]).capitalize())
            names[words[-1].lower()] = term.text
        elif term.text.isascii():
            words.append(term.text)
        elif term.text in english:
            pairs = english[term.text]
            words.append(rng.choices([e for e, _ in pairs], [p * p for _, p in pairs])[0])
        else:
            missing += 1
    if not words or missing > len(words) // 2:
        return None
    if rng.random() < 0.3:
        at = rng.randrange(len(words))
        words = words[at:] + words[:at]
    return f"{rng.choice(_ENGLISH[understood.kind])} {' '.join(words)}?", names


class Siblings:
    """Words that differ in their first character alone and mean something else: 东部 for 西部, 下午 for 上午."""

    def __init__(self, words: Sequence[str], vectors) -> None:
        self.row = {w: i for i, w in enumerate(words)}
        self.vectors = vectors
        self.by_tail: dict[str, list[str]] = {}
        for word in words:
            if 1 < len(word) <= 4 and re.fullmatch("[\u4e00-\u9fff]+", word):
                self.by_tail.setdefault(word[1:] + str(len(word)), []).append(word)

    def of(self, word: str) -> list[str]:
        """Return the siblings of a word; none where its meaning is not known."""
        if word not in self.row or not re.fullmatch("[\u4e00-\u9fff]{2,4}", word):
            return []
        own = self.vectors[self.row[word]]
        near = [(float(own @ self.vectors[self.row[w]]), w) for w in self.by_tail[word[1:] + str(len(word))]]
        return [w for likeness, w in sorted(near, reverse=True) if 0.3 < likeness < 0.8][:6]


def misled(
    question: str, text: str, apart: tuple[int, int], siblings: Siblings, rng: random.Random
) -> tuple[str, str] | None:
    """Return the question with something in it changed for what the text says elsewhere, or for a sibling word; and
    what was put in.

    A name, year or ordinal is taken from outside ``text[apart[0]:apart[1]]``, the sentence that answers; ``None`` where
    there is nothing to change.
    """
    folded, asked = fold(text), fold(question)
    options: list[tuple[int, int, list[str]]] = []
    named: dict[str, list[tuple[int, int]]] = {"organisation": list(schools(text))}
    for e in entities.find(text):
        if e.kind in ("person", "place"):
            named.setdefault(e.kind, []).append((e.start, e.end))
    own = [(e.kind, e.start, e.end) for e in entities.find(question) if e.kind in ("person", "place")]
    for kind, a, b in [*own, *(("organisation", a, b) for a, b in schools(question))]:
        away = {folded[x:y] for x, y in named.get(kind, ()) if not (x < apart[1] and apart[0] < y)}
        if others := sorted(o for o in away if o not in asked and asked[a:b] not in o and len(o) > 1):
            options += [(a, b, others)] * 2
    for m in re.finditer(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)", asked):
        years = set(re.findall(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)", folded[: apart[0]] + " " + folded[apart[1] :]))
        options += [(*m.span(), sorted((years - {m[0]}) or {str(int(m[0]) + rng.choice((-2, -1, 1, 2)))}))] * 2
    for q in quantities(asked):
        if q.ordinal and q.unit:
            options += [(q.start, q.end, [f"第{_HAN_NUMERALS[n]}" for n in range(1, 9) if n != q.value])] * 2
    for word, a, b in entities.cut(question):
        said = len(word) > 1 and word in folded and dictionary.part_of_speech(word)[:1] in tuple("nfbt")
        if said and (others := [w for w in siblings.of(word) if w not in folded]):
            options.append((a, b, others))
    if not options:
        return None
    start, end, others = rng.choice(options)
    other = rng.choice(others)
    return question[:start] + other + question[end:], other


_HAN_NUMERALS = "零一二三四五六七八九"
