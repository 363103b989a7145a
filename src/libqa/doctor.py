"""``libqa doctor``: looks at the installation, the models and the index, and says how to mend what is wrong."""

from __future__ import annotations

import platform
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from libqa.config import Settings
from libqa.errors import LibQAError

PACKAGES = ("numpy", "faiss-cpu", "jieba", "opencc", "pypinyin", "ftfy", "llama-index-core", "gradio")
REBUILD = "build the index anew with `libqa build`, or put back a copy of it"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: whether it is well, what was seen, and how to mend it."""

    thing: str
    well: bool
    seen: str
    remedy: str = ""

    def __str__(self) -> str:
        line = f"{'ok   ' if self.well else 'WRONG'} {self.thing}: {self.seen}"
        return line if self.well else f"{line}; {self.remedy}"

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return asdict(self)


def examine(settings: Settings) -> list[Finding]:
    """Look at everything and return what was found; nothing is changed."""
    findings = [_python(), _packages()]
    parts = {
        "embedder": _embedder,
        "reranker": _reranker,
        "answer models": _answering,
        "repair model": _repair,
        "index": _index,
    }
    for thing, look in parts.items():
        findings += _guarded(thing, look, settings)
    return findings


def _guarded(thing: str, look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    try:
        yield from look(settings)
    except LibQAError as e:
        yield Finding(thing, False, f"{e.thing}: {e.reason}", e.remedy)


def _python() -> Finding:
    from libqa import __version__

    here = f"libqa {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    well = (3, 10) <= sys.version_info[:2] <= (3, 13)
    return Finding("program", well, here, "use Python 3.10, 3.11, 3.12 or 3.13")


def _packages() -> Finding:
    seen = {name: _version(name) for name in PACKAGES}
    missing = [name for name, number in seen.items() if number is None]
    if missing:
        return Finding("packages", False, f"missing: {', '.join(missing)}", "run: pip install libqa")
    return Finding("packages", True, ", ".join(f"{name} {number}" for name, number in seen.items()))


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _embedder(settings: Settings) -> Iterator[Finding]:
    from libqa.models import load_embedder

    embedder = load_embedder(settings.embedder)
    [vector] = embedder.encode(["图书馆"], "query")
    well = vector.shape == (embedder.dimension,) and abs(float(vector @ vector) - 1) < 1e-3
    seen = f"{embedder.name}, {embedder.dimension} dimensions, {embedder.fingerprint[:12]}"
    yield Finding("embedder", well, seen, "it gives no unit vector: install libqa again, or choose another embedder")


def _reranker(settings: Settings) -> Iterator[Finding]:
    if settings.reranker:
        from libqa.models import load_reranker

        [good, bad] = load_reranker(settings.reranker).score(
            "论坛在哪里举行？", ["论坛在成都举行。", "面包用面粉做成。"]
        )
        seen = f"{settings.reranker}, {good:.3f} for a passage that answers, {bad:.3f} for one that does not"
        yield Finding("reranker", bool(good > bad), seen, "it takes the wrong one for better: choose another reranker")


def _answering(settings: Settings) -> Iterator[Finding]:
    from libqa.answering import one_text, rarity, understand

    text = "论坛于2023年11月在成都举行。"
    reading = one_text.read(understand.understand("论坛在哪里举行？", rarity.rarity), text, [(0, len(text))])
    well = text[reading.start : reading.end] == reading.answer
    yield Finding("answer models", well, f"read {reading.answer}", "install libqa again")


def _repair(settings: Settings) -> Iterator[Finding]:
    from libqa.text.language import language_model

    language_model()
    yield Finding("repair model", True, "loads")


def _index(settings: Settings) -> Iterator[Finding]:
    from libqa.index import snapshot, store
    from libqa.models import load_embedder

    directory = settings.index_dir
    with closing(store.connect(directory)) as connection:
        head = store.head(connection, str(directory))
        try:
            yield _database(directory, connection)
        except sqlite3.DatabaseError as e:
            yield Finding("database", False, f"{directory}: {e}", REBUILD)
            return
        mine = load_embedder(settings.embedder)
        yield Finding(
            "embedder of the index",
            (head.embedder, head.fingerprint) == (mine.name, mine.fingerprint),
            f"{head.embedder} {head.fingerprint[:12]}",
            f"the settings say {mine.name} {mine.fingerprint[:12]}: set embedder to the index's, or run `libqa build`",
        )
    damaged = snapshot.damaged(directory)
    seen = "; ".join(f"{name}: {reason}" for name, reason in damaged) or "checksums agree"
    yield Finding("snapshots", not damaged, seen, "nothing is lost, the database is read instead; delete that folder")


def _database(directory: Path, connection: sqlite3.Connection) -> Finding:
    """Check the pages of the database, and that every passage is a slice of its document."""
    [(said,), *_] = connection.execute("PRAGMA integrity_check(1)").fetchall()
    if said != "ok":
        return Finding("database", False, f"{directory}: {said}", REBUILD)
    (documents,) = connection.execute("SELECT count(*) FROM documents").fetchone()
    (passages,) = connection.execute("SELECT count(*) FROM passages").fetchone()
    (outside,) = connection.execute(
        "SELECT count(*) FROM passages p LEFT JOIN documents d ON d.number = p.document"
        " WHERE d.number IS NULL OR p.start < 0 OR p.stop <= p.start OR p.stop > length(d.text)"
    ).fetchone()
    seen = f"{directory}: {documents} documents, {passages} passages"
    return Finding("database", outside == 0, seen + (f", {outside} of them in no document" if outside else ""), REBUILD)
