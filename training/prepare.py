"""Segment the data once: word counts for the vocabulary, and segmented parallel text for the lexicon.

Writes to the work folder: ``words.json`` (Chinese words), ``latin.json`` (Latin words, numbers), ``parallel.tsv``
(Chinese words, tab, English words) and ``cedict.tsv`` (headword, tab, sense).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import common
import jieba
import opencc

from libqa.text.script import fold

HAN = re.compile(r"[\u3400-\u9fff]+")
LATIN = re.compile(r"[a-z]+|[0-9]+")
ENGLISH = re.compile(r"[a-z]+(?:['-][a-z]+)*|[0-9]+")
NOTE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
TEXTS = (  # set, fields, every n-th row: balanced so that no one genre rules the vocabulary
    ("crud_news/text", ("text",), 4),
    ("cmrc2018/train", ("context", "question"), 2),
    ("tw_laws_text/text", ("text",), 8),
    ("cn_laws_text/text", ("text",), 8),
    ("zhwiki_sample/text", ("text",), 1),
    ("csl/title_abstract", ("query", "positive"), 1),
    ("csl/titles", ("title",), 1),
    ("kdconv/turns", ("query", "positive"), 2),
    ("kdconv/travel_text", ("text",), 1),
)
PARALLEL = ("tatoeba_zh_en/train", "python_docs_zh_en/train", "tw_laws_zh_en/train")


def senses(gloss: str) -> Iterator[str]:
    """Yield the senses of a CC-CEDICT gloss: lower case, without notes, articles and ``to``."""
    for part in re.split(r"[;/]", NOTE.sub(" ", gloss.lower())):
        words = ENGLISH.findall(part.split(",")[0] if part.count(",") == 1 else part)
        while words and words[0] in ("to", "a", "an", "the"):
            words = words[1:]
        if words and "variant" not in words and "surname" not in words:
            yield " ".join(words)


def count(data: Path) -> tuple[Counter[str], Counter[str]]:
    """Return counts of Chinese words and of Latin words and numbers over the text sets."""
    han: Counter[str] = Counter()
    latin: Counter[str] = Counter()
    for name, fields, step in TEXTS:
        for i, row in enumerate(common.rows(data, name)):
            if i % step:
                continue
            for field in fields:
                text = fold(row[field])
                latin.update(LATIN.findall(text))
                for run in HAN.findall(text):
                    han.update(jieba.cut(run, HMM=False))
    return han, latin


def main() -> None:
    args = common.arguments(__doc__ or "").parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    han, latin = count(args.data)
    mainland = opencc.OpenCC("tw2sp")  # half of the statutes in mainland words: both vocabularies are to be learnt
    with open(args.work / "parallel.tsv", "w", encoding="utf-8") as out:
        for name in PARALLEL:
            seen: set[str] = set()
            for i, row in enumerate(common.rows(args.data, name)):
                zh = mainland.convert(row["zh"]) if name.startswith("tw_") and i % 2 else row["zh"]
                zh, en = fold(zh), fold(row["en"])
                key = re.sub(r"[0-9一二三四五六七八九十百]+", "#", zh)
                if len(zh) > 160 or key in seen:
                    continue
                seen.add(key)
                zh_words = [w for w in jieba.cut(zh, HMM=False) if HAN.match(w) or LATIN.match(w)]
                en_words = ENGLISH.findall(en)
                latin.update(LATIN.findall(en))
                han.update(w for w in zh_words if HAN.match(w))
                if zh_words and en_words:
                    out.write(" ".join(zh_words) + "\t" + " ".join(en_words) + "\n")
    with open(args.work / "cedict.tsv", "w", encoding="utf-8") as out:
        for row in common.rows(args.data, "cc_cedict/dict"):
            headword = fold(row["zh"])
            for sense in senses(row["en"]):
                out.write(headword + "\t" + sense + "\n")
                latin.update(LATIN.findall(sense))
    (args.work / "words.json").write_text(json.dumps(han.most_common(), ensure_ascii=False), encoding="utf-8")
    (args.work / "latin.json").write_text(json.dumps(latin.most_common()), encoding="utf-8")
    print(f"{len(han)} Chinese words, {len(latin)} Latin words and numbers")


if __name__ == "__main__":
    main()
