"""Make the bundled thesaurus out of the groups of near-synonyms written for it in ``training/thesaurus/``.

    python training/make_thesaurus.py

A group a line, words apart by ``;``. Left out are words that ask (the rules for questions know them), single
characters but the short names of places, and what is longer than the thesaurus looks for.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from libqa.answering.asking import ZH_STOP, question_words
from libqa.models import thesaurus
from libqa.text import dictionary
from libqa.text.script import fold

WRITTEN = Path(__file__).resolve().parent / "thesaurus"


def kept(word: str) -> bool:
    """Whether the thesaurus holds a word (folded)."""
    if not re.fullmatch(r"[\u4e00-\u9fffa-z0-9]+", word) or word in ZH_STOP or question_words(word):
        return False
    if len(word) == 1:
        return dictionary.part_of_speech(word) in ("ns", "j")
    return len(word) <= thesaurus.LONGEST


def main() -> None:
    groups: dict[tuple[str, ...], None] = {}
    for path in sorted(WRITTEN.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            words = tuple(dict.fromkeys(w for w in (fold(part.strip()) for part in line.split(";")) if kept(w)))
            if len(words) > 1:
                groups[words] = None
    thesaurus.BUNDLED.parent.mkdir(parents=True, exist_ok=True)
    thesaurus.BUNDLED.write_text("".join(";".join(group) + "\n" for group in groups), encoding="utf-8")
    print(f"{len(groups)} groups, {len({w for g in groups for w in g})} words")


if __name__ == "__main__":
    main()
