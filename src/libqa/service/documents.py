"""REST: the documents, listed, read, uploaded, replaced, deleted."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copyfileobj
from typing import Annotated, Any

from fastapi import APIRouter, File, Query, Request, UploadFile
from starlette.responses import Response

from libqa.errors import DocumentMissing, ReadError
from libqa.reading import read_file
from libqa.serialize import document_to_dict
from libqa.service import problems, schema
from libqa.service.problems import answered
from libqa.service.rest import ALWAYS, ASKING, At, told
from libqa.service.work import Desk, unless_gone

_LONGEST_NAME = 200  # bytes
_MISSING = told(404, "There is no document with this id.")
_WRITING = {
    **told(400, "The body is no multipart form."),
    **told(413, "The upload is larger than `max_upload_mb`."),
    **told(429, "Too many changes are waiting already."),
}
_TOKEN: dict[str, Any] = {"security": [{"token": []}]}
documents = APIRouter(responses=ALWAYS, tags=["documents"])


@documents.get(
    "/api/documents",
    operation_id="list_documents",
    summary="List documents",
    response_class=Response,
    responses={
        200: {"model": schema.Listing, "description": "A page of the list."},
        **told(422, "A wrong parameter."),
        429: ASKING[429],
    },
)
async def list_documents(
    request: Request, at: At, offset: schema.Offset = 0, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Response:
    """List the documents in the order in which they were written."""
    total, found = await unless_gone(request, at.look(lambda: (at.qa.count(), at.qa.documents(offset, limit))))
    listed = [document_to_dict(document) for document in found]
    return answered({"total": total, "offset": offset, "limit": limit, "documents": listed})


@documents.get(
    "/api/documents/{identity:path}",
    operation_id="get_document",
    summary="Read a document",
    response_class=Response,
    responses={
        200: {"model": schema.Slice, "description": "The document."},
        **_MISSING,
        **told(422, "A wrong parameter."),
        429: ASKING[429],
    },
)
async def get_document(
    request: Request, identity: str, at: At, start: schema.Offset = 0, end: schema.Offset | None = None
) -> Response:
    """Read a document, or its characters from `start` to `end`: what a citation with these offsets quotes."""
    document = await unless_gone(request, at.look(lambda: at.qa.document(identity)))
    length = len(document.text)
    first, last = min(start, length), length if end is None else min(end, length)
    span = {"start": first, "end": max(first, last), "text": document.text[first:last]}
    return answered({**document_to_dict(document), **span})


@documents.post(
    "/api/documents",
    operation_id="add_documents",
    summary="Upload files",
    status_code=201,
    response_class=Response,
    openapi_extra=_TOKEN,
    responses={
        201: {"model": schema.Added, "description": "At least one document is in the index now."},
        **told(422, "No file could become a document.", schema.NotAdded),
        **_WRITING,
    },
)
async def add_documents(
    request: Request, at: At, files: Annotated[list[UploadFile], File(description="Files to add.")]
) -> Response:
    """Add the documents of files; one with the id of an indexed document (the file's name without suffix) replaces it.

    What cannot become a document is told under `failed`; the rest goes in.
    """

    def add() -> Response:
        failed: list[ReadError] = []
        with tempfile.TemporaryDirectory(prefix="libqa-") as directory:
            paths = [_keep(file, Path(directory) / str(number)) for number, file in enumerate(files)]
            added = at.qa.add(paths, on_error=failed.append)
            reasons = [_named(error, paths) for error in failed]
        listed = [problems.body(error, 422, "")["error"] for error in reasons]
        if not added:
            first = reasons[0] if reasons else ReadError("files", "they hold no document", "send files with text")
            return answered({**problems.body(first, 422, ""), "failed": listed}, 422)
        return answered({"added": added, "failed": listed}, 201)

    return await at.change(add)


@documents.put(
    "/api/documents/{identity:path}",
    operation_id="put_document",
    summary="Replace a document",
    response_class=Response,
    openapi_extra=_TOKEN,
    responses={
        200: {"model": schema.Replaced, "description": "The document with this id is now that of the file."},
        **told(422, "The file cannot become one document."),
        **_WRITING,
    },
)
async def put_document(
    identity: str, at: At, file: Annotated[UploadFile, File(description="A file that holds one document.")]
) -> Response:
    """Put the document of a file in the place of the one with this id, or add it under this id."""

    def put() -> Response:
        with tempfile.TemporaryDirectory(prefix="libqa-") as directory:
            path = _keep(file, Path(directory))
            try:
                found = read_file(path, at.qa.settings)
            except ReadError as error:
                raise _named(error, [path]) from None
        if len(found) != 1:
            reason = f"it holds {len(found)} documents, and one is replaced"
            raise ReadError(path.name, reason, "send a file with one document, or add it with POST")
        created = not _holds(at, identity)
        failed: list[ReadError] = []
        at.qa.add([replace(found[0], id=identity)], on_error=failed.append)
        if failed:  # the id is none that a document can have
            raise failed[0]
        return answered({"id": identity, "created": created})

    return await at.change(put)


@documents.delete(
    "/api/documents/{identity:path}",
    operation_id="delete_document",
    summary="Remove a document",
    status_code=204,
    response_class=Response,
    openapi_extra=_TOKEN,
    responses={
        204: {"description": "It is removed."},
        **_MISSING,
        **told(422, "A wrong parameter."),
        429: _WRITING[429],
    },
)
async def delete_document(identity: str, at: At) -> Response:
    """Remove a document from the index."""

    def delete() -> Response:
        if not at.qa.remove([identity]):
            raise DocumentMissing(identity, "there is no such document in the index", "see /api/documents for the ids")
        return Response(status_code=204)

    return await at.change(delete)


def _holds(at: Desk, identity: str) -> bool:
    try:
        at.qa.document(identity)
    except DocumentMissing:
        return False
    return True


def _keep(file: UploadFile, directory: Path) -> Path:
    """Write an upload to a file in ``directory`` under its own name, made harmless; the name gives id and format."""
    directory.mkdir(mode=0o700, exist_ok=True)
    path = directory / _harmless(file.filename or "")
    with path.open("wb") as out:
        copyfileobj(file.file, out)
    return path


def _harmless(name: str) -> str:
    """Return the last part of ``name`` without what no file name should hold, its suffix kept."""
    last = re.split(r"[\\/]", name)[-1]
    plain = "".join(c for c in last if c.isprintable()).strip().lstrip(".")
    stem, dot, suffix = plain.rpartition(".")
    stem, suffix = (stem, dot + suffix) if dot else (plain, "")
    while len((stem + suffix).encode()) > _LONGEST_NAME and stem:
        stem = stem[:-1]
    return (stem + suffix) if stem and len(suffix) < _LONGEST_NAME else "upload"


def _named(error: ReadError, paths: Sequence[Path]) -> ReadError:
    """Return the error with the name that was sent instead of the place on the server."""
    parts = [error.thing, error.reason, error.remedy]
    for path in paths:
        parts = [part.replace(f"{path.parent}/", "") for part in parts]
    return ReadError(*parts)
