"""The reading process: its limits hold, and a file that breaks it does not break the next one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from libqa.config import Settings
from libqa.errors import MissingReader, ReadError
from libqa.reading import read_corpus, read_file, sandbox
from libqa.reading.sandbox import Sandbox
from libqa.types import Document
from tests.test_reading_files import DOCUMENTS

LOANS = DOCUMENTS / "en-loans.pdf"


def pdf_of(stream: bytes) -> bytes:
    """A PDF of one page with this content."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed := zlib.compress(stream, 9)), packed),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return out + end % (table, len(out))


MILLIONS = pdf_of(b"BT /F1 1 Tf " + b"1 0 0 1 5 5 Tm (word) Tj " * 3_000_000 + b" ET")
"""A PDF of a few hundred KB whose only page holds three million words."""


def error(path: Path, settings: Settings) -> str:
    with pytest.raises(ReadError) as caught:
        read_file(path, settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_time_is_limited_and_the_next_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(MILLIONS)
    (tmp_path / "b.pdf").write_bytes(LOANS.read_bytes())
    began = time.monotonic()
    slow, good = read_corpus(tmp_path, Settings(parse_seconds=4, parse_mb=4096))
    assert time.monotonic() - began < 30
    assert isinstance(slow, ReadError)
    assert slow.reason == "reading it takes longer than 4 s"
    assert isinstance(good, Document)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits address space")
def test_memory_is_limited_and_the_next_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(MILLIONS)
    (tmp_path / "b.pdf").write_bytes(LOANS.read_bytes())
    bad, good = read_corpus(tmp_path, Settings(parse_mb=200))
    assert isinstance(bad, ReadError)
    assert "200 MB" in bad.reason
    assert isinstance(good, Document)


def test_a_process_that_dies_is_replaced() -> None:
    data = LOANS.read_bytes()
    with Sandbox(Settings()) as box:
        first = box.extract(data, "pdf", "a.pdf", "a.pdf")
        assert box._process is not None
        box._process.kill()
        box._process.wait()
        with pytest.raises(ReadError, match="made the reading process fail"):
            box.extract(data, "pdf", "a.pdf", "a.pdf")
        assert box.extract(data, "pdf", "a.pdf", "a.pdf") == first
        last = box._process
    assert last is not None
    assert last.poll() is not None


def test_text_needs_no_process(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}.txt").write_text(f"第{number}号文件。", encoding="utf-8")
    code = (
        "import sys, time\nfrom libqa.config import Settings\nfrom libqa.reading import read_corpus\n"
        f"found = list(read_corpus({str(tmp_path)!r}, Settings()))\n"
        "readers = {'lxml', 'pypdfium2', 'docx', 'pptx', 'openpyxl', 'trafilatura', 'subprocess'}\n"
        "print(len(found), *sorted(readers & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["30"]


def test_nothing_beside_the_documents_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pypdfium2.py").write_text("raise SystemExit(3)", encoding="utf-8")
    (tmp_path / "json.py").write_text("raise SystemExit(3)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert read_file(LOANS, Settings())[0].title == "Equipment on loan"


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sandbox.MODULES, "pdf", "no_such_package")
    with pytest.raises(MissingReader, match=r'no_such_package is not installed; pip install "libqa\[files\]"'):
        read_file(LOANS, Settings())


def test_archive_bombs(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"0" * (40 * 2**20))
    assert "it unpacks to many times its size, as an archive bomb does; leave it out" in error(bomb, Settings())
    assert "it unpacks to 40 MB, more than 8 MB" in error(bomb, Settings(max_unpacked_mb=8))
    with zipfile.ZipFile(bomb, "w") as archive:
        for number in range(10_001):
            archive.writestr(f"{number}.txt", b"")
    assert "it holds 10001 entries" in error(bomb, Settings())


def test_members_of_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/a.txt", "甲。")
        archive.writestr("__MACOSX/._a.txt", "x")
        archive.writestr("b/.hidden.txt", "x")
        archive.writestr("b/inner.zip", b"PK\x05\x06" + b"\0" * 18)
        archive.writestr("b/c.bin", b"x")
        archive.writestr("NAME.txt", "乙。")
        archive.writestr("large.txt", os.urandom(600_000).hex())
    path.write_bytes(path.read_bytes().replace(b"NAME", "馆藏".encode("gb18030")))  # as Chinese Windows writes names
    found = list(read_corpus(path, Settings(max_file_mb=1)))
    documents = {item.id: item.text for item in found if isinstance(item, Document)}
    reasons = sorted(item.reason for item in found if isinstance(item, ReadError))
    assert documents == {"all/etc/a": "甲。", "all/馆藏": "乙。"}
    assert reasons == [
        "files of the kind .bin cannot be read",
        "it is an archive inside an archive",
        "it is larger than 1 MB",
    ]


def test_cut_files_are_refused(tmp_path: Path) -> None:
    for name in (
        "zh-plan.pdf",
        "zh-repository.docx",
        "zh-promotion.pptx",
        "zh-budget.xlsx",
        "zh-cataloguing.epub",
        "zh-campus.zip",
    ):
        data = (DOCUMENTS / name).read_bytes()
        cut = tmp_path / name
        cut.write_bytes(data[: len(data) * 2 // 3])
        assert "cut off" in error(cut, Settings())


def test_a_pdf_that_would_lose_a_part_in_silence_is_refused(tmp_path: Path) -> None:
    words = b"".join(b"1 0 0 1 5 %d Tm (word %d) Tj " % (n, n) for n in range(900))
    data = bytearray(pdf_of(b"BT /F1 10 Tf " + words + b" ET"))
    (tmp_path / "a.pdf").write_bytes(data)
    assert "word 899" in read_file(tmp_path / "a.pdf", Settings())[0].text
    middle = data.index(b"endstream") - 900
    data[middle : middle + 40] = bytes(40)
    (tmp_path / "a.pdf").write_bytes(data)
    assert "it is damaged: a part of it cannot be unpacked" in error(tmp_path / "a.pdf", Settings())
