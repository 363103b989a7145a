"""Short names and by-names written out: 西交大 is 西安交通大学, 山城 is 重庆. Readers use them, reports seldom do."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from libqa.text import dictionary, entities
from libqa.text.script import fold, language, to_hant

_SHORT = {
    "北京大学": "北大",
    "清华大学": "清华",
    "中国人民大学": "人大",
    "北京师范大学": "北师大",
    "北京航空航天大学": "北航",
    "北京理工大学": "北理工",
    "北京交通大学": "北京交大 北交大",
    "中国农业大学": "中国农大 农大",
    "南开大学": "南开",
    "天津大学": "天大",
    "大连理工大学": "大连理工",
    "吉林大学": "吉大",
    "东北大学": "东大",
    "哈尔滨工业大学": "哈工大",
    "复旦大学": "复旦",
    "同济大学": "同济",
    "上海交通大学": "上海交大 上交大 交大",
    "华东师范大学": "华东师大 华师大",
    "南京大学": "南大",
    "东南大学": "东大",
    "浙江大学": "浙大",
    "中国科学技术大学": "中国科大 中科大",
    "厦门大学": "厦大",
    "山东大学": "山大",
    "中国海洋大学": "中国海大 海大",
    "中国石油大学": "石大",
    "郑州大学": "郑大",
    "武汉大学": "武大",
    "华中科技大学": "华中科大 华科大 华科",
    "湖南大学": "湖大",
    "中山大学": "中大",
    "华南理工大学": "华南理工 华工",
    "四川大学": "川大",
    "重庆大学": "重大 重庆大",
    "重庆医科大学": "重医大 重医",
    "西南大学": "西大",
    "西南师范大学": "西南师大 西师",
    "西南交通大学": "西南交大 交大",
    "电子科技大学": "电子科大 成电",
    "西南财经大学": "西南财大 西财",
    "西南石油大学": "西南石大 西石大 石大",
    "成都理工大学": "成都理工 成理",
    "四川农业大学": "四川农大 川农大 川农 农大",
    "成都中医药大学": "成都中医大 成中医",
    "四川师范大学": "四川师大 川师大 川师 师大",
    "云南大学": "云大",
    "贵州大学": "贵大",
    "西藏大学": "藏大",
    "西北大学": "西北大 西大",
    "西安交通大学": "西安交大 西交大 交大",
    "西北工业大学": "西工大 西北工大 工大",
    "西安电子科技大学": "西安电子科大 西电",
    "西北农林科技大学": "西农大 西农 农大",
    "长安大学": "长大",
    "陕西师范大学": "陕西师大 陕师大 师大",
    "西安理工大学": "西安理工 西理工",
    "延安大学": "延大",
    "兰州大学": "兰大",
    "青海大学": "青大",
    "宁夏大学": "宁大",
    "新疆大学": "新大",
    "石河子大学": "石河子大 石大",
    "内蒙古大学": "内蒙古大 内大",
    "广西大学": "广西大 西大",
}
_NICKNAMES = {
    "北京": "京城",
    "天津": "津门 津城",
    "上海": "沪上 申城",
    "重庆": "山城 渝州",
    "成都": "蓉城 锦城",
    "昆明": "春城",
    "西安": "古城长安 古都长安",
    "拉萨": "日光城",
    "南宁": "邕城",
    "武汉": "江城",
    "广州": "羊城",
    "深圳": "鹏城",
    "南京": "金陵 石头城",
    "杭州": "杭城",
    "苏州": "姑苏",
    "福州": "榕城",
    "厦门": "鹭岛",
    "泉州": "鲤城",
    "济南": "泉城",
    "哈尔滨": "冰城",
    "长春": "北国春城",
    "延安": "革命圣地",
    "四川": "蜀地 巴蜀",
    "贵州": "黔地 黔省 黔方",
    "云南": "滇地 滇省 彩云之南",
    "陕西": "三秦大地 三秦 秦地",
    "甘肃": "陇原 陇地",
    "宁夏": "塞上江南",
    "新疆": "南疆 北疆",
    "西藏": "雪域高原 藏地",
    "广西": "八桂大地 八桂",
    "浙江": "浙省 浙方",
    "山东": "齐鲁大地 齐鲁",
    "山西": "三晋大地 三晋",
    "河北": "燕赵大地 燕赵",
    "河南": "中原大地",
    "湖北": "荆楚大地 荆楚",
    "湖南": "三湘 潇湘 湖湘",
    "广东": "岭南",
    "福建": "八闽大地 八闽",
    "江西": "赣鄱大地 赣鄱",
}
_ALSO_WORDS = frozenset("重大 人大 天大 中大 山大 长大 新大 海大 东大 青大 宁大 西大".split())
_BODY = re.compile(r"的?(?:图书|馆|校|老师|学生|师生|教授|同学)|\d")
"""What follows a short name that is an ordinary word as well (重大)."""
_GOES_ON = {
    "whole": "学",  # 川大 of 四川大学
    "clipped": "大|学|附|中|小|园|医|区|县|市|院",  # 清华大学, 清华附中
    "nickname": "大学|学院|学校|图书馆|区|县|镇|山|路|街|报|集团|公司|银行",  # 金陵图书馆 is not the library of 南京
}
"""What shows that a name only begins like a short one."""


@lru_cache(maxsize=1)
def _names() -> dict[str, list[str]]:
    """For each short name the names it may stand for."""
    found: dict[str, list[str]] = {}
    for table in (_SHORT, _NICKNAMES):
        for full, said in table.items():
            for short in said.split():
                found.setdefault(short, []).append(full)
    return found


@lru_cache(maxsize=1)
def _nicknames() -> frozenset[str]:
    return frozenset(short for said in _NICKNAMES.values() for short in said.split())


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    def alone(short: str) -> str:
        sort = "nickname" if short in _nicknames() else "whole" if short.endswith("大") else "clipped"
        return f"{re.escape(short)}(?!{_GOES_ON[sort]})"

    return re.compile("|".join(map(alone, sorted(_names(), key=len, reverse=True))))


def written_out(text: str, holds: Callable[[str], bool]) -> str:
    """Return a Chinese question with its short names written out, in its script.

    A name is put in where the documents hold it (``holds``) and none of the others that the short one may stand for,
    nor the by-name of a place itself, and only where no word is cut: 云南大部分 has no 南大 in it.
    """
    folded, shift = fold(text), 0
    if not _pattern().search(folded):
        return text
    words = [(a, b) for word, a, b in entities.cut(text) if dictionary.frequency(word)]
    script, out = language(text), text
    for m in _pattern().finditer(folded):
        full = [name for name in _names()[m[0]] if holds(name)]
        nickname, doubtful = m[0] in _nicknames(), m[0] in _ALSO_WORDS
        cut = any(a < m.start() < b or ((nickname or doubtful) and a < m.end() < b) for a, b in words)
        if len(full) != 1 or cut or (nickname and holds(m[0])) or (doubtful and not _BODY.match(folded, m.end())):
            continue
        name = to_hant(full[0]) if script == "zh-Hant" else full[0]
        out = out[: m.start() + shift] + name + out[m.end() + shift :]
        shift += len(name) - (m.end() - m.start())
    return out
