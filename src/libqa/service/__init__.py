"""The web service: the chat and a health check in one process."""

from __future__ import annotations

from libqa.service.server import create_app as create_app
from libqa.service.server import serve as serve

__all__ = ["create_app", "serve"]
