"""The index: SQLite as the single truth, FAISS and inverted lists derived from it."""

from libqa.index.index import Index
from libqa.index.view import View

__all__ = ["Index", "View"]
