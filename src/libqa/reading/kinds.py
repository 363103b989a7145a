"""Which file is of which kind: by its name, checked against its first bytes."""

from __future__ import annotations

import re

from libqa.errors import ReadError

KINDS = {
    ".txt": "txt",
    ".text": "txt",
    ".md": "md",
    ".markdown": "md",
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".pptx": "pptx",
    ".xlsx": "xlsx",
    ".epub": "epub",
    ".zip": "zip",
}
"""Suffixes of the files that can be read, in the order in which messages list them."""
_PACKAGES = ("docx", "pptx", "xlsx", "epub", "zip")
_OLD = {
    ".doc": "docx", ".wps": "docx", ".rtf": "docx", ".odt": "docx", ".ppt": "pptx", ".odp": "pptx", ".dps": "pptx",
    ".xls": "xlsx", ".xlsb": "xlsx", ".ods": "xlsx", ".et": "xlsx", ".mobi": "epub", ".azw3": "epub", ".caj": "pdf",
}  # fmt: skip
_MAGIC = (
    (b"%PDF-", "a PDF", "pdf"),
    (b"PK\x03\x04", "a zip package", "zip"),
    (b"PK\x05\x06", "an empty zip archive", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or protected Office file", "ole"),
    (b"{\\rtf", "an RTF file", "rtf"),
    (b"\x89PNG", "a PNG picture", "picture"),
    (b"\xff\xd8\xff", "a JPEG picture", "picture"),
    (b"GIF8", "a GIF picture", "picture"),
    (b"\x1f\x8b\x08", "a gzip archive", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "7z"),
    (b"Rar!\x1a\x07", "a RAR archive", "rar"),
)
_SAVE = "open it in its program and save it as .{}"
_INSIDE = ((b"word/document.xml", "docx"), (b"ppt/presentation.xml", "pptx"), (b"xl/workbook.xml", "xlsx"))
_CALLED = {"docx": "a Word document", "pptx": "a PowerPoint presentation", "xlsx": "an Excel workbook"}
_HEAD = 1024  # bytes within which a PDF may begin


def is_url(source: object) -> bool:
    """Whether a source is a URL rather than a path."""
    return isinstance(source, str) and re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", source) is not None


def kind_of(suffix: str, source: str) -> str:
    """Return the kind of file that a suffix (``.pdf``) stands for.

    Raises
    ------
    ReadError : files of this kind cannot be read.
    """
    kind = KINDS.get(suffix.lower())
    if kind:
        return kind
    instead = _OLD.get(suffix.lower())
    known = ", ".join(KINDS)
    raise ReadError(
        source,
        f"files of the kind {suffix.lower() or 'without a suffix'} cannot be read",
        _SAVE.format(instead) if instead else f"save it as one of {known}",
    )


def check_content(data: bytes, kind: str, source: str) -> None:
    """Compare the first bytes of a file with what its name says.

    Raises
    ------
    ReadError : the content is something else.
    """
    called, content = _content(data)
    if kind == "pdf":
        good = content == "pdf"
    elif kind in _PACKAGES:
        good = content == "zip"
    else:
        good = not content
    if good:
        return
    if content == "ole" and kind in _PACKAGES:
        if "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k".encode("latin-1") in data:
            raise ReadError(source, "it is protected by a password", "save it without one")
        raise ReadError(source, f"it is named .{kind} but is of the Office formats before 2007", _SAVE.format(kind))
    if not content:
        looks = (
            "a web page" if data[:_HEAD].lstrip().lower().startswith((b"<!doctype html", b"<html")) else "no such file"
        )
        raise ReadError(source, f"it is named .{kind} but its content is {looks}", "download or save it again")
    inside = next((suffix for name, suffix in _INSIDE if content == "zip" and name in data), content)
    known = inside in _PACKAGES or inside == "pdf"
    called = _CALLED.get(inside, called)
    remedy = f"rename it to .{inside}" if known else "give it the name of its kind, or save it again"
    raise ReadError(source, f"it is named .{kind} but its content is {called}", remedy)


def _content(data: bytes) -> tuple[str, str]:
    for magic, called, content in _MAGIC:
        if data.startswith(magic) or (content == "pdf" and magic in data[:_HEAD] and not data[:1].isalpha()):
            return called, content
    return "", ""
