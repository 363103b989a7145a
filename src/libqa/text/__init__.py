"""Cleaning, folding and cutting of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from libqa.text.damaging import damage
    from libqa.text.repairing import Edit, Repair, repair

__all__ = ["Edit", "Repair", "damage", "repair"]


def __getattr__(name: str) -> Any:
    # Loaded on first use: the tables cost more than the rest of `import libqa`.
    if name in ("repair", "Repair", "Edit"):
        from libqa.text import repairing

        return getattr(repairing, name)
    if name == "damage":
        from libqa.text import damaging

        return damaging.damage
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
