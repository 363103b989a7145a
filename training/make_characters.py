"""Write src/libqa/text/data/characters.tsv: the Han characters of GBK that the damage converts or annotates.

Columns: character, Simplified form (what repair prints), 1 if the damage's converter gives this character for that
Simplified form (0 where the converter is known to leave the Simplified form alone), pinyin readings (usual one first).
Sources: OpenCC's character dictionaries and pypinyin's; exceptions are those observed in damaged pages.
"""

from pathlib import Path

import opencc
from pypinyin import pinyin

TARGET = Path(__file__).resolve().parent.parent / "src/libqa/text/data/characters.tsv"
# Both scripts use these forms, and the converter leaves them as they are.
STAY = set(
    "后里云于并范采斗征制余占系游愿吃么群辟痴床唇峰干雇挂丑杠伙杰霉秘尸虱咸凶岩涌郁吁岳皂灶筑咨肴腌粽"
    "污泄睾檐腭幺痹棱苧厘淀凄熏蝎蚝跖昵栖膻炖沄肮蒏蔂松只谷升卷胡面表回布周志注向致舍出千秋折合梁制借仿"
)
FORCED = dict(
    zip(
        "台着症发陕踊鲇鳁脏湿鉴钟冲签闲钻净艳墙锈叹碱饥卤哗几划复准",
        "臺著癥發陜踴鮎鰮臟濕鑒鐘沖簽閑鉆凈艷墻銹嘆堿饑鹵嘩幾劃復準",
        strict=True,
    )
)


def han() -> list[str]:
    found = []
    for lead in range(0x81, 0xFF):
        for trail in [*range(0x40, 0x7F), *range(0x80, 0xFF)]:
            try:
                c = bytes([lead, trail]).decode("gbk")
            except UnicodeDecodeError:
                continue
            if "\u3400" <= c <= "\u9fff":
                found.append(c)
    return found


def main() -> None:
    to_hans, to_tw = opencc.OpenCC("t2s").convert, opencc.OpenCC("s2tw").convert
    chars = han()
    gbk = set(chars)
    forward: dict[str, str] = {}
    for s in chars:
        t = FORCED.get(s) or to_tw(s)
        if t != s and s not in STAY and t in gbk and (s in FORCED or to_hans(s) == s):
            forward[s] = t
    simple: dict[str, str] = {t: s for s, t in forward.items()}
    for t in chars:
        s = to_hans(t)
        if t not in simple and s != t and s in gbk:
            simple[t] = s
    rows = []
    for t in chars:
        if t in simple:
            readings = dict.fromkeys(pinyin(t, heteronym=True)[0])
            rows.append(f"{t}\t{simple[t]}\t{int(forward.get(simple[t]) == t)}\t{' '.join(readings)}\n")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text("".join(rows), encoding="utf-8")
    print(f"{len(rows)} characters, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
