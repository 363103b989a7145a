"""Zip packages, as Office files, EPUB and plain archives are: bounded in number and size before anything is read."""

from __future__ import annotations

import io
import zipfile
import zlib

from libqa.reading.formats.draft import Damaged

_MOST = 10_000  # entries of a package
_GROWTH = 200  # times that an entry larger than a MiB may grow; Office XML stays below 100
_MIB = 2**20
_KINDS = (
    ("word/document.xml", "docx"),
    ("ppt/presentation.xml", "pptx"),
    ("xl/workbook.xml", "xlsx"),
    ("xl/workbook.bin", "xlsb"),
    ("META-INF/container.xml", "epub"),
)
NAMES = {
    "docx": "a Word document",
    "pptx": "a PowerPoint presentation",
    "xlsx": "an Excel workbook",
    "xlsb": "a binary Excel workbook",
    "epub": "an EPUB book",
    "odf": "an OpenDocument file",
    "zip": "a zip archive",
}


def open_package(data: bytes, expected: str, limit: int) -> zipfile.ZipFile:
    """Open a zip package of the ``expected`` kind, whose entries together hold at most ``limit`` bytes.

    Raises
    ------
    Damaged : it is no zip file, one of another kind, protected by a password, or a bomb.
    """
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        raise Damaged("it is damaged or cut off", "copy or download it again") from None
    entries = package.infolist()
    if len(entries) > _MOST:
        raise Damaged(f"it holds {len(entries)} entries, more than {_MOST}", "split it")
    if sum(e.file_size for e in entries) > limit:
        raise Damaged(
            f"it unpacks to {sum(e.file_size for e in entries) / _MIB:.0f} MB, more than {limit / _MIB:g} MB",
            "split it or raise max_unpacked_mb",
        )
    if any(e.file_size > _MIB and e.file_size > _GROWTH * max(e.compress_size, 1) for e in entries):
        raise Damaged("it unpacks to many times its size, as an archive bomb does", "leave it out")
    kind = _kind(package)
    if kind != expected:
        other = "" if kind in ("xlsb", "odf") else f"rename it to .{kind}, or "
        raise Damaged(f"it is named .{expected} but is {NAMES[kind]}", f"{other}save it as {NAMES[expected]}")
    if expected != "zip" and any(e.flag_bits & 1 for e in entries):
        raise Damaged("it is protected by a password", "save it without one")
    return package


def _kind(package: zipfile.ZipFile) -> str:
    names = set(package.namelist())
    found = next((kind for name, kind in _KINDS if name in names), "")
    if found:
        return found
    return "odf" if "mimetype" in names and "content.xml" in names else "zip"


def entry(package: zipfile.ZipFile, name: str) -> bytes:
    """Return one entry of a package.

    Raises
    ------
    Damaged : it is not there, or damaged. Its size is the one that `open_package` has checked: zipfile reads no more.
    """
    try:
        return package.read(name)
    except KeyError:
        raise Damaged(f"its part {name[:80]!r} is missing", "copy or download it again") from None
    except RuntimeError:  # what zipfile raises without a password
        raise Damaged("it is protected by a password", "save it without one") from None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, ValueError):
        raise Damaged(f"its part {name[:80]!r} is damaged", "copy or download it again") from None
