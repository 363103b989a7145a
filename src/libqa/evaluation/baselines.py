"""Other ways to search the same texts: what libqa's retrieval has to be better than.

BM25 is that of bm25s (Lucene's variant, k1 1.2, b 0.75; Lù, *BM25S*, 2024) over whole units: paragraphs of public sets,
passages of an index for sets of one's own. Dense, fusion and the full pipeline ask the index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from libqa.evaluation import metrics, ranking

if TYPE_CHECKING:
    from libqa.answering.retrieve import Weights
    from libqa.api import LibQA
    from libqa.evaluation.metrics import Span
    from libqa.evaluation.runner import Outcome, Progress
    from libqa.index import View
    from libqa.models import Embedder

Rankings = list[list[str]]
DEPTH = 10
_NEAREST = 50  # passages to look at for ten units, of which several can be of one unit


@dataclass(frozen=True, slots=True)
class Units:
    """What is ranked: texts by unit id, and the unit that each passage of the index belongs to."""

    texts: Mapping[str, str]
    owner: Mapping[int, str]


def words_only(text: str) -> list[str]:
    r"""Cut as most search engines do by default, ``\w\w+``: a clause of Chinese becomes one token."""
    return re.findall(r"\w\w+", text.lower())


def jieba_words(text: str) -> list[str]:
    """Cut into the words of libqa's lexical index (jieba), without its character bigrams."""
    from libqa.text.segment import terms

    return [term for term in terms(text) if term[0] != "~"]


def jieba_and_bigrams(text: str) -> list[str]:
    """Cut into the words and character bigrams of libqa's lexical index."""
    from libqa.text.segment import terms

    return terms(text)


def bm25(texts: Mapping[str, str], queries: Sequence[str], cut: Callable[[str], list[str]]) -> Rankings:
    """Rank texts for each query by BM25 over the tokens that ``cut`` gives.

    Raises
    ------
    MissingExtra : bm25s is not installed.
    """
    try:
        import bm25s
    except ImportError:
        raise ranking.missing("bm25s") from None
    engine = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    engine.index([cut(text) for text in texts.values()], show_progress=False)
    names = list(texts)
    known = [[token for token in cut(query) if token in engine.vocab_dict] for query in queries]
    asked = [tokens for tokens in known if tokens]
    if not asked:
        return [[] for _ in queries]
    found, scores = engine.retrieve(asked, k=min(DEPTH, len(names)), show_progress=False)
    ranked = iter(zip(found, scores, strict=True))
    return [_above_zero(names, *next(ranked)) if tokens else [] for tokens in known]


def _above_zero(names: Sequence[str], found: NDArray[np.int64], scores: NDArray[np.float32]) -> list[str]:
    return [names[i] for i, score in zip(found, scores, strict=True) if score > 0]


def dense(view: View, units: Units, vectors: NDArray[np.float32]) -> Rankings:
    """Rank by the vectors alone."""
    return [_units(units, view.dense(vector, _NEAREST)) for vector in vectors]


def fused(
    view: View, units: Units, queries: Sequence[str], vectors: NDArray[np.float32], weights: Weights | None = None
) -> Rankings:
    """Rank by words and vectors together, with the weights of libqa or given ones."""
    from libqa.answering.retrieve import WEIGHTS, fuse, understand
    from libqa.models import translate

    chosen = WEIGHTS if weights is None else weights
    found = []
    for query, vector in zip(queries, vectors, strict=True):
        understood = understand(query, translate, view.holding, chosen)
        found.append(_units(units, fuse(view, understood, vector, chosen)[:_NEAREST]))
    return found


def looked(view: View, units: Units, queries: Sequence[str], embedder: Embedder) -> Rankings:
    """Rank by words and vectors together, and the best by the closer look at their pieces: the whole search."""
    from libqa.answering.retrieve import retrieve

    found = (retrieve(view, query, embedder, _NEAREST) for query in queries)
    return [_units(units, [(hit.passage.id, hit.score) for hit in hits]) for hits in found]


def lexical_weights() -> Weights:
    """Return libqa's weights without the vectors."""
    from libqa.answering.retrieve import WEIGHTS

    return replace(WEIGHTS, dense=0.0, dense_english=0.0)


def compare(
    qa: LibQA, outcomes: Sequence[Outcome], whole_documents: bool, progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Rank with each system for the answerable questions of ``outcomes`` and return a row per system and group.

    Parameters
    ----------
    qa : the index that the questions were asked of.
    whole_documents : rank documents, of which those that hold evidence are right (public sets, whose documents are
        paragraphs); else rank passages, of which those that overlap evidence are right.

    Raises
    ------
    MissingExtra : bm25s or ir-measures is not installed.
    """
    from libqa.evaluation.judging import evidence_spans
    from libqa.index import Index
    from libqa.models import load_embedder

    asked = [o for o in outcomes if o.question.answerable]
    queries = [o.question.question if o.answer is None else o.answer.resolved for o in asked]
    embedder = load_embedder(qa.settings.embedder)
    with Index.open(qa.settings.index_dir, load_embedder, qa.settings) as index, index.view() as view:
        units = documents_as_units(view) if whole_documents else passages_as_units(view)
        texts = {d.id: d.text for d in view.documents()}
        relevant = {}
        for outcome in asked:
            gold = [span for spans in evidence_spans(outcome.question, texts) for span in spans]
            relevant[outcome.question.id] = {s[0] for s in gold} if whole_documents else _overlapping(view, gold)
        vectors = embedder.encode(queries, "query") if queries else np.zeros((0, embedder.dimension), np.float32)
        systems: dict[str, Callable[[], Rankings]] = {
            r"BM25, \w\w+": lambda: bm25(units.texts, queries, words_only),
            "BM25, jieba": lambda: bm25(units.texts, queries, jieba_words),
            "BM25, jieba + bigrams": lambda: bm25(units.texts, queries, jieba_and_bigrams),
            "dense alone": lambda: dense(view, units, vectors),
            "libqa, words alone": lambda: fused(view, units, queries, vectors, lexical_weights()),
            "libqa, fusion": lambda: fused(view, units, queries, vectors),
            "libqa, fusion and pieces": lambda: looked(view, units, queries, embedder),
            "libqa, all of it": lambda: [_searched(qa, units, query) for query in queries],
        }
        measured = {}
        for done, (name, rank) in enumerate(systems.items()):
            if progress is not None:
                progress(done, len(systems))
            ranked = dict(zip((o.question.id for o in asked), rank(), strict=True))
            measured[name] = ranking.measure(relevant, ranked)
        if progress is not None:
            progress(len(systems), len(systems))
    return _rows(asked, measured, len(units.texts), "documents" if whole_documents else "passages")


def documents_as_units(view: View) -> Units:
    """Rank whole documents."""
    documents = view.documents()
    owner = {p.id: d.id for d in documents for p in view.passages_of(d.id)}
    return Units({d.id: d.text for d in documents}, owner)


def passages_as_units(view: View) -> Units:
    """Rank passages, as they are indexed: with title and section above the text."""
    texts = {
        str(p.id): "\n".join(part for part in (d.title, p.section, p.text) if part)
        for d in view.documents()
        for p in view.passages_of(d.id)
    }
    return Units(texts, {int(unit): unit for unit in texts})


def _overlapping(view: View, gold: Sequence[Span]) -> Collection[str]:
    passages = [p for name in {s[0] for s in gold} for p in view.passages_of(name)]
    return {str(p.id) for p in passages if metrics.overlaps((p.document_id, p.start, p.end), gold)}


def _searched(qa: LibQA, units: Units, query: str) -> list[str]:
    return _units(units, [(hit.passage.id, hit.score) for hit in qa.search(query, k=_NEAREST)])


def _units(units: Units, found: Sequence[tuple[int, float]]) -> list[str]:
    return list(dict.fromkeys(units.owner[number] for number, _ in found))[:DEPTH]


def _rows(
    asked: Sequence[Outcome], measured: Mapping[str, Mapping[str, Mapping[str, float]]], units: int, unit: str
) -> list[dict[str, Any]]:
    groups: dict[str, list[str]] = {}
    for outcome in asked:
        question = outcome.question
        follow_up = ("follow-up",) if question.history else ()
        for group in ("all", question.set, question.lang, *question.tags, *follow_up):
            groups.setdefault(group, []).append(question.id)
    different = {tuple(ids): group for group, ids in reversed(groups.items())}  # the same questions once, first name
    groups = {group: ids for group, ids in groups.items() if different[tuple(ids)] == group}
    return [
        {
            "set": ", ".join(dict.fromkeys(o.question.set for o in asked)),
            "unit": unit,
            "units": units,
            "group": group,
            "questions": len(ids),
            "system": system,
            **{name: mean(values[i][name] for i in ids) for name in ranking.NAMES},
        }
        for group, ids in groups.items()
        for system, values in measured.items()
    ]
