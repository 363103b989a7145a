"""From the lines of PDF pages to a text: columns in order, running heads out, lines joined to paragraphs, headings."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from libqa.reading.formats.draft import Cell, Draft
from libqa.reading.formats.pdflines import CHINESE, Line

_LIST = re.compile(
    r"(?:[•·●○■□◆▪‣–—*-]\s|[（(]?(?:\d{1,3}|[a-z]|[ivx]{1,4})(?:[)）、]|[.．](?!\d))"
    r"|[（(]?[一二三四五六七八九十]{1,3}[)）、.．]|第[一二三四五六七八九十百\d]{1,4}[章节節编編篇部条條])"
)
_STOP = re.compile("[。！？；：.!?;:…][”’」』）)\"']*$")
_FOLIO = re.compile(
    r"[-–—·\s]*(?:第?\s*\d{1,4}\s*页?(?:\s*[,，/／|]?\s*(?:共|of)?\s*\d{1,4}\s*页?)?"
    r"|page\s+\d{1,4}(?:\s+(?:of|/)\s+\d{1,4})?|[ivxlc]{1,6})[-–—·\s]*",
    re.IGNORECASE,
)
_EDGE = 0.12  # of the page's text height at either end, in which running heads and page numbers stand
_BIGGER = 1.12  # times the size of the running text: a heading
_HEADING = 80  # characters that a heading has at most
_LEADING = 1.6  # times the usual distance of lines: a new paragraph
_SHARE = 0.85  # the place where a column's lines end, as a quantile
_GUTTER = 8.0  # points at least between two columns
_SWAPS = 0.3  # share of line changes over the gutter from which lines are taken to come row by row


@dataclass(frozen=True, slots=True)
class _Column:
    left: float
    right: float


def write(pages: Sequence[Sequence[Line]], labels: Sequence[str], outline: Mapping[str, int], draft: Draft) -> None:
    """Write pages of lines to a draft, each page marked with its label.

    ``outline`` gives the levels of the headings that the file's bookmarks name (without blanks).
    """
    pages = without_running_heads([_rows(columns_in_order(page)) for page in pages])
    body = _body_size(pages)
    sizes = sorted({round(line.size) for page in pages for line in page if line.size > body * _BIGGER}, reverse=True)
    pitch = _pitch(pages)
    last: Line | None = None  # of the paragraph that is open
    listed = False  # it began with the mark of a list, so that its further lines may be indented
    table: list[list[Cell]] = []
    column = _Column(0, 0)
    for page, label in zip(pages, labels, strict=True):
        edges = _columns(page)
        fresh = True
        for line, here in zip(page, edges, strict=True):
            if len(line.cells) > 1:
                draft.paragraph_end()
                table.append([Cell(text, label) for text in line.cells])
                last, fresh = None, False
                continue
            if table:
                draft.table(table)
                draft.mark(label)
                table = []
            level = _level(line, body, sizes, outline)
            joined = (
                last is not None
                and not level
                and _goes_on(last, line, column, here, pitch, turned=fresh, listed=listed)
            )
            if not joined and last is not None:
                draft.paragraph_end()
            if fresh:
                draft.mark(label)
                fresh = False
            if level:
                draft.heading(level, line.text)
                last = None
                continue
            draft.piece(_glue(last, line) + line.text if joined and last is not None else line.text)
            listed = listed if joined else bool(_LIST.match(line.text))
            last, column = line, here
    draft.paragraph_end()
    draft.table(table)


def columns_in_order(lines: Sequence[Line]) -> list[Line]:
    """Return the lines in reading order: as the file gives them, unless it goes row by row over two columns."""
    gutter = _gutter(lines)
    if gutter is None:
        return list(lines)
    ordered: list[Line] = []
    band: list[Line] = []
    for line in sorted(lines, key=lambda line: (-line.top, line.left)):
        if line.left < gutter < line.right:
            ordered += _band(band, gutter)
            ordered.append(line)
            band = []
        else:
            band.append(line)
    return ordered + _band(band, gutter)


def _band(band: Sequence[Line], gutter: float) -> list[Line]:
    return [line for line in band if line.right <= gutter] + [line for line in band if line.left >= gutter]


def _gutter(lines: Sequence[Line]) -> float | None:
    """Return the middle of a blank strip with running text on both sides that the file jumps over again and again."""
    if len(lines) < 8:
        return None
    low, high = min(line.left for line in lines), max(line.right for line in lines)
    best: tuple[int, float] | None = None
    for edge in {round(line.left) for line in lines}:
        if not low + 0.3 * (high - low) < edge < low + 0.7 * (high - low):
            continue
        at = edge - _GUTTER / 2
        sides = [0 if line.right <= at + 1 else 1 if line.left >= at else 2 for line in lines]
        wide = [line.right - line.left > 0.3 * (high - low) for line in lines]
        beside = [side for side, prose in zip(sides, wide, strict=True) if prose and side < 2]
        swaps = sum(a != b for a, b in itertools.pairwise(side for side in sides if side < 2))
        good = min(beside.count(0), beside.count(1)) >= 4 and sides.count(2) * 4 < len(lines)
        if good and swaps > _SWAPS * len(lines) and (best is None or swaps > best[0]):
            best = swaps, at
    return best[1] if best else None


def _rows(lines: Sequence[Line]) -> list[Line]:
    """Join what stands on one line, such as a number and its heading; rows of a table keep their cells."""
    rows: list[list[Line]] = []
    for line in lines:
        before = rows[-1][-1] if rows else None
        if (
            before
            and abs(before.middle - line.middle) < 0.4 * max(before.size, line.size, 1)
            and line.left > before.left
        ):
            rows[-1].append(line)
        else:
            rows.append([line])
    found: list[Line] = []
    for number, row in enumerate(rows):
        near = rows[max(number - 1, 0) : number] + rows[number + 1 : number + 2]
        table = len(row) > 1 and any(len(other) == len(row) for other in near)
        first = row[0]
        found.append(
            replace(
                first,
                text=" ".join(cell.text for cell in row),
                cells=tuple(cell.text for cell in row) if table else (),
                right=row[-1].right,
                bottom=min(cell.bottom for cell in row),
                top=max(cell.top for cell in row),
                hyphen=row[-1].hyphen,
            )
        )
    return found


def without_running_heads(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Leave out page numbers, and what stands at the top or bottom of most pages but for its digits."""
    seen = Counter(text for page in pages for text in {_masked(line.text) for line in _edges(page)})
    often = {text for text, count in seen.items() if count >= 3 and count * 3 >= len(pages)}
    kept = []
    for page in pages:
        out = {id(line) for line in _edges(page) if _masked(line.text) in often or _FOLIO.fullmatch(line.text)}
        kept.append([line for line in page if id(line) not in out])
    return kept


def _edges(page: Sequence[Line]) -> Iterator[Line]:
    if len(page) < 2:
        return
    low, high = min(line.bottom for line in page), max(line.top for line in page)
    margin = _EDGE * (high - low)
    for line in page:
        if line.bottom > high - margin or line.top < low + margin:
            yield line


def _masked(text: str) -> str:
    return re.sub(r"\d+", "#", "".join(text.split()))


def _body_size(pages: Sequence[Sequence[Line]]) -> float:
    """Return the size in which most characters are set."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _pitch(pages: Sequence[Sequence[Line]]) -> float:
    """Return the usual distance of a line from the one above it, in points."""
    steps: Counter[float] = Counter()
    for page in pages:
        for above, below in itertools.pairwise(page):
            if 0 < above.middle - below.middle < 4 * above.size and abs(above.left - below.left) < 3 * above.size:
                steps[round(above.middle - below.middle)] += 1
    return steps.most_common(1)[0][0] if steps else 0.0


def _level(line: Line, body: float, sizes: Sequence[int], outline: Mapping[str, int]) -> int:
    """Return the level of a heading, 0 for running text."""
    if len(line.text) > _HEADING:
        return 0
    named = outline.get("".join(line.text.split()), 0)
    if named:
        return named
    if line.size <= body * _BIGGER or not re.search(r"[^\W\d_]", line.text) or line.text.endswith(("。", "，", ",")):
        return 0
    return sizes.index(round(line.size)) + 1 if round(line.size) in sizes else len(sizes) or 1


def _columns(page: Sequence[Line]) -> list[_Column]:
    """Return for each line where the lines that begin about where it does begin and end."""
    found = []
    for line in page:
        group = [other for other in page if abs(other.left - line.left) <= 3 * max(line.size, 1)]
        ends = sorted(other.right for other in group)
        found.append(_Column(min(other.left for other in group), ends[round((len(ends) - 1) * _SHARE)]))
    return found


def _goes_on(
    last: Line, line: Line, column: _Column, here: _Column, pitch: float, *, turned: bool, listed: bool
) -> bool:
    """Whether a line goes on with the paragraph of the line before it; ``turned``: on a new page."""
    if last.hyphen:
        return True
    size = max(last.size, line.size, 1)
    other = abs(last.size - line.size) > 0.12 * size
    word = 1.0 if CHINESE.match(line.text) else (len(line.text.split(" ", 1)[0]) + 1) * 0.55
    room = last.right + max(word, 1.5) * size < column.right
    if other or room or _LIST.match(line.text):
        return False
    indented = line.left - here.left > size and not listed
    if turned or line.middle > last.middle:  # the next page or column
        return not indented and not _STOP.search(last.text)
    apart = bool(pitch) and last.middle - line.middle > _LEADING * pitch
    return not apart and (not indented or abs(line.left - last.left) < 0.5 * size)


def _glue(last: Line | None, line: Line) -> str:
    """Return what stands between two lines of a paragraph: a blank, or nothing inside Chinese or a divided word."""
    if last is None or last.hyphen:
        return ""
    return "" if CHINESE.match(last.text[-1]) or CHINESE.match(line.text[0]) else " "
