"""What a client is told when something cannot be done: a status, and one line that names thing, reason and remedy."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from libqa.errors import (
    DocumentMissing,
    IndexBusy,
    IndexMismatch,
    IndexMissing,
    LibQAError,
    MissingExtra,
    ModelError,
    QuestionError,
    ReadError,
    ServiceBusy,
    SettingError,
)

log = logging.getLogger(__name__)

_STATUS: dict[type[LibQAError], int] = {
    QuestionError: 422,
    ReadError: 422,
    MissingExtra: 422,  # a file of a kind that this installation cannot read
    DocumentMissing: 404,
    ServiceBusy: 429,
    IndexBusy: 503,
}
_OWN = (IndexMissing, IndexMismatch, ModelError, SettingError)
"""Errors of the installation: their text names places on the server, so it goes to the log only."""
_KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
"""What OpenAI calls an error with this status; any other is an ``invalid_request_error`` or a ``server_error``."""


def wrong(found: Sequence[Mapping[str, Any]]) -> QuestionError:
    """Return pydantic's findings about a request as one error: the first of them, in one line."""
    first = found[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path")) or "the request"
    reason = " ".join(str(first["msg"]).split()).replace(";", ",")
    return QuestionError(where[:100], reason[:300], "see /openapi.json for what is expected")


def status_of(error: LibQAError) -> int:
    """Return the HTTP status for an error: 4xx where the request is at fault, 503 where the service is."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 503)


def shown(error: LibQAError) -> LibQAError:
    """Return the error as a client may see it; what only the operator may see is logged."""
    if isinstance(error, _OWN):
        log.error("%s", error)
        return LibQAError("the index", "it cannot be read at present", "ask who runs the service; its log says more")
    return error


def body(error: LibQAError, status: int, path: str) -> dict[str, Any]:
    """Return the JSON body for an error: as OpenAI gives it under ``/v1``, else with thing, reason and remedy."""
    if path.startswith("/v1/"):
        kind = _KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")
        code = "model_not_found" if status == 404 and error.thing.startswith("model ") else None
        return {"error": {"message": str(error), "type": kind, "param": None, "code": code}}
    told = {"error": {"thing": error.thing, "reason": error.reason, "remedy": error.remedy}}
    return {**told, "detail": str(error)} if path.startswith("/gradio_api/") else told  # what Gradio's page shows


def to_json(value: object) -> bytes:
    """Return a value as JSON in UTF-8; a lone surrogate, which UTF-8 does not have, stays a JSON escape."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def answered(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response."""
    return Response(to_json(value), status, headers, "application/json")


def refused(
    error: LibQAError, path: str, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the response that tells ``error`` to a client of ``path``."""
    status = status or status_of(error)
    told = dict(headers or {})
    if status in (429, 503):
        told.setdefault("retry-after", str(getattr(error, "seconds", 5)))
    return answered(body(shown(error), status, path), status, told)
