"""Question answering over a library's documents, with exact citations. Nothing heavy is imported until it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from libqa.api import LibQA as LibQA
    from libqa.config import Settings as Settings
    from libqa.errors import LibQAError as LibQAError
    from libqa.types import Answer as Answer
    from libqa.types import Citation as Citation
    from libqa.types import Document as Document
    from libqa.types import Hit as Hit
    from libqa.types import Mark as Mark
    from libqa.types import Passage as Passage
    from libqa.types import Reading as Reading
    from libqa.types import Statement as Statement

__version__ = "0.1.0"

_HOMES = {
    "LibQA": "libqa.api",
    "Settings": "libqa.config",
    "LibQAError": "libqa.errors",
    **dict.fromkeys(
        ("Answer", "Citation", "Document", "Hit", "Mark", "Passage", "Reading", "Statement"), "libqa.types"
    ),
}
__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'libqa' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
