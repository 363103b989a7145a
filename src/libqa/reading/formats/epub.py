"""EPUB books: the chapters in reading order, marked with the page numbers of the book or the titles of its contents."""

from __future__ import annotations

import posixpath
import re
import zipfile
from html.entities import html5
from typing import Any
from urllib.parse import unquote

from libqa.reading.formats.draft import Damaged, Draft, Extract, useful_title
from libqa.reading.formats.html import decoded, walk
from libqa.reading.formats.package import entry, open_package

_DC = "{http://purl.org/dc/elements/1.1/}"
_OPF = "{http://www.idpf.org/2007/opf}"
_TYPE = "{http://www.idpf.org/2007/ops}type"
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31};)")
_OWN = {"amp;", "lt;", "gt;", "quot;", "apos;"}  # the entities of XML itself
_PAGES = ("application/xhtml+xml", "text/html")


def read(data: bytes, name: str, limit: int) -> Extract:
    """Read a book of at most ``limit`` bytes unpacked.

    Raises
    ------
    Damaged : it is damaged, protected or something else.
    """
    package = open_package(data, "epub", limit)
    locked = _locked(package)
    container = _xml(entry(package, "META-INF/container.xml"))
    home = next((e.get("full-path") for e in container.iter("{*}rootfile") if e.get("full-path")), "")
    book = _xml(entry(package, home))
    items = {
        e.get("id"): (_path(home, e.get("href") or ""), e.get("media-type") or "", e.get("properties") or "")
        for e in book.iter(_OPF + "item")
    }
    if any(path in locked for path, kind, _ in items.values() if kind in _PAGES):
        raise Damaged("it is protected against copying (DRM)", "ask the publisher for an open copy")
    titles = _contents(package, items)
    draft = Draft()
    for reference in book.iter(_OPF + "itemref"):
        path, kind, properties = items.get(reference.get("idref"), ("", "", ""))
        if kind not in _PAGES or "nav" in properties.split():
            continue
        if path in titles:
            draft.mark(titles[path])
        page = _page(entry(package, path))
        body = next(page.iter("{*}body"), page)
        walk(body, draft)
    if not draft.parts:
        raise Damaged("it holds no text, its pages may be pictures", "run text recognition (OCR) on it first")
    said = {e.tag: (e.text or "").strip() for e in reversed(list(book.iter())) if isinstance(e.tag, str)}
    return draft.extract(
        {
            "title": useful_title(said.get(_DC + "title"), name),
            "author": ", ".join((e.text or "").strip() for e in book.iter(_DC + "creator")),
            "publisher": said.get(_DC + "publisher"),
            "date": (said.get(_DC + "date") or "").split("T")[0],
            "language": said.get(_DC + "language"),
        }
    )


def _locked(package: zipfile.ZipFile) -> set[str]:
    if "META-INF/encryption.xml" not in package.namelist():
        return set()
    listed = _xml(entry(package, "META-INF/encryption.xml"))
    return {unquote(e.get("URI") or "") for e in listed.iter("{*}CipherReference")}


def _contents(package: zipfile.ZipFile, items: dict[str, tuple[str, str, str]]) -> dict[str, str]:
    """Return the title that the table of contents gives to each file, the first one where it gives several."""
    titles: dict[str, str] = {}
    for path, kind, properties in items.values():
        if "nav" in properties.split():
            page = _page(entry(package, path))
            navigation = next((e for e in page.iter("{*}nav") if "toc" in (e.get(_TYPE) or "").split()), page)
            links = [(e.get("href") or "", "".join(e.itertext())) for e in navigation.iter("{*}a")]
        elif kind == "application/x-dtbncx+xml":
            points = _xml(entry(package, path)).iter("{*}navPoint")
            links = [(p.find("{*}content").get("src") or "", p.findtext("{*}navLabel/{*}text") or "") for p in points]
        else:
            continue
        for link, title in links:
            titles.setdefault(_path(path, link.partition("#")[0]), " ".join(title.split()))
    return titles


def _path(base: str, reference: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(reference)))


def _xml(data: bytes) -> Any:
    from lxml import etree

    try:
        return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError as e:
        raise Damaged(f"its table of parts is damaged ({e.msg})", "copy or download it again") from None


def _page(data: bytes) -> Any:
    """Parse a chapter as XML, with HTML's named characters, or as HTML where it is not well formed."""
    import lxml.html
    from lxml import etree

    text = _ENTITY.sub(lambda m: m[0] if m[1] in _OWN else html5.get(m[1], m[0]), decoded(data))
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, encoding="utf-8")
        return etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError:
        return lxml.html.document_fromstring(text.encode("utf-8"), parser=lxml.html.HTMLParser(encoding="utf-8"))
