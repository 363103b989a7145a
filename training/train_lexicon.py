"""Learn the English-Chinese lexicon: IBM Model 1 on parallel text, blended with CC-CEDICT senses and our own glossary.

Run ``prepare.py`` first. Writes ``src/libqa/models/bundled/lexicon/lexicon.tsv``.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import common
import numpy as np

from libqa.models.lexicon import MAX_WORDS, base_forms

STOP = set(
    """a an the of to in on at by for from with without and or nor but if then than as is are was were be been being am
    do does did done doing have has had having will would shall should can could may might must it its he she they them
    his her their theirs this that these those there here i you we us our your my me him who whom whose which what when
    where why how not no so such into onto upon about above below under over between through during before after again
    s t re ve ll d m o e g etc also any each all some more most other same own only very too just because while until
    let make makes made get gets got please tell much many out up down off""".split()
)
TRUST = 0.5
"""Most that parallel text counts where the dictionary knows the word too."""
PART = 0.2
"""Share of the dictionary's weight for a word that goes to the longer senses it is part of ("western part")."""
KEPT = 8
"""Headwords kept of each kind for one English word."""
HAN = re.compile(r"[\u3400-\u9fff]")
FUNCTION_ZH = set(
    """的 了 在 是 和 与 及 或 之 其 他 她 它 我 你 们 有 为 于 以 者 而 则 并 将 被 把 对 所 这 那 不 也 就 都 但 该 此
    应 得 由 等 时 一 个 上 中 下 会 到 来 去 着 过 地 从 让 使 给 向 可 可以 如果 你们 我们 他们 她们 它们 这个 那个
    一个 一些 什么 以及 因为 所以 但是 如 无 未 非 一种 之一 某 本 各 项 条 第 款 吗 呢 吧 啊 说 里 没 没有 很 还 要
    能 最 更""".split()
)


def model1(
    pairs: list[tuple[list[int], list[int]]], n_from: int, rounds: int
) -> dict[tuple[int, int], tuple[float, float]]:
    """Return t(to | from) and the expected count for each co-occurring pair (IBM Model 1, with a NULL word 0)."""
    sides_a, sides_b, sentence = [], [], []
    base = 0
    for a, b in pairs:
        source_side = np.array([0, *a], np.int64)
        sides_a.append(np.tile(source_side, len(b)))
        sides_b.append(np.repeat(np.array(b, np.int64), len(source_side)))
        sentence.append(np.repeat(np.arange(base, base + len(b), dtype=np.int64), len(source_side)))
        base += len(b)
    link_a, link_b, token = (np.concatenate(x) for x in (sides_a, sides_b, sentence))
    n_to = int(link_b.max()) + 1
    keys, link = np.unique(link_a * n_to + link_b, return_inverse=True)
    source = keys // n_to
    t = np.ones(len(keys), np.float64)
    count = t
    for _ in range(rounds):
        weight = t[link]
        total = np.bincount(token, weight, base)
        count = np.bincount(link, weight / total[token], len(keys))
        t = count / np.bincount(source, count, n_from)[source]
    return {
        (int(k // n_to), int(k % n_to)): (float(p), float(c))
        for k, p, c in zip(keys, t, count, strict=True)
        if p > 0.005
    }


def learn_parallel(work: Path, known: set[str], rounds: int, limit: int) -> dict[str, dict[str, tuple[float, float]]]:
    """Return for each English base form the Chinese words with p(zh|en) and expected count."""
    en_ids: dict[str, int] = {"": 0}
    zh_ids: dict[str, int] = {"": 0}

    pairs = []
    with open(work / "parallel.tsv", encoding="utf-8") as lines:
        for line in lines:
            zh, en = (side.split(" ") for side in line.rstrip("\n").split("\t"))
            zh = [w for w in zh if HAN.match(w) and w not in FUNCTION_ZH]
            en = [base(w, known) for w in en if w not in STOP]
            if 0 < len(zh) <= limit and 0 < len(en) <= limit:
                pairs.append(
                    ([en_ids.setdefault(w, len(en_ids)) for w in en], [zh_ids.setdefault(w, len(zh_ids)) for w in zh])
                )
    print(f"{len(pairs)} sentence pairs, {len(en_ids)} English and {len(zh_ids)} Chinese words")
    forward = model1(pairs, len(en_ids), rounds)
    backward = model1([(b, a) for a, b in pairs], len(zh_ids), rounds)
    en_words, zh_words = list(en_ids), list(zh_ids)
    out: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    for (e, z), (p, c) in forward.items():
        q = backward.get((z, e), (0.0, 0.0))[0]
        if e and c >= 1.5 and q > 0.01:
            out[en_words[e]][zh_words[z]] = ((p * q) ** 0.5, c)
    return out


def base(word: str, known: set[str]) -> str:
    """Return the form under which a word is looked up: itself or what it is inflected from, if that is known."""
    return next((f for f in base_forms(word) if f in known), word)


def learn_dictionary(work: Path, counts: Counter[str]) -> dict[str, dict[str, float]]:
    """Return for each CC-CEDICT sense, and each content word of one, the headwords by how common they are."""
    exact: dict[str, dict[str, float]] = defaultdict(dict)
    parts: dict[str, dict[str, float]] = defaultdict(dict)
    lines = [line.split("\t") for line in (work / "cedict.tsv").read_text(encoding="utf-8").splitlines()]
    n_senses = Counter(zh for zh, _ in lines)
    lines = [(zh, sense) for zh, sense in lines if HAN.match(zh) and zh not in FUNCTION_ZH and sense not in STOP]
    known = {sense for _, sense in lines}
    for zh, sense in lines:
        words = sense.split(" ")
        weight = ((counts[zh] + 0.5) / n_senses[zh]) ** 0.5
        if len(words) <= MAX_WORDS:
            exact[sense][zh] = max(exact[sense].get(zh, 0.0), weight)
        content = [base(w, known) for w in words if w not in STOP]
        if len(words) > 1 and len(content) <= 2:
            for word in content:
                parts[word][zh] = max(parts[word].get(zh, 0.0), weight)
    out: dict[str, dict[str, float]] = {}
    for word in exact.keys() | parts.keys():
        score: Counter[str] = Counter()
        sides = ((exact.get(word, {}), 1 - PART), (parts.get(word, {}), PART))
        for senses, share in sides:
            best = dict(sorted(senses.items(), key=lambda x: -x[1])[:KEPT])
            for zh, weight in best.items():
                score[zh] += share * weight / sum(best.values())
        out[word] = dict(score)
    return out


def blend(
    parallel: dict[str, dict[str, tuple[float, float]]], dictionary: dict[str, dict[str, float]], top: int
) -> dict[str, list[tuple[str, float]]]:
    """Join both sources; the parallel side weighs more the more often the word was seen there."""
    lexicon = {}
    for word in parallel.keys() | dictionary.keys():
        learnt, senses = parallel.get(word, {}), dictionary.get(word, {})
        seen = sum(c for _, c in learnt.values())
        trust = seen / (seen + 20) * (TRUST if senses else 1.0)
        score: Counter[str] = Counter()
        norm = sum(p for p, _ in learnt.values()) or 1.0
        for zh, (p, _) in learnt.items():
            score[zh] += trust * p / norm
        total = sum(senses.values()) or 1.0
        for zh, weight in senses.items():
            score[zh] += (1 - trust) * weight / total
        best = [(zh, p) for zh, p in score.most_common(top) if p >= 0.03]
        if best and (senses or seen >= 3):
            lexicon[word] = best
    return lexicon


def add_glossary(lexicon: dict[str, list[tuple[str, float]]], path: Path, top: int) -> None:
    """Put the senses of the project's own glossary first; others share a third."""
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, senses = line.partition("\t")
        ours = senses.split(";")
        rest = [(zh, p / 3) for zh, p in lexicon.get(word, []) if zh not in ours]
        ranked = [(zh, 2 / 3 / len(ours) * (1.15 - 0.3 * i / len(ours))) for i, zh in enumerate(ours)]
        lexicon[word] = sorted([*ranked, *rest], key=lambda pair: -pair[1])[: max(top, len(ours))]


def main() -> None:
    parser = common.arguments(__doc__ or "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=int, default=32, help="longest sentence side, in words")
    parser.add_argument("--top", type=int, default=6)
    args = parser.parse_args()
    counts = Counter(dict(json.loads((args.work / "words.json").read_text(encoding="utf-8"))))
    latin = Counter(dict(json.loads((args.work / "latin.json").read_text(encoding="utf-8"))))
    dictionary = learn_dictionary(args.work, counts)
    parallel = learn_parallel(args.work, set(dictionary), args.rounds, args.limit)
    lexicon = blend(parallel, dictionary, args.top)
    add_glossary(lexicon, Path(__file__).with_name("glossary.tsv"), args.top)
    rare = {w for w in lexicon if " " in w and max(counts[zh] for zh, _ in lexicon[w]) == 0}
    rare |= {w for w in lexicon if " " not in w and latin[w] < 2 and max(counts[zh] for zh, _ in lexicon[w]) == 0}
    lines = []
    for word in lexicon.keys() - rare:
        terms = " ".join(f"{zh}:{round(100 * p)}" for zh, p in lexicon[word])
        lines.append(f"{word}\t{terms}\n".encode())
    lines.sort(key=lambda line: line.split(b"\t")[0])
    out = common.BUNDLED / "lexicon" / "lexicon.tsv"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(b"".join(lines))
    print(f"{len(lines)} entries, {out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
