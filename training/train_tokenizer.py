"""Build the vocabulary of the embedder and the reader: a unigram model over folded text.

Chinese pieces are the dictionary words and characters that the data uses, Latin pieces are frequent words and parts of
words by the unigram trainer, punctuation is kept as single characters (the reader needs it). Run ``prepare.py`` first.
Writes ``src/libqa/models/bundled/embedder/pieces.tsv`` and, in the work folder, ``piece_counts.json``.
"""

from __future__ import annotations

import json
import math
from collections import Counter

import common
from tokenizers import Tokenizer, models, trainers

from libqa.text.script import fold

PUNCTUATION = "，。、；：？！“”‘’（）《》〈〉【】〔〕…-·.,;:?!'\"()[]{}<>/\\_~%‰℃°+=*&#@$€£¥^|"
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789àáâãäåæçèéêëìíîïñòóôõöøùúûüýßāēěīōūǎǐǒǔǖǘǚǜńň"
LONGEST = 4
"""Longest Chinese piece, in characters: longer words are compounds whose parts carry the meaning."""


def latin_parts(counts: Counter[str], size: int) -> list[str]:
    """Return parts of Latin words and numbers by the unigram trainer."""
    tokenizer = Tokenizer(models.Unigram())
    trainer = trainers.UnigramTrainer(vocab_size=size, show_progress=False, max_piece_length=16, shrinking_factor=0.6)
    words = (word for word, n in sorted(counts.items()) if n >= 3 for _ in range(min(n, 50)))
    tokenizer.train_from_iterator(words, trainer)
    return sorted(tokenizer.get_vocab())


def main() -> None:
    parser = common.arguments(__doc__ or "")
    parser.add_argument("--size", type=int, default=64000)
    parser.add_argument("--latin", type=int, default=19000, help="whole Latin words and numbers")
    parser.add_argument("--parts", type=int, default=4000, help="parts of Latin words")
    args = parser.parse_args()
    han = Counter(dict(json.loads((args.work / "words.json").read_text(encoding="utf-8"))))
    latin = Counter(dict(json.loads((args.work / "latin.json").read_text(encoding="utf-8"))))

    characters: Counter[str] = Counter()
    for word, n in han.items():
        for c in word:
            characters[c] += n
    weights: Counter[str] = Counter({c: max(han[c], 0.5) for c, n in characters.items() if n >= 3})
    for word, n in latin.most_common(args.latin):
        if len(word) <= 16 and not (word.isdigit() and len(word) > 4):
            weights[word] = n
    for part in latin_parts(latin, args.parts):
        weights[part] = max(weights[part], 0.1)
    for c in fold(PUNCTUATION):
        weights[c] = 1e4
    for c in LETTERS:
        weights[c] = max(weights[c], 0.05)
    last = 0
    for word, n in han.most_common():
        if len(weights) >= args.size - 1:
            break
        if 1 < len(word) <= LONGEST:
            weights[word], last = n, n
    total = sum(weights.values())
    ranked = weights.most_common()
    lines = ["[UNK]\t3000"] + [f"{p}\t{round(-100 * math.log(n / total))}" for p, n in ranked]
    out = common.BUNDLED / "embedder" / "pieces.tsv"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (args.work / "piece_counts.json").write_text(json.dumps([0.0] + [n for _, n in ranked]), encoding="utf-8")
    print(f"{len(lines)} pieces; last word count {last}; {out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
