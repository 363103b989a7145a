"""The page that a citation links to: the passage in its document, the quoted characters marked. Text stays text."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from libqa.service import schema
from libqa.service.rest import ALWAYS, ASKING, At, told
from libqa.service.work import unless_gone
from libqa.types import Document

_AROUND = 2000
"""Characters shown before and after the quoted ones."""
_STYLE = (
    "body{font:1rem/1.7 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}p{white-space:pre-wrap}"
)
source = APIRouter(responses=ALWAYS, tags=["documents"])


@source.get(
    "/source/{identity:path}",
    operation_id="show_source",
    summary="Show a cited passage to a reader",
    response_class=Response,
    responses={
        200: {"description": "A page.", "content": {"text/html": {"schema": {"type": "string"}}}},
        **told(404, "There is no document with this id."),
        **told(422, "A wrong parameter."),
        429: ASKING[429],
    },
)
async def show_source(
    request: Request, identity: str, at: At, start: schema.Offset = 0, end: schema.Offset = 0
) -> Response:
    """Show the characters from `start` to `end` of a document, marked, in the text around them."""
    document = await unless_gone(request, at.look(lambda: at.qa.document(identity)))
    return HTMLResponse(_page(document, min(start, len(document.text)), min(max(start, end), len(document.text))))


def _page(document: Document, start: int, end: int) -> str:
    title, text = escape(document.title or document.id), document.text
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    more_before, more_after = "… " * (start > _AROUND), " …" * (end + _AROUND < len(text))
    where = escape(document.place(start, end))
    marked = f'<mark id="quote">{escape(text[start:end])}</mark>' if end > start else ""
    return (
        f'<!doctype html><html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{title}</title><style>{_STYLE}</style><h1 dir="auto">{title}</h1><small>{where}</small>'
        f'<p dir="auto">{more_before}{escape(before)}{marked}{escape(after)}{more_after}</p></html>'
    )
