"""Measure text repair: damaged sentences of three kinds, healthy sentences, the time for the forum report.

    python eval/bench_repair.py [--damaged 3000] [--healthy 20000]

Sentences come from lines that training/train_repair_lm.py held out and training/train_repair_ranking.py leaves alone.
Each is damaged with its own random set of active notes and marks. Kinds: *notes* (every note is whole), *broken* (pairs
broke, nothing was lost), *lost* (bytes vanished).
"""

import argparse
import gzip
import json
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("LIBQA_DATA", ROOT / "../shared/data"))
sys.path.insert(0, str(ROOT / "training"))

from train_repair_lm import for_ranking, held_out  # noqa: E402

from libqa.text import damage, repair  # noqa: E402
from libqa.text.damaging import annotate, traditional  # noqa: E402
from libqa.text.gbk import FOLD, encode, forms, table  # noqa: E402

BARS = {"notes": 0.995, "broken": 0.98, "lost": 0.85}
SIMPLIFIED = {
    "news": ("crud_news/text", "text"),
    "statutes": ("cn_laws_text/text", "text"),
    "encyclopaedia": ("cmrc2018/train", "context"),
    "wikipedia": ("zhwiki_sample/text", "text"),
}
TRADITIONAL = {"statutes": ("tw_laws_text/text", "text"), "encyclopaedia": ("drcd/dev", "context")}
ENGLISH = {"python": ("python_docs_zh_en/train", "en"), "tatoeba": ("tatoeba_zh_en/train", "en")}
_SENTENCE = re.compile("[^。！？]+[。！？]?[”’」』）]?")


@dataclass(frozen=True)
class Case:
    kind: str
    clean: str
    damaged: str


def held_out_lines(source: str, field: str, ranking: bool = False) -> Iterator[str]:
    with gzip.open(DATA / f"{source}.jsonl.gz", "rt", encoding="utf-8") as rows:
        for row in rows:
            for line in str(json.loads(row).get(field) or "").split("\n"):
                if line and held_out(line) and for_ranking(line) == ranking:
                    yield line


def sentences(
    sources: dict[str, tuple[str, str]], least: int = 10, most: int = 120, ranking: bool = False
) -> list[str]:
    found = {
        s.strip()
        for source, field in sources.values()
        for line in held_out_lines(source, field, ranking)
        for s in _SENTENCE.findall(line)
        if least <= len(s.strip()) <= most
    }
    return sorted(found)


def sentences_for_ranking() -> list[str]:
    """Sentences that training/train_repair_ranking.py may learn from: held out, but never drawn here."""
    return sorted(set(sentences(SIMPLIFIED, ranking=True)) - set(sentences(SIMPLIFIED)))


def kind_of(raw: bytes, annotated: bytes, x: bytes, marks: list[bytes]) -> str:
    """Tell from the bytes before decoding whether pairs broke and whether anything was lost."""
    shown = table().shown
    data = annotated
    for mark in marks:
        data = data.replace(mark, x + mark)
    i, broke, lost = 0, False, False
    while i < len(data):
        if data[i] < 0x80:
            i += 1
            continue
        if i + 1 == len(data):
            lost = True
            break
        trail = data[i + 1]
        if trail < 0x40 or trail == 0x7F:
            broke = True
            lost |= trail != 0x28
        elif not shown.get(data[i] << 8 | trail):
            lost = True
        i += 2
    return "lost" if lost else "broken" if broke else "notes"


USUAL = set(
    "標報補創產場礎財測側調點隊對達動獨當導費負發風過國關觀規個構環會號護價結堅監獎覺濟計紀進競級據機經庫擴聯絡來勵"
    "領沒門內農評強權區驅認設勢識實時數術書團態臺統萬問務無穩網獻現協鄉學習續訓遠驗陽揚業營預運醫應優養語專轉戰鎮質爭"
    "長準責謹績節範項愛贈樂擔聽寫買賣車滿類稱見開說簡儲訪潤購貿幾縣藍復"
)


@cache
def frequent() -> list[str]:
    """Characters seen annotated on pages, and those whose Simplified form is among the 1,500 most frequent."""
    counts = Counter(
        c
        for source, field in SIMPLIFIED.values()
        for ranking in (False, True)
        for line in held_out_lines(source, field, ranking)
        for c in line
    )
    han = [c for c, _ in counts.most_common() if "\u4e00" <= c <= "\u9fff"][:1500]
    return sorted(USUAL | {forms().traditional[c] for c in han if c in forms().traditional})


def entries(rng: random.Random) -> list[str]:
    """Draw a table of active entries in random order: a share of those seen on pages, fewer of the other common ones.

    Every annotated character seen on damaged pages is common; the rest are drawn from the 1,500 most frequent.
    """
    share = rng.uniform(0.15, 0.9)
    drawn = [c for c in frequent() if rng.random() < (share if c in USUAL else share / 4)]
    rng.shuffle(drawn)
    return drawn


def clean_enough(sentence: str) -> bool:
    """Whether a sentence is Simplified text of GBK characters, so that it can come back from the damage."""
    if "?" in encode(sentence).decode("gbk") or "?" in sentence or sentence.encode("gbk", "ignore") != encode(sentence):
        return False
    given = set(forms().traditional.values()) - {"著"}
    return not any(c in given for c in sentence) and any(c in forms().traditional for c in sentence)


def damaged_cases(
    count: int, seed: int, kinds: tuple[str, ...] = tuple(BARS), drawn_from: list[str] | None = None
) -> list[Case]:
    """Draw ``count`` damaged sentences, as many of each kind."""
    rng = random.Random(seed)
    pool = [s for s in drawn_from or sentences(SIMPLIFIED) if clean_enough(s)]
    rng.shuffle(pool)
    wanted = Counter({kind: count // len(kinds) for kind in kinds})
    cases: list[Case] = []
    for sentence in pool * 4:
        notes = entries(rng)
        marks = [m for m in "。！；，？（、" if rng.random() < 0.25]
        raw = encode(traditional(sentence))
        annotated = annotate(raw, notes)
        if annotated == raw:
            continue
        kind = kind_of(raw, annotated, b"\x7f", [encode(m) for m in marks])
        if wanted[kind] > 0:
            wanted[kind] -= 1
            cases.append(Case(kind, sentence, damage(sentence, notes, marks)))
        if not sum(wanted.values()):
            break
    return cases


def healthy_sentences(count: int, seed: int) -> list[tuple[str, str]]:
    """Draw healthy texts of several kinds."""
    rng = random.Random(seed)
    simplified, hant = sentences(SIMPLIFIED), sentences(TRADITIONAL)
    english = sentences(ENGLISH, 10, 300)
    pools = {
        "Simplified": simplified,
        "Traditional": hant,
        "English": english,
        "questions": [s.rstrip("。") + "?" for s in simplified],
        "lessons": [lesson(s, rng) for s in rng.sample(simplified + hant, min(len(simplified + hant), count // 8))],
        "readings": [reading(s, rng) for s in rng.sample(hant + simplified, min(len(simplified + hant), count // 8))],
        "formulas": [formula(s, rng) for s in rng.sample(simplified + hant, min(len(simplified + hant), count // 8))],
    }
    share = {"Simplified": 0.25, "Traditional": 0.25, "English": 0.1, "questions": 0.1}
    share |= {"lessons": 0.1, "readings": 0.1, "formulas": 0.1}
    return [
        (kind, t) for kind, pool in pools.items() for t in rng.sample(pool, min(len(pool), int(count * share[kind])))
    ]


def lesson(sentence: str, rng: random.Random) -> str:
    """Write pinyin after the characters, or after the words, of a part of the sentence."""
    from pypinyin import pinyin

    a = rng.randrange(max(1, len(sentence) // 2))
    b = len(sentence) if rng.random() < 0.5 else min(len(sentence), a + rng.randint(4, 12))
    out = []
    for i, c in enumerate(sentence):
        out.append(f"{c}({pinyin(c)[0][0]})" if a <= i < b and "\u4e00" <= c <= "\u9fff" else c)
    return "".join(out)


def reading(sentence: str, rng: random.Random) -> str:
    """Give the reading of one rare or ambiguous character, as writers do at its first occurrence."""
    from pypinyin import pinyin

    han = [i for i, c in enumerate(sentence) if "\u4e00" <= c <= "\u9fff"]
    if not han:
        return sentence
    i = max(han, key=lambda j: (len(pinyin(sentence[j], heteronym=True)[0]), rng.random()))
    shown = rng.choice(pinyin(sentence[i], heteronym=True)[0][1:] or pinyin(sentence[i])[0])
    left, right = rng.choice(["()", "（）", "[]"])
    return f"{sentence[: i + 1]}{left}{shown}{right}{sentence[i + 1 :]}"


def formula(sentence: str, rng: random.Random) -> str:
    """Put a formula or a piece of code into the sentence."""
    piece = rng.choice(["f(x)=sin(x)+cos(y)", "g(n)=O(n)", "P(A|B)?", "a?b:c", "print(x)", "sh(t)", "F(xi)", "W(x)"])
    i = rng.randrange(len(sentence))
    return f"{sentence[:i]}{piece}{sentence[i:]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--damaged", type=int, default=3000)
    parser.add_argument("--healthy", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="print this many failures of each kind")
    parser.add_argument("--kinds", nargs="+", default=list(BARS))
    args = parser.parse_args()
    good: Counter[str] = Counter()
    total: Counter[str] = Counter()
    unknowable: Counter[str] = Counter()
    silent: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    proofs: Counter[str] = Counter()
    began = time.process_time()
    for case in damaged_cases(args.damaged, args.seed, tuple(args.kinds)):
        fixed = repair(case.damaged)
        total[case.kind] += 1
        proofs[case.kind] += fixed.proven
        if fixed.text.translate(FOLD) == case.clean.translate(FOLD):
            good[case.kind] += 1
            continue
        unknowable[case.kind] += any(e.certainty == "lost" for e in fixed.edits)
        silent[case.kind] += all(e.certainty == "exact" for e in fixed.edits)
        failures[case.kind] += 1
        if failures[case.kind] <= args.show:
            print(f"{case.kind}\n  {case.damaged}\n  {fixed.text}\n  {case.clean}")
    spent = time.process_time() - began
    print(
        "\n| damaged sentences | count | restored exactly | bar | a digit was swallowed | proven | wrong, not flagged |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for kind, n in total.items():
        bar = BARS[kind]
        figures = (good[kind] / n, bar, unknowable[kind] / n, proofs[kind] / n)
        print(f"| {kind} | {n} | " + " | ".join(f"{f:.2%}" for f in figures) + f" | {silent[kind]} |")
    print(f"\n{spent / max(1, sum(total.values())) * 1000:.0f} ms of processor time a sentence")
    changed: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for kind, text in healthy_sentences(args.healthy, args.seed):
        kinds[kind] += 1
        if repair(text).text != text:
            changed[kind] += 1
            if changed[kind] <= args.show:
                print(f"{kind}\n  {text}\n  {repair(text).text}")
    print("\n| healthy texts | count | changed |\n| --- | ---: | ---: |")
    for kind, n in kinds.items():
        print(f"| {kind} | {n} | {changed[kind]} |")
    report = (DATA.parent / "corpus/forum-report.txt").read_text(encoding="utf-8")
    repair(report)
    began = time.process_time()
    repair(report)
    print(f"\nforum report: {time.process_time() - began:.2f} s")


if __name__ == "__main__":
    main()
