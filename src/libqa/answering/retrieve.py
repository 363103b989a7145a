"""From a question to the passages that may answer it: words, names and meaning, fused, and a closer look at the best.

The lexical side leads. Its score is divided by about the most that a passage could reach, the dense side's is a cosine,
so both are comparable between questions and can be added with fixed weights; the more clearly the words decide (the
lead of the best passage over the second), the less the meaning has to say. The weights are learnt on development data
by ``eval/bench_retrieval.py --learn``, which also shows that the sum is no worse than the lexical side alone. The
best passages are then compared with the question piece by piece (``interaction``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from libqa.answering import interaction
from libqa.answering.rarity import rarity
from libqa.answering.rerank import DEPTH, rerank
from libqa.models.thesaurus import joined, synonyms
from libqa.text.names import query_names
from libqa.text.script import fold, from_taiwan, language
from libqa.text.segment import terms, words
from libqa.types import Hit, Passage

if TYPE_CHECKING:
    from libqa.index import View
    from libqa.models import Embedder
    from libqa.models.hub import Reranker

Group = tuple[tuple[str, float], ...]
Translate = Callable[[str], "list[tuple[str, list[tuple[str, float]]]]"]

_DEPTH = 100  # candidates from each side
LOOKED = 64
"""Passages that are compared with the question piece by piece."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each part of a query counts.

    ``bigram`` is the weight of a character bigram beside a word's 1; ``stop`` that of words that only ask;
    ``name`` that of a name in pinyin; ``english`` that of an English word itself beside its translations, which count
    as the power ``translation`` of their probability;
    ``dense`` and ``dense_english`` are the weights of the cosine beside the lexical score, for Chinese and English
    questions.
    """

    bigram: float = 1.0
    stop: float = 0.15
    single: float = 1.0
    rarity: float = 1.0
    name: float = 2.0
    english: float = 0.3
    translation: float = 0.3
    synonym: float = 0.6
    synonym_of_known: float = 0.1
    dense: float = 0.2
    dense_english: float = 1.0


WEIGHTS = Weights()

ASKING = frozenset(
    "什么 谁 哪 哪些 哪里 哪儿 哪个 哪位 哪种 哪家 哪年 哪一年 哪一 何时 何处 何地 何人 何 几 几个 几位 多少 "
    "多大 多久 多长 多远 怎么 怎样 怎么样 如何 为什么 为何 是否 能否 吗 呢 吧 啊 的 地 得 了 着 过 是 在 有 和 "
    "与 及 或 由 被 把 将 对 对于 于 以 为 从 向 到 至 就 都 也 还 又 而 但 其 其中 之 这 那 这个 那个 这些 "
    "那些 它 他 她 我 你 您 我们 你们 他们 请 请问 想 知道 告诉 一下 介绍 时候 什么时候 分别 主要 叫 叫做 称为 "
    "关于 根据 可以 会 要 应该 共 一共 总共 具体 个 位 名 所 家 场 次 有没有 是不是 什么样 ? ! . , 、 : ;".split()
)
_FUNCTION_WORDS = frozenset(
    "a an the of in on at to for from by with and or is are was were be been being do does did done has have had can "
    "could will would should may might must it its this that these those he she they them his her their there here who "
    "whom whose which what when where why how many much long far as into over than then so such any some please tell "
    "me give name describe explain i you we us our your my not no if but out up".split()
)


@dataclass(frozen=True, slots=True)
class Query:
    """A question as the index is asked: ``groups`` of terms with weights, each of which stands for one thing.

    ``also`` are other words for some of these things.
    """

    groups: tuple[Group, ...]
    english: bool
    also: tuple[Group, ...] = ()

    @property
    def weights(self) -> dict[str, float]:
        """All terms; one that stands in several groups has its weights added."""
        total: dict[str, float] = {}
        for group in (*self.groups, *self.also):
            for term, weight in group:
                total[term] = total.get(term, 0.0) + weight
        return total

    def ideal(self, idf: Callable[[str], float]) -> float:
        """Return about the most that a passage could score: each thing that is asked for, in its best wording."""
        return sum(max((weight * idf(term) for term, weight in group), default=0.0) for group in self.groups)


def retrieve(view: View, question: str, embedder: Embedder, k: int, reranker: Reranker | None = None) -> list[Hit]:
    """Return the ``k`` passages that fit ``question`` best, best first; scores are comparable between questions.

    With a ``reranker``, the best few passages are put in its order and have its scores.
    """
    depth = k if reranker is None else max(k, DEPTH)
    looked = look_closer(view, question, embedder, max(depth, LOOKED if k else 0))
    scores = interaction.score(looked.searched, looked.near, looked.english)
    order = np.argsort(-scores, kind="stable")[:depth].tolist()
    best = [(looked.passages[i], float(scores[i])) for i in order]
    found = [Hit(passage, view.document(passage.document_id), score) for passage, score in best]
    return found if reranker is None else rerank(reranker, question, found)[:k]


@dataclass(frozen=True, slots=True)
class Looked:
    """The passages that search finds best, their scores (n,), and the measures of `interaction` (n, 4)."""

    passages: list[Passage]
    searched: NDArray[np.float32]
    near: NDArray[np.float32]
    english: bool


def look_closer(view: View, question: str, embedder: Embedder, depth: int) -> Looked:
    """Search, and compare the ``depth`` best passages with the question piece by piece."""
    from libqa.models import translate

    query = understand(question, translate, view.holding)
    best = fuse(view, query, embedder.encode([question], "query")[0])[:depth]
    titled = view.titled([number for number, _ in best])
    near = interaction.measure(question, [(heading(title, p.section), p.text) for p, title in titled])
    scores = np.array([score for _, score in best], np.float32)
    return Looked([passage for passage, _ in titled], scores, near, query.english)


def heading(title: str, section: str) -> str:
    """Return title and section of a passage, folded: what its sentences take for granted."""
    return f"{fold(title)} {fold(section)}"


def understand(question: str, translate: Translate, holding: Callable[[str], int], weights: Weights = WEIGHTS) -> Query:
    """Return the weighted terms of a question.

    ``translate`` gives the Chinese of the words of an English question, ``holding`` the number of passages that hold a
    term: only names that the index holds are taken for names.
    """
    names = {}
    if re.search("[A-Za-z]", question):
        names = {name: parts for name, parts in query_names(question).items() if holding(name)}
    spelt = frozenset(word for parts in names.values() for word in parts)
    english = language(question) == "en"
    groups = _english(question, translate, spelt, weights) if english else _chinese(question, spelt, weights)
    also = () if english else tuple(_otherwise(question, holding, weights))
    return Query((*groups, *(((name, weights.name),) for name in names)), english, also)


def fuse(view: View, query: Query, vector: NDArray[np.float32], weights: Weights = WEIGHTS) -> list[tuple[int, float]]:
    """Return ids and scores of candidates from both sides, best first."""
    lexical = query.weights
    best = view.lexical(lexical, _DEPTH)
    share = weights.dense_english if query.english else weights.dense
    nearest = view.dense(vector, _DEPTH) if share and vector.any() else []
    ids = np.unique(np.array([number for number, _ in (*best, *nearest)], np.int64))
    if not len(ids):
        return []
    lead = 1 - best[1][1] / best[0][1] if len(best) > 1 else float(len(best))
    scores = view.lexical_of(lexical, ids) / np.float32(max(query.ideal(view.idf), 1e-9))
    if nearest:
        scores += np.float32(share * (1 - lead)) * view.dense_of(vector, ids)
    order = np.lexsort((ids, -scores))
    return [(int(ids[i]), float(scores[i])) for i in order]


def _chinese(question: str, spelt: frozenset[str], weights: Weights) -> Iterator[Group]:
    asked = _weigh(question, weights)
    yield from (((term, weight),) for term, weight in asked.items() if term.removeprefix("~") not in spelt)
    if language(question) == "zh-Hant":  # what Taiwan calls otherwise: 資訊 is 信息, 數位 is 数字
        mainland = _weigh(from_taiwan(question), weights)
        yield from (((term, weight),) for term, weight in mainland.items() if term not in asked)


def _otherwise(question: str, holding: Callable[[str], int], weights: Weights) -> Iterator[Group]:
    """Yield what the words of a Chinese question may be called in the documents; less where they are called so."""
    for word, _, _ in joined(words(question)):
        if word in ASKING:
            continue
        share = weights.synonym_of_known if all(map(holding, terms(word))) else weights.synonym
        group: dict[str, float] = {}
        for other, strength in synonyms(word):
            for term in terms(other):
                group[term] = max(group.get(term, 0.0), _weight(term, weights) * strength * share)
        if group:
            yield tuple(group.items())


def _weigh(question: str, weights: Weights) -> dict[str, float]:
    """Return the terms of a Chinese question with their weights; those that touch asking words count little."""
    folded = fold(question)
    asking = np.zeros(len(folded), bool)
    for word, start, end in words(question):
        asking[start:end] = word in ASKING or (word.isascii() and word in _FUNCTION_WORDS)
    found: dict[str, float] = {}
    for term in terms(question):
        asks = [asking[a:b].any() for a, b in _places(term.removeprefix("~"), folded)]
        found[term] = _weight(term, weights) * (weights.stop if asks and all(asks) else 1.0)
    return found


def _places(term: str, folded: str) -> Iterator[tuple[int, int]]:
    """Yield where a term stands, from left to right, without overlap."""
    at = folded.find(term)
    while at >= 0:
        yield at, at + len(term)
        at = folded.find(term, at + len(term))


def _weight(term: str, weights: Weights) -> float:
    if term[0] == "~":
        return weights.bigram
    return float((weights.single if len(term) == 1 and not term.isascii() else 1.0) * rarity(term) ** weights.rarity)


def _english(question: str, translate: Translate, spelt: frozenset[str], weights: Weights) -> Iterator[Group]:
    known = set(spelt)
    for english, chinese in translate(question):
        if english in _FUNCTION_WORDS or spelt.issuperset(english.split()):
            continue
        group = dict.fromkeys(terms(english), weights.english)
        known.update(group)
        for word, probability in chinese:
            for term in terms(word):
                scale = weights.bigram if term[0] == "~" else 1.0
                group[term] = max(group.get(term, 0.0), probability**weights.translation * scale)
        yield tuple(group.items())
    for term in dict.fromkeys(terms(question)):
        if term not in known and term not in _FUNCTION_WORDS:
            yield ((term, _weight(term, weights)),)
