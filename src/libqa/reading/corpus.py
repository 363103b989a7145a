"""Many files into documents: a directory with its catalogue, a list of files, or documents as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from libqa.config import Settings
from libqa.errors import ReadError
from libqa.reading.checking import check
from libqa.reading.files import is_litter, iterate_file, iterate_url
from libqa.reading.kinds import is_url
from libqa.reading.markdown import load_yaml, plain
from libqa.reading.sandbox import Sandbox
from libqa.types import Document

CATALOGUE = "catalogue.yaml"


def read_corpus(
    source: str | Path | Iterable[str | Path | Document], settings: Settings
) -> Iterator[Document | ReadError]:
    """Yield the documents of ``source``, and a ReadError for each thing that cannot become one; the rest goes on.

    Parameters
    ----------
    source : a directory (read recursively, in the order of the names), a file, an http or https URL, or an iterable
        of such and of documents. In a directory, hidden files are left out, ids are paths relative to it
        without suffix; ``catalogue.yaml`` may give titles and metadata to files that have none (id -> {title, ...}).
    """
    items = [source] if isinstance(source, (str, Path)) else source
    seen: set[str] = set()
    with Sandbox(settings) as sandbox:
        for found in chain.from_iterable(_read_one(item, sandbox) for item in items):
            if isinstance(found, Document):
                if found.id in seen:
                    yield ReadError(
                        found.id, "a document with this id was read before", "give one of the two another name or id"
                    )
                    continue
                seen.add(found.id)
            yield found


def bundled_corpus() -> Path:
    """Return the directory of the corpus that comes with libqa: in the installed package, or in a checkout.

    Raises
    ------
    ReadError : the installation is incomplete.
    """
    import libqa

    package = Path(libqa.__file__).parent
    for place in (package / "_corpus", package.parents[1] / "corpus"):
        if place.is_dir():
            return place
    raise ReadError("the corpus that comes with libqa", "it is missing from the installation", "install libqa again")


def _read_one(item: str | Path | Document, sandbox: Sandbox) -> Iterator[Document | ReadError]:
    if isinstance(item, Document):
        try:
            yield check(item, f"document {item.id!r}")
        except ReadError as e:
            yield e
        return
    if is_url(item):
        yield from iterate_url(str(item), sandbox)
        return
    path = Path(item)
    if not path.is_dir():
        yield from iterate_file(path, path.stem, sandbox)
        return
    catalogue: dict[str, dict[str, str]] = {}
    if (path / CATALOGUE).is_file():
        try:
            catalogue = _catalogue(path / CATALOGUE)
        except ReadError as e:
            yield e
    missing = dict(catalogue)
    for file in _files(path, ()):
        if isinstance(file, ReadError):
            yield file
            continue
        name = file.relative_to(path).with_suffix("").as_posix()
        missing.pop(name, None)
        yield from iterate_file(file, name, sandbox, catalogue.get(name, {}))
    for name in missing:
        yield ReadError(str(path / CATALOGUE), f"it lists {name!r}, but there is no such file", "correct the catalogue")


def _files(directory: Path, above: tuple[tuple[int, int], ...]) -> Iterator[Path | ReadError]:
    """Yield the files under ``directory``; links to directories are followed, but never round in a circle."""
    try:
        status = directory.stat()
        entries = sorted(directory.iterdir())
    except OSError as e:
        yield ReadError(str(directory), f"it cannot be read ({e.strerror})", "check its permissions and links")
        return
    here = (status.st_dev, status.st_ino)
    if here in above:
        yield ReadError(str(directory), "the link leads back to a directory above it", "remove the link")
        return
    for entry in entries:
        if is_litter(entry.name) or (not above and entry.name == CATALOGUE):
            continue
        if entry.is_dir():
            yield from _files(entry, (*above, here))
        else:
            yield entry


def _catalogue(path: Path) -> dict[str, dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as e:
        raise ReadError(str(path), f"it cannot be read ({e})", "save it as UTF-8") from None
    table = load_yaml(text, str(path), "content") or {}
    if not isinstance(table, dict) or not all(isinstance(row, dict) for row in table.values()):
        raise ReadError(str(path), "it is no mapping of document ids to titles and metadata", "correct or remove it")
    return {
        str(name): {str(key): plain(value) for key, value in row.items() if value is not None}
        for name, row in table.items()
    }
