"""Derived files of an index: one segment at one change, checksummed, so that opening need not read every passage.

Layout: ``snapshots/<sequence>/{manifest.json, *.npy, vectors.faiss}``. A snapshot appears by one rename and is never
changed. Losing it costs time, never data.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import sqlite3
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from libqa.index import dense, store
from libqa.index.lexical import Postings
from libqa.index.state import Segment, State, merge

log = logging.getLogger(__name__)
_DIRECTORY, _MANIFEST, _VECTORS = "snapshots", "manifest.json", "vectors.faiss"


def save(directory: Path, state: State) -> Path:
    """Write the snapshot of a state and remove older ones; only the writer, who holds the lock, may do so."""
    root = directory / _DIRECTORY
    root.mkdir(exist_ok=True)
    for leftover in root.glob(".*"):
        shutil.rmtree(leftover, ignore_errors=True)
    target, work = root / str(state.sequence), root / f".{state.sequence}"
    work.mkdir()
    files: dict[str, dict[str, Any]] = {}
    if state.segments:
        segment = merge(list(state.segments))
        arrays: dict[str, NDArray[Any]] = {**segment.postings.arrays(), "ids": segment.ids}
        for name, array in arrays.items():
            with (work / f"{name}.npy").open("wb") as file:
                np.save(file, array, allow_pickle=False)
                _sync(file)
        _write(work / _VECTORS, dense.to_bytes(segment.vectors).tobytes())
        files = {file.name: {"size": file.stat().st_size, "sha256": _digest(file)} for file in sorted(work.iterdir())}
    body = {
        "index": state.index,
        "sequence": state.sequence,
        "token": state.token,
        "last": state.last,
        "files": files,
    }
    text = json.dumps(body, sort_keys=True)
    _write(work / _MANIFEST, json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest(), "body": text}).encode())
    _sync_directory(work)
    if target.exists():  # of another history, or quarantined badly: ours replaces it
        shutil.rmtree(target, ignore_errors=True)
    work.rename(target)
    _sync_directory(root)
    for other in root.iterdir():
        if other.name.isdigit() and other != target:
            shutil.rmtree(other, ignore_errors=True)  # a reader that has it mapped keeps its pages
    return target


def load(directory: Path, connection: sqlite3.Connection, index: str) -> State | None:
    """Return the newest snapshot that belongs to this index, or ``None``.

    A damaged one is renamed to ``<name>.corrupt-<time>`` where the directory may be written, and passed over.
    """
    root = directory / _DIRECTORY
    try:
        names = sorted((int(entry.name) for entry in root.iterdir() if entry.name.isdigit()), reverse=True)
    except OSError:
        return None
    for name in names:
        place = root / str(name)
        try:
            state = _read(place)
        except FileNotFoundError:
            continue  # a newer one took its place just now; what it held is replayed
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as e:
            log.warning("snapshot %s is damaged (%s) and set aside; the index is read from the database", place, e)
            with suppress(OSError):
                place.rename(place.with_name(f"{name}.corrupt-{int(time.time())}"))
            continue
        if state.index == index and store.has_change(connection, state.sequence, state.token):
            return state
    return None


def damaged(directory: Path) -> list[tuple[str, str]]:
    """Return the name and the fault of each snapshot that is damaged or was set aside; nothing is changed."""
    found = []
    for place in sorted((directory / _DIRECTORY).glob("[0-9]*")):
        if not place.name.isdigit():
            found.append((place.name, "it was set aside as damaged"))
        elif fault := _fault(place):
            found.append((place.name, fault))
    return found


def _fault(place: Path) -> str:
    try:
        _read(place)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as e:
        return str(e)
    return ""


def newest(directory: Path) -> tuple[int, int]:
    """Return the highest passage id and the change that the newest snapshot holds; zeros without one."""
    places = [place for place in (directory / _DIRECTORY).glob("*") if place.name.isdigit()]
    if not places:
        return 0, 0
    try:
        body = json.loads(json.loads((max(places, key=lambda p: int(p.name)) / _MANIFEST).read_text("utf-8"))["body"])
        return int(body["last"]), int(body["sequence"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0


def _read(place: Path) -> State:
    outer = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))
    if hashlib.sha256(outer["body"].encode()).hexdigest() != outer["sha256"]:
        raise ValueError("manifest checksum")
    body = json.loads(outer["body"])
    for name, expected in body["files"].items():
        if (place / name).stat().st_size != expected["size"] or _digest(place / name) != expected["sha256"]:
            raise ValueError(f"checksum of {name}")
    state = State(str(body["index"]), int(body["sequence"]), str(body["token"]), int(body["last"]))
    if not body["files"]:
        return state
    arrays = {
        name[: -len(".npy")]: np.asarray(np.load(place / name, mmap_mode="r", allow_pickle=False))
        for name in body["files"]
        if name.endswith(".npy")
    }
    ids = arrays.pop("ids")
    vectors = dense.from_bytes(np.fromfile(place / _VECTORS, np.uint8))
    segment = Segment(ids, Postings(**arrays), vectors)
    return replace(state, segments=((segment, np.ones(len(ids), np.bool_)),))


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _write(file: Path, data: bytes) -> None:
    with file.open("wb") as stream:
        stream.write(data)
        _sync(stream)


def _sync(stream: IO[bytes]) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _sync_directory(directory: Path) -> None:
    if os.name == "nt":  # pragma: no cover - directories cannot be opened there
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
