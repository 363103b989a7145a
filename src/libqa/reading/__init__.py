"""From files to documents. Nothing is imported until it is used: an answer needs none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from libqa.reading.corpus import bundled_corpus as bundled_corpus
    from libqa.reading.corpus import read_corpus as read_corpus
    from libqa.reading.files import read_file as read_file

_HOMES = {
    "bundled_corpus": "libqa.reading.corpus",
    "read_corpus": "libqa.reading.corpus",
    "read_file": "libqa.reading.files",
}
__all__ = [*_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'libqa.reading' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
