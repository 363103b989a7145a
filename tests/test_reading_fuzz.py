"""Broken files: truncated, with flipped bits, under wrong names. Nothing crashes, hangs or leaves half a document."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from libqa.config import Settings
from libqa.errors import ReadError
from libqa.reading import read_corpus
from libqa.reading.kinds import KINDS
from libqa.types import Document
from tests.index_tools import create, reopen
from tests.test_reading_files import DOCUMENTS, REFUSED

LIMIT = 20.0  # seconds for one file in the reading process, which is ended then; and of our own processor time
SAMPLES = sorted(path for folder in (DOCUMENTS, REFUSED) for path in folder.iterdir())


def mutants(path: Path, chance: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield ``count`` broken forms of a file with their suffixes, a third each cut, flipped and renamed."""
    data = path.read_bytes()
    for number in range(count):
        if number % 3 == 0:
            yield path.suffix, data[: chance.randrange(len(data))]
        elif number % 3 == 1:
            flipped = bytearray(data)
            for _ in range(chance.choice((1, 4, 32, 256))):
                flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            yield path.suffix, bytes(flipped)
        else:
            yield chance.choice([suffix for suffix in KINDS if suffix != path.suffix]), data


def attack(folder: Path, samples: list[Path], each: int, seed: int) -> tuple[int, int]:
    """Read broken files and put them into an index; return how many files were made and how many went in."""
    chance = random.Random(seed)
    files = 0
    for sample in samples:
        for suffix, data in mutants(sample, chance, each):
            (folder / f"{files:05}{suffix}").write_bytes(data)
            files += 1
    settings = Settings(parse_seconds=LIMIT)
    documents: list[Document] = []
    named: set[str] = set()
    began = time.process_time()
    for item in read_corpus(folder, settings):
        assert time.process_time() - began < LIMIT
        began = time.process_time()
        if isinstance(item, ReadError):
            assert "\n" not in str(item)
            assert item.reason
            assert item.remedy
            named.add(Path(item.thing.partition(": ")[0].partition(", ")[0]).stem)
        else:
            documents.append(item)
            named.add(item.id.partition("/")[0].partition(":")[0])
    assert not [path.name for path in folder.iterdir() if path.stem not in named and "jsonl" not in path.suffix]
    with create(folder / "index") as index:
        index.add(documents)
    with reopen(folder / "index") as index:
        assert {document.id: document for document in index.documents()} == {d.id: d for d in documents}
        with index.view() as view:
            for document in documents:
                passages = view.passages_of(document.id)
                assert all(document.text[p.start : p.end] == p.text for p in passages)
                assert sum(len("".join(p.text.split())) for p in passages) > 0
    return files, len(documents)


def test_a_few_broken_files(tmp_path: Path) -> None:
    kinds = {path.suffix: path for path in reversed(SAMPLES)}  # the first sample of each format
    files, _ = attack(tmp_path, list(kinds.values()), 3, seed=7)
    assert files >= 40


@pytest.mark.slow
def test_many_broken_files(tmp_path: Path) -> None:
    files, read = attack(tmp_path, SAMPLES, 39, seed=11)
    assert files >= 2000
    assert 0 < read < files
