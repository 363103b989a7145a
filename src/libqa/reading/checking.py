"""What every document must be before it is stored."""

from __future__ import annotations

from libqa.errors import ReadError
from libqa.types import Document


def check(document: Document, source: str) -> Document:
    """Return the document if it can be stored and quoted.

    Raises
    ------
    ReadError : no id, no text, or characters that are no Unicode text (NUL, lone surrogates).
    """
    if not document.id.strip():
        raise ReadError(source, "the document has no id", "give it one")
    if not document.text.strip():
        raise ReadError(source, f"document {document.id!r} has no text", "remove it or put text into it")
    for what, value in (
        ("id", document.id),
        ("title", document.title),
        ("text", document.text),
        ("metadata", "".join(document.metadata.values())),
        ("marks", "".join(mark.label for mark in document.marks)),
    ):
        if "\0" in value or not _is_unicode(value):
            raise ReadError(
                ascii(source)[1:-1],
                f"its {what} holds characters that are no text",
                "save or name it in Unicode (UTF-8)",
            )
    return document


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # lone surrogates
        return False
    return True
