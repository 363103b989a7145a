"""Indexes over the paragraphs of public sets, kept in the user's cache directory."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from libqa.api import LibQA
from libqa.errors import SettingError

if TYPE_CHECKING:
    from libqa.config import Settings
    from libqa.evaluation.runner import Progress
    from libqa.types import Document

_NAME = 24  # hexadecimal digits
_DAY = 86_400  # seconds, longer than an index takes to be made
_KEPT = 8  # indexes in the cache; the one not used for the longest time goes first


def open_pool(documents: Sequence[Document], settings: Settings, progress: Progress | None = None) -> LibQA:
    """Open an index over ``documents``; it is built once for the same texts, embedder and indexing code.

    Raises
    ------
    ModelError, MissingExtra : the embedder cannot be loaded. SettingError : the cache cannot be written.
    """
    from libqa.models import load_embedder

    embedder = load_embedder(settings.embedder)
    digest = hashlib.sha256(f"{embedder.name} {embedder.fingerprint} {_code()}".encode())
    for document in documents:
        digest.update(f"{document.id}\0{document.title}\0{document.text}\0".encode())
    place = _cache() / digest.hexdigest()[:_NAME]
    if not place.is_dir():
        with tempfile.TemporaryDirectory(dir=_cache()) as scratch:
            made = Path(scratch) / "index"
            LibQA.build(documents, settings=replace(settings, index=made), progress=progress).close()
            _move(made, place)
    return _open(place, settings)


def without(pool: LibQA, ids: Collection[str]) -> LibQA:
    """Open a copy of a pool from which the documents with these ids are removed; it is kept like the pool itself."""
    source = pool.settings.index_dir
    digest = hashlib.sha256("\0".join([source.name, *sorted(ids)]).encode())
    place = _cache() / digest.hexdigest()[:_NAME]
    if not place.is_dir():
        with tempfile.TemporaryDirectory(dir=_cache()) as scratch:
            made = Path(scratch) / "index"
            try:  # beside an open database lie SQLite's working files, empty when nothing is written
                shutil.copytree(source, made, ignore=shutil.ignore_patterns("*-wal", "*-shm"))
            except OSError as e:
                raise SettingError(
                    str(source), f"cannot be copied ({e})", "free space in the cache directory"
                ) from None
            with LibQA.open(settings=replace(pool.settings, index=made)) as copy:
                copy.remove(ids)
            _move(made, place)
    return _open(place, pool.settings)


def _open(place: Path, settings: Settings) -> LibQA:
    place.touch()
    ages = {path: time.time() - path.stat().st_mtime for path in _cache().iterdir()}
    finished = sorted((path for path in ages if len(path.name) == _NAME), key=ages.__getitem__)
    broken_off = [path for path, age in ages.items() if len(path.name) != _NAME and age > _DAY]
    for old in (*finished[_KEPT:], *broken_off):
        shutil.rmtree(old)
    return LibQA.open(settings=replace(settings, index=place))


def _cache() -> Path:
    from platformdirs import user_cache_path

    path = user_cache_path("libqa", appauthor=False) / "eval"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise SettingError(
            str(path), f"no cache can be made there ({e.strerror})", "set XDG_CACHE_HOME to a directory you may write"
        ) from None
    return path


def _move(made: Path, place: Path) -> None:
    """Put a finished index in its place, unless another run was faster."""
    try:
        made.rename(place)
    except OSError:
        if not place.is_dir():
            raise


def _code() -> str:
    """Return a digest of the code and tables that turn texts into an index."""
    package = Path(__file__).parents[1]
    files = (f for part in ("text", "index") for f in (package / part).rglob("*"))
    digest = hashlib.sha256()
    for file in sorted(f for f in files if f.is_file() and f.suffix != ".pyc"):
        digest.update(file.read_bytes())
    return digest.hexdigest()
