"""Markdown files: the front matter apart from the text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from libqa.errors import ReadError

_FRONT = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.*?)[ \t#]*$", re.MULTILINE)


def front_matter(raw: str, name: str) -> tuple[dict[str, str], int]:
    """Return the YAML front matter of ``raw`` as plain strings, and the offset at which the document's text begins.

    Raises
    ------
    ReadError : the front matter is no YAML mapping.
    """
    match = _FRONT.match(raw)
    if not match:
        return {}, 0
    body = match.end()
    while raw[body : body + 1] in ("\n", "\r"):
        body += 1
    return mapping(match[1], name, "front matter"), body


def mapping(text: str, name: str, what: str) -> dict[str, str]:
    """Return a YAML mapping as plain strings; lists are joined by ``", "``, deeper values are given as JSON."""
    table = load_yaml(text, name, what)
    if table is None:
        return {}
    if not isinstance(table, Mapping):
        raise ReadError(name, f"its {what} is no list of 'name: value' lines", "correct it")
    return {str(key): plain(value) for key, value in table.items() if value is not None}


def load_yaml(text: str, name: str, what: str) -> Any:
    """Parse YAML of unknown origin; an error names the line. Aliases are refused: nested ones can fill all memory."""
    yaml: Any = import_module("yaml")

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise yaml.composer.ComposerError(None, None, "aliases are not allowed", self.peek_event().start_mark)
            return super().compose_node(parent, index)

    try:
        return yaml.load(text, Loader=Loader)  # a SafeLoader
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        where = f" (line {mark.line + 1}: {getattr(e, 'problem', '')})" if mark else ""
        raise ReadError(name, f"its {what} is not valid YAML{where}", "correct or remove it") from None
    except (ValueError, RecursionError) as e:
        raise ReadError(name, f"its {what} is not valid YAML ({e})", "correct or remove it") from None


def plain(value: object) -> str:
    """Return a metadata value as a string."""
    if isinstance(value, (list, tuple)) and not any(isinstance(item, (list, tuple, dict)) for item in value):
        return ", ".join(str(item) for item in value)
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def first_heading(text: str) -> str:
    """Return the text of the first Markdown heading, or ``""``."""
    match = _HEADING.search(text)
    return match[1].strip() if match else ""
