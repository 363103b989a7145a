"""PowerPoint presentations: slides in order, their shapes as they stand from top to bottom, and the speaker's notes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from libqa.reading.formats.draft import Cell, Draft, Extract, useful_title
from libqa.reading.formats.package import open_package

_LINE = 200_000  # EMU (5.6 mm): shapes whose tops are nearer than this stand side by side


def read(data: bytes, name: str, limit: int) -> Extract:
    """Read a presentation of at most ``limit`` bytes unpacked; each slide is marked ``slide n``.

    Raises
    ------
    Damaged : it is damaged, protected or something else.
    """
    open_package(data, "pptx", limit)
    import pptx

    presentation = pptx.Presentation(io.BytesIO(data))
    draft = Draft()
    for number, slide in enumerate(presentation.slides, 1):
        draft.mark(f"slide {number}")
        title = slide.shapes.title
        if title is not None and title.has_text_frame:
            draft.heading(2, title.text_frame.text)
        for shape in _ordered(slide.shapes):
            if title is None or shape.shape_id != title.shape_id:
                _shape(shape, draft)
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            draft.paragraph(slide.notes_slide.notes_text_frame.text)
    properties = presentation.core_properties
    return draft.extract(
        {
            "title": useful_title(properties.title, name),
            "author": properties.author,
            "date": properties.created.date().isoformat() if properties.created else "",
            "language": properties.language,
        }
    )


def _ordered(shapes: Any) -> Iterator[Any]:
    yield from sorted(shapes, key=lambda shape: ((shape.top or 0) // _LINE, shape.left or 0))


def _shape(shape: Any, draft: Draft) -> None:
    if hasattr(shape, "shapes"):  # a group
        for inner in _ordered(shape.shapes):
            _shape(inner, draft)
    elif getattr(shape, "has_table", False):
        draft.table([[Cell(cell.text) for cell in row.cells] for row in shape.table.rows])
    elif getattr(shape, "has_text_frame", False):
        for paragraph in shape.text_frame.paragraphs:
            draft.paragraph("".join(run.text for run in paragraph.runs) or paragraph.text)
