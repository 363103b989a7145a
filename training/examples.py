"""What the reader learns from: groups of windows, of which at most the first answers the group's question.

Five kinds of question: those of cmrc2018/train; those made from unlabelled text (``cloze``); the turns of kdconv, whose
facts about a film, a band or a sight become a text; and those written for training, with documents of their own
(``written``) or on texts of the data sets (``asked``), with the passages that the search finds for them. Of the first
three, one question in six or so is put into English word by word, and one in five asked again with a name or year
changed, so that nothing answers it.
"""

from __future__ import annotations

import random
import re
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asked
import cloze
import numpy as np
import written
from common import rows

from libqa.answering import answer, comparing, dialogue, rarity, reader, understand
from libqa.config import Settings
from libqa.index import Index
from libqa.index.passages import split
from libqa.models import Embedder, load_embedder
from libqa.text import entities, segment
from libqa.text.script import fold
from libqa.types import Document, Hit, Passage

WINDOW = 320
GROUPS = 24
BATCHES = 20
SEARCHED = (0.42, 0.25)
"""Shares of groups whose question was written for training: on documents written for it, and on texts of the sets."""
MOST = 4
"""Windows of such a group."""
NEWS_KEPT = 10
"""One news text in so many is left to the ranker."""


def held_out(row) -> bool:
    """Whether the ranker, not the reader, learns from this question."""
    return zlib.crc32(row["title"].encode()) % 6 == 0


@dataclass(frozen=True)
class Article:
    text: str
    title: str


@dataclass(frozen=True)
class Asked:
    """A question on ``article.text[start:end]``."""

    question: str
    article: Article
    start: int
    end: int


def alike(words: list[str], vectors: np.ndarray, near: float = 0.62, most: int = 5) -> dict[str, list[str]]:
    """Return for each word those of like meaning, by the vectors."""
    out = {}
    for at in range(0, len(words), 2000):
        scores = vectors[at : at + 2000] @ vectors.T
        for i, row in enumerate(scores):
            best = np.argpartition(-row, most + 1)[: most + 1]
            found = [words[j] for j in best if row[j] >= near and j != at + i and len(words[j]) > 1]
            if found and len(words[at + i]) > 1:
                out[words[at + i]] = found
    return out


@dataclass(frozen=True)
class Searched:
    """A question with the texts that the search finds, best first.

    ``gold`` is the text that holds the answer, at ``start:end``; ``None`` where none does.
    """

    question: understand.Question
    gold: comparing.Text | None
    start: int
    end: int
    others: tuple[comparing.Text, ...]


def alike_by(embedder: Embedder) -> dialogue.Similarity:
    """Return the similarity of a word to others by which follow-ups are made complete."""

    def similarity(word, others):
        vectors = embedder.encode([word, *others], "passage")
        return [float(x) for x in vectors[1:] @ vectors[0]]

    return similarity


def index_written(part: str, folder: Path) -> tuple[Index, dict[str, Document], list[list[written.Written]]]:
    """Return an index of the documents written for a part of training, these by id, and the questions by family."""
    loaded = [written.load(path) for path in written.families(part)]
    index, documents = index_of({i: given for own, _ in loaded for i, given in own.items()}, folder)
    return index, documents, [questions for _, questions in loaded]


def index_of(texts: Mapping[str, tuple[str, str]], folder: Path) -> tuple[Index, dict[str, Document]]:
    """Return an index of texts, given by id with their titles, and the documents in it by id."""
    documents = {i: Document(i, text, title) for i, (title, text) in texts.items()}
    return Index.create(folder, load_embedder(), Settings(), list(documents.values())), documents


def search_written(part: str) -> list[Searched]:
    """Ask an index of the written documents of one part their questions."""
    with tempfile.TemporaryDirectory() as folder:
        index, documents, families = index_written(part, Path(folder) / "index")
        questions = [q for asked_of in families for q in asked_of]
        found = []
        for q, (hits, question) in zip(questions, _search(index, questions), strict=True):
            span = written.place(documents[q.document].text, q) if q.answers else None
            found.append(_searched(question, documents[q.document], span, q.answers, hits))
        return found


def search_asked(data: Path) -> list[Searched]:
    """Ask an index of texts of the data sets the questions written on them."""
    texts, questions, places = asked.load(data)
    with tempfile.TemporaryDirectory() as folder:
        index, documents = index_of(texts, Path(folder) / "index")
        found = []
        for q, place, (hits, question) in zip(questions, places, _search(index, questions), strict=True):
            document = documents[q.document]
            if q.answers:
                found.append(_searched(question, document, place, q.answers, hits))
            else:  # only this stretch is known not to answer
                found.append(Searched(question, None, 0, 0, (_given(document, *place),)))
        return found


def _search(index: Index, questions: Sequence[written.Written]) -> Iterator[tuple[list[Hit], understand.Question]]:
    similarity = alike_by(index.embedder)
    with index.view() as view:
        for question in questions:
            resolved = dialogue.resolve(question.question, question.history, similarity)
            yield answer.search(view, index.embedder, resolved, answer.READ)


def _searched(
    question: understand.Question,
    document: Document,
    span: tuple[int, int] | None,
    answers: Sequence[str],
    hits: Sequence[Hit],
) -> Searched:
    texts = [answer.given_with(hit, 1.0)[0] for hit in hits]
    if span is None:
        return Searched(question, None, 0, 0, tuple(texts))
    start, end = span
    piece = next(p for p in split(document.text) if p.start <= start < p.end)
    others = tuple(t for t in texts if not any(a in t.text for a in answers))
    gold = _given(document, piece.start, piece.end, piece.section)
    return Searched(question, gold, start - piece.start, min(end, piece.end) - piece.start, others)


def _given(document: Document, start: int, end: int, section: str = "") -> comparing.Text:
    passage = Passage(1, document.id, document.text[start:end], start, end, section)
    return answer.given_with(Hit(passage, document, 1.0), 1.0)[0]


class Examples:
    """Draws batches of encoded groups; `chunk` is a pure function of its arguments and the seed."""

    def __init__(self, data: Path, work: Path, seed: int, characters: str = "") -> None:
        """Read the data; ``characters``, those of a reader to start from, replace the commonest ones."""
        self.seed = seed
        loaded = np.load(work / "words.npz")
        self.words = [str(w) for w in loaded["words"]]
        vectors = loaded["vectors"].astype(np.float32)
        self.vectors = np.vstack([np.zeros((1, vectors.shape[1]), np.float32), vectors])
        self.cmrc = [r for r in rows(data, "cmrc2018/train") if not held_out(r)]
        contexts = {r["context"]: Article(r["context"], r["title"]) for r in self.cmrc}
        self.cmrc_articles = list(contexts.values())
        self.news = [
            Article(r["text"], "")
            for i, r in enumerate(rows(data, "crud_news/text"))
            if i % NEWS_KEPT and len(r["text"]) > 150
        ]
        self.other = [Article(r["positive"], r["query"]) for r in rows(data, "csl/title_abstract")]
        self.other += [Article(r["text"], r["title"]) for r in rows(data, "kdconv/travel_text") if len(r["text"]) > 60]
        self.other += [Article(r["text"], r["title"]) for r in rows(data, "zhwiki_sample/text") if len(r["text"]) > 120]
        self.kdconv = conversations(data)
        self.searched = [search_written("reader"), search_asked(data)]
        df = Counter(w for a in self.cmrc_articles for w in {w for w, _, _ in segment.words(a.text)})
        self.weigh = rarity.blended(lambda t: df.get(t, 0), len(self.cmrc_articles))
        counts = Counter(c for a in [*self.cmrc_articles, *self.news[:8000]] for c in fold(a.text))
        self.characters = list(characters) or [c for c, n in counts.most_common(6000) if n >= 3]
        self.vocabulary = comparing.Vocabulary(
            {c: i + 1 for i, c in enumerate(self.characters)},
            {w: i + 1 for i, w in enumerate(self.words)},
            reader.unit(self.vectors),
        )
        self.maker = cloze.Maker(alike(self.words, vectors))
        self.english = cloze.reverse_lexicon()
        self.names: dict[str, list[str]] = {}
        rng = random.Random(seed)
        for article in rng.sample(self.news, 1500) + rng.sample(self.cmrc_articles, 500):
            for e in entities.find(article.text[:400]):
                if e.kind != "date":
                    self.names.setdefault(e.kind, []).append(article.text[e.start : e.end])
        self.pool = rng.sample(self.news, 6000) + self.cmrc_articles
        self._weigh_pool()
        self.prepared: dict[str, comparing.Prepared] = {}

    def _weigh_pool(self) -> None:
        from scipy.sparse import csr_matrix

        self.index: dict[str, int] = {}
        data, at, bounds = [], [], [0]
        for article in self.pool:
            for word in {w for w, _, _ in segment.words(article.text[:WINDOW])}:
                at.append(self.index.setdefault(word, len(self.index)))
                data.append(self.weigh(word) ** 2)
            bounds.append(len(at))
        shape = (len(self.pool), len(self.index))
        self.matrix = csr_matrix((np.array(data, np.float32), at, bounds), shape=shape).T.tocsr()

    def away(self, question: str, article: Article, answer: str, rng: random.Random) -> Article | None:
        """Return an article like the question that does not hold the answer."""
        ids = [self.index[w] for w, _, _ in segment.words(question) if w in self.index]
        if not ids:
            return None
        scores = np.asarray(self.matrix[ids].sum(0)).ravel()
        best = np.argpartition(-scores, 8)[:8]
        other = self.pool[int(best[rng.randrange(8)])]
        return None if other.text == article.text or answer in other.text[:WINDOW] else other

    def prepare(self, text: str) -> comparing.Prepared:
        """Prepare a window; those of cmrc2018 come again, so they are kept."""
        if text not in self.prepared:
            if len(self.prepared) > 12_000:
                self.prepared.clear()
            self.prepared[text] = comparing.prepare.__wrapped__(text)
        return self.prepared[text]

    def draw(self, rng: random.Random) -> Asked | None:
        """Draw a question."""
        kind = rng.random()
        if kind < 0.45:
            row = rng.choice(self.cmrc)
            answer = row["answers"][0]
            article = Article(row["context"], row["title"])
            return Asked(row["question"], article, answer["start"], answer["start"] + len(answer["text"]))
        if kind < 0.53:
            return rng.choice(self.kdconv)(rng)
        where = rng.random()
        article = rng.choice(self.news if where < 0.72 else self.cmrc_articles if where < 0.86 else self.other)
        low, high = some_window(article.text, rng)
        topic = [w for w, _, _ in segment.words(article.title) if len(w) > 1]
        made = self.maker.make(article.text[low:high], topic, rng)
        return made and Asked(made.question, article, low + made.start, low + made.end)

    def groups(self, rng: random.Random) -> list[list]:
        """Return a group for a question drawn, and perhaps one that asks for something changed."""
        if rng.random() < sum(SEARCHED):
            return [ask_searched(rng.choice(rng.choices(self.searched, SEARCHED)[0]), rng)]
        asked = self.draw(rng)
        if asked is None:
            return []
        article, answer = asked.article, asked.article.text[asked.start : asked.end]
        title = article.title
        question, names = asked.question, {}
        document = fold(article.text)
        other = cloze.swapped(question, self.names, document + fold(title), rng) if rng.random() < 0.35 else None
        if rng.random() < 0.15 and (english := cloze.glossed(question, self.english, rng)):
            question, names = english
        understood = understand.understand(question, self.weigh, names=names)
        low, high = window(article.text, asked.start, asked.end, rng)
        if not title and low > 0 and rng.random() < 0.7:
            title = article.text[:30]
        given = comparing.Text(article.text[low:high], fold(title), document)
        group = [(understood, given, asked.start - low, asked.end - low - 1)]
        a, b = max([(0, low), (high, len(article.text))], key=lambda x: x[1] - x[0])
        if b - a > 60 and answer not in article.text[a : min(b, a + WINDOW)] and rng.random() < 0.6:
            group.append(
                (understood, comparing.Text(article.text[a : min(b, a + WINDOW)], fold(title), document), 0, 0)
            )
        if rng.random() < 0.6 and (far := self.away(asked.question, article, answer, rng)):
            at = rng.randrange(max(1, len(far.text) - WINDOW))
            at = at if rng.random() < 0.3 else 0
            text = comparing.Text(far.text[at : at + WINDOW], fold(far.title), fold(far.text))
            if answer not in text.text:
                group.append((understood, text, 0, 0))
        out = [group]
        if other is not None:
            out.append([(understand.understand(other, self.weigh), given, -1, -1)])
        return out

    def encode(self, item) -> tuple:
        question, given, start, end = item
        compared = comparing.encode(question, given, self.prepare(given.text), self.vocabulary)
        q, p = compared.question, compared.text
        return (q.characters, q.words, q.features), (p.characters, p.words, p.features), (start, end)

    def chunk(self, number: int, order: int) -> list[tuple]:
        """Return the padded batches of one chunk, shuffled by ``order``."""
        rng = random.Random(self.seed * 1_000_003 + number)
        groups: list[list] = []
        while len(groups) < GROUPS * BATCHES:
            groups += [[self.encode(item) for item in g] for g in self.groups(rng)]
        groups = groups[: GROUPS * BATCHES]
        groups.sort(key=lambda g: max(len(p[0]) for _, p, _ in g) + rng.random() * 60)
        batches = [groups[i : i + GROUPS] for i in range(0, len(groups), GROUPS)]
        random.Random(order).shuffle(batches)
        return [(pad([i for g in b for i in g]), [len(g) for g in b]) for b in batches]


def ask_searched(asked: Searched, rng: random.Random) -> list:
    """Return a group of a question searched for: the text that answers it, if any, and some that the search finds."""
    count = min(len(asked.others), rng.randint(1, MOST - 1))
    others = sorted(asked.others, key=lambda _: rng.random())[:count] if rng.random() < 0.4 else asked.others[:count]
    if asked.gold is None:
        return [(asked.question, text, -1, -1) for text in others]
    gold = (asked.question, asked.gold, asked.start, asked.end - 1)
    return [gold, *((asked.question, text, 0, 0) for text in others)]


def pad(items):
    """Stack encoded pairs: for question and passage ids of characters and words, features and mask; then targets."""
    out = []
    for side in (0, 1):
        parts = [item[side] for item in items]
        n = max(len(c) for c, _, _ in parts)
        ids = np.zeros((2, len(parts), n), dtype=np.int32)
        feats = np.zeros((len(parts), n, parts[0][2].shape[1]), dtype=np.float16)
        mask = np.zeros((len(parts), n, 1), dtype=np.float32)
        for i, (c, w, f) in enumerate(parts):
            ids[0, i, : len(c)], ids[1, i, : len(w)], feats[i, : len(f)], mask[i, : len(c)] = c, w, f, 1
        out += [ids, feats, mask]
    return (*out, np.array([t for _, _, t in items], dtype=np.int64))


def some_window(text: str, rng: random.Random) -> tuple[int, int]:
    """Return a stretch of about `WINDOW` characters that begins and ends at the end of a sentence where it can."""
    at = rng.randrange(max(1, len(text) - WINDOW + 1))
    low = max(text.rfind(mark, 0, at) for mark in "。！？\n") + 1 if at else 0
    cut = [m.end() for m in re.finditer("[。！？\n]", text[low : low + WINDOW + 40])]
    return low, low + (cut[-1] if cut else WINDOW)


def window(text: str, start: int, end: int, rng: random.Random) -> tuple[int, int]:
    """Choose whole sentences around the answer, as passages of an index are cut."""
    if len(text) <= WINDOW or rng.random() < 0.1:
        return (0, len(text)) if end <= 700 and len(text) <= 700 else (max(0, start - 200), min(len(text), end + 200))
    sentences = segment.sentences(text)
    holding = [i for i, (s, e) in enumerate(sentences) if s < end and e > start]
    if not holding or sentences[holding[-1]][1] - sentences[holding[0]][0] > 600:
        return max(0, start - 150), min(len(text), end + 150)
    first, last = holding[0], holding[-1]
    while True:
        options = [(first - 1, last), (first, last + 1)]
        options = [
            (x, y) for x, y in options
            if x >= 0 and y < len(sentences) and sentences[y][1] - sentences[x][0] <= WINDOW
        ]  # fmt: skip
        if not options:
            return min(start, sentences[first][0]), max(end, sentences[last][1])
        first, last = rng.choice(options)


def conversations(data: Path) -> list:
    """Return functions that draw a question of kdconv: a turn, asked of the facts on its subject and on others."""
    turns = [r for r in rows(data, "kdconv/turns") if 1 < len(r["value"]) <= 80 and r["attr"] != "Information"]
    facts: dict[str, dict[str, str]] = {}
    for r in turns:
        facts.setdefault(r["entity"], {})[r["attr"]] = r["value"]
    entities_of = list(facts)

    def asker(row):
        def draw(rng: random.Random) -> Asked:
            own = dict(facts[row["entity"]]) | {row["attr"]: row["value"]}
            name = re.sub("（.*", "", row["entity"])
            sentences = [
                (attr, f"{name}的{attr}{rng.choice(['是', '为', '：'])}{value}。") for attr, value in own.items()
            ]
            for other in rng.sample(entities_of, 2):
                sentences += [("", f"{re.sub('（.*', '', other)}的{a}是{v}。") for a, v in facts[other].items()]
            rng.shuffle(sentences)
            text, at = "", 0
            for attr, sentence in sentences:
                if attr == row["attr"]:
                    at = len(text) + sentence.rindex(row["value"])
                text += sentence
            question = row["query"] if name in row["query"] else f"{name}，{row['query']}"
            return Asked(question, Article(text, ""), at, at + len(row["value"]))

        return draw

    return [asker(r) for r in turns if re.search("[?？吗呢]|什么|多少|哪|谁|几", r["query"])]
