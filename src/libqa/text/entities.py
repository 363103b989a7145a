"""Spans that can answer a question by themselves: dates, numbers, people, organisations, places, titles.

Rules over folded text and jieba's word frequencies; no model. Recall comes first: the ranking of candidates decides.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from libqa.text import dictionary, segment
from libqa.text.script import fold

EntityKind = Literal["date", "number", "person", "organisation", "place", "title"]


@dataclass(frozen=True, slots=True)
class Entity:
    """``text[start:end]`` names something of the given kind."""

    kind: EntityKind
    start: int
    end: int


Word = tuple[str, int, int]

_HAN = "\u4e00-\u9fff"
_DIGITS = r"[0-9〇零一二三四五六七八九十]"
_TO = r"\s?(?:至|到|—+|-+|~|–)\s?"
_DAY = rf"{_DIGITS}{{1,3}}(?:{_TO}{_DIGITS}{{1,3}})?\s?(?:日|号)"  # 8—9日
_DATE = re.compile(
    rf"(?:公元前?|民国|前)?(?:(?:(?<!\d)\d{{1,4}}|[〇零一二三四五六七八九]{{4}})\s?年代?(?:初|底|末|中|春|夏|秋|冬)?"
    rf"(?:\s?{_DIGITS}{{1,3}}\s?月(?:份|初|底|中旬|上旬|下旬)?(?:\s?{_DAY})?)?"
    rf"|\d{{1,2}}{_TO}\d{{1,2}}月"
    rf"|{_DIGITS}{{1,3}}\s?月(?:\s?{_DAY})?|{_DAY}|{_DIGITS}{{1,3}}世纪(?:\d+年代)?"
    r"|(?:19|20)\d\d[-./]\d{1,2}(?:[-./]\d{1,2})?(?!\d))"
)
_DATE_TAIL = re.compile(
    rf"{_TO}(?:(?:19|20)\d\d\s?年?|\d{{1,4}}\s?年)?(?:\s?{_DIGITS}{{1,3}}\s?月)?(?:\s?{_DIGITS}{{1,3}}\s?(?:日|号))?"
)
_YEARS = re.compile(r"(?<!\d)(?:19|20)\d\d\s?(?:—+|-+|~|–|至)\s?(?:19|20)\d\d年?")
# 万 and 亿 stand inside a numeral where it goes on, 一亿三千六百 or 1亿3600; at its end they are its scale.
_NUMERAL = (
    r"(?:\d[\d,]*(?:\.\d+)?(?:[万亿]\d[\d,]*(?:\.\d+)?)*"
    r"|[〇零一二两三四五六七八九十百千](?:[〇零一二两三四五六七八九十百千]|[万亿](?=[零一二两三四五六七八九]))*)"
)
# What belongs to a number before it: 不超过4小时 is another answer than 超过4小时.
_ABOUT = "(?<![预合条公签制])约|近|逾|不?超过|不少于|不低于|不足|不到|至少|至多|最多|超|共计?|总计|达到?|累计|第|百分之"
_PHONE = re.compile(r"(?<!\d)(?:0\d{2,3}-\d{7,8}(?:-\d{1,4})?|1[3-9]\d{9})(?!\d)")
_NUMBER = re.compile(
    rf"(?:{_ABOUT})?{_NUMERAL}[多余几]?(?:百|千|万|亿|百万|千万|万亿)?[多余几]?"
    rf"(?:%|‰|[{_HAN}])?"
)
_MEASURES = (
    "平方公里 平方千米 平方米 公里 千米 厘米 毫米 公斤 千克 人次 万元 亿元 港元 美元 分钟 小时 个月 余人 多人 "
    "门次 学时 "
    "人 名 位 个 所 家 场 次 项 门 册 种 座 支 届 组 年 月 天 日 周 岁 米 度 元 倍 条 件 篇 本 层 间 台 辆 张 份 "
    "套 卷 部 户 县 省 市 国 通 只 棵 片 "
    "队 类 处 批 级 款 期 集 代 只 枚 架 艘 顷 亩 吨 克 斤 秒 分 点 % ‰ 馆 校 词 字 页 人员 学生"
).split()
_MEASURE = re.compile("|".join(sorted(map(re.escape, _MEASURES), key=len, reverse=True)))
_PAIRS = {"《": "》", "“": "”", "「": "」", "『": "』", "‘": "’", '"': '"'}

SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高梁郑谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫段雷侯龙"
    "史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤兰党游都燕满裴岑殷柴牛樊游穆萧章鲁葛伍毕聂丛焦柳邢岳齐梅骆庄辛管祝左涂谷时费翁祁尤解阮舒耿牟卜路詹关苗凌宁甘蓝景古包司鲍冉成欧"
    "俞冷褚娄竺卫喻池糜柏窦苑宫步桂温易常乔文欧翟申屈霍康施米倪季庞车连"
)
# Compound surnames of 百家姓 and those still borne besides; the spellings are those of `fold`.
COMPOUND = frozenset(
    fold(name)
    for name in (
        "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 端木 司徒 夏侯 独孤 鲜于 长孙 宇文 轩辕 呼延 闻人 澹台 公冶 "
        "申屠 太史 淳于 单于 钟离 濮阳 赫连 万俟 百里 东郭 南宫 西门 第五 拓跋 公羊 公良 公西 太叔 仲孙 宗政 司空 司寇 "
        "亓官 颛孙 子车 巫马 漆雕 乐正 壤驷 夹谷 宰父 谷梁 段干 南门 东门 梁丘 左丘 羊舌 微生 耶律 完颜 纳兰 叶赫 哥舒 "
        "贺兰 屈突 富察"
    ).split()
)
# Of these the ones that are ordinary words too, so that something else has to say that a name is meant.
_ALSO_WORDS = frozenset("东方 上官 司空 百里 南门 东门 西门 第五 单于 长孙 公良 微生 子车".split())
_ROLES = (
    "馆长 教授 研究馆员 副研究馆员 主任 书记 校长 院长 处长 部长 司长 秘书长 理事长 会长 主席 委员 院士 博士 老师 "
    "先生 女士 同志 巡视员 厅长 局长 "
    "市长 省长 总理 总统 总裁 总经理 经理 董事长 主编 记者 研究员 工程师 讲师 专家 导演 作者 学者 律师 医生 将军 助理"
).split()
_ROLE_BEFORE = re.compile(f"(?:{'|'.join(_ROLES)})$")
_ROLE_AFTER = re.compile(f"(?:{'|'.join(sorted(_ROLES, key=len, reverse=True))}|副)")
_ROLE_ANYWHERE = re.compile(f".*(?:{'|'.join(_ROLES)})(?=.)")
_FOREIGN = re.compile(rf"[{_HAN}]{{1,6}}(?:·[{_HAN}]{{1,8}})+")
_LATIN_NAME = re.compile(r"[A-Z][a-z'-]+(?: [A-Z]\.)*(?: [A-Z][a-z'-]+)+")
_LATIN_BODY = re.compile(
    "Librar|Universit|College|School|Institut|Cent(?:er|re)|Committee|Alliance|Union|Press|Compan|Forum"
)

_ORG_ENDS = (
    "大学 学院 图书馆 博物馆 体育馆 公司 集团 委员会 联盟 中心 研究所 研究院 教育部 教育厅 教委 出版社 协会 学会 "
    "工作组 指导委员会 工委 医院 银行 "
    "中学 小学 党委 政府 法院 部队 基金会 联合会 协作组 分会 高校图工委 图工委 期刊社 报社 电视台 学校 高校 馆 处 "
    "局 厅 社 书店 书局 团委 工会 学生会 编辑部 实验室 办公室 工作站 研究会"
).split()
_BODY_END = re.compile("(?:大学|学院|图书馆|学校|高校)$")
_LONGER = re.compile(
    "(?:图书馆)?(?:建设|发展|服务|合作|协作)?(?:专家|学术|创新|工作)?(?:联盟|委员会|协会|学会|联合会|基金会|协作组|论坛|研讨会|联席会)"
)
"""What shows that a name goes on: 一流大学图书馆 is none in 一流大学图书馆建设联盟."""
_ORG_END = re.compile("|".join(sorted(_ORG_ENDS, key=len, reverse=True)))
_PROVINCES = (
    "北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 "
    "贵州 云南 陕西 甘肃 青海 台湾 内蒙古 "
    "广西 西藏 宁夏 新疆 香港 澳门"
).split()
_CITIES = (
    "成都 西安 昆明 贵阳 兰州 西宁 银川 乌鲁木齐 拉萨 呼和浩特 南宁 桂林 绵阳 延安 喀什 石河子 德阳 达州 武汉 "
    "长沙 广州 深圳 南京 杭州 苏州 宁波 厦门 福州 "
    "南昌 合肥 郑州 济南 青岛 沈阳 大连 长春 哈尔滨 石家庄 太原 海口 三亚 台北 高雄"
).split()
_COUNTRIES = (
    "中国 美国 英国 法国 德国 日本 韩国 俄罗斯 加拿大 澳大利亚 印度 意大利 西班牙 新加坡 欧洲 亚洲 非洲".split()
)
_PLACE = re.compile(
    rf"(?:{'|'.join(_PROVINCES + _CITIES + _COUNTRIES)})(?:省|市|自治区|维吾尔自治区|壮族自治区|回族自治区)?"
    rf"|[{_HAN}]{{2,5}}(?:省|市|县|自治区|自治州|校区|街道|半岛|群岛|(?<![地社园片灾山自治])区)"
)
_PLACES = re.compile(rf"(?:{_PLACE.pattern.split('|[')[0]}){{2,3}}")
# Verbs and prepositions that follow names far more often than they end them.
_SELDOM_GIVEN = frozenset("作以致在对就从向由于任主出表指认说称讲谈介赴到为提带率等还各曾慕都则也并又已均")
# Characters at which a name of an organisation or place cannot go on to the left.
_STOPPERS = frozenset(
    '由与和及在以对为是于从向被将把的了着到至等并也而或即该各其由给让使、。，,;；:：!！?？()（）《》“”‘’"\n 　'
)


@lru_cache(maxsize=1024)
def cut(text: str) -> tuple[Word, ...]:
    """Return ``segment.words(text)``, remembered: several steps need the words of one passage."""
    return tuple(segment.words(text))


@lru_cache(maxsize=1024)
def find(text: str) -> tuple[Entity, ...]:
    """Return the entities of ``text`` in order of their start; kinds may overlap (a title may hold a body)."""
    folded = fold(text)
    words = cut(text)
    found = [*_dates(folded), *_numbers(folded), *_titles(text), *_places(folded), *_organisations(folded, words)]
    found += [Entity("person", start, end) for start, end in _people(text, folded, words)]
    return tuple(sorted(set(found), key=lambda e: (e.start, e.end, e.kind)))


def people(text: str) -> list[tuple[int, int]]:
    """Return spans of personal names: Chinese ones (surname and one or two characters), transcribed and Latin ones.

    A Chinese name is accepted where "a name and then the rest" is likelier than any split into dictionary words;
    a role before or after (馆长, 教授) and list marks make it likelier.
    """
    return _people(text, fold(text), cut(text))


def _dates(folded: str) -> Iterator[Entity]:
    for m in _YEARS.finditer(folded):
        yield Entity("date", m.start(), m.end())
    for m in _DATE.finditer(folded):
        yield Entity("date", m.start(), m.end())
        tail = _DATE_TAIL.match(folded, m.end())
        if tail and re.search(_DIGITS, tail[0]):
            yield Entity("date", m.start(), tail.end())


def _numbers(folded: str) -> Iterator[Entity]:
    phones = [m.span() for m in _PHONE.finditer(folded)]
    yield from (Entity("number", start, end) for start, end in phones)
    for m in _NUMBER.finditer(folded):
        end = m.end()
        if any(a < end and m.start() < b for a, b in phones):
            continue
        core = re.match(
            rf"(?:{_ABOUT})?{_NUMERAL}[多余几]?(?:百|千|万|亿|百万|千万|万亿)?[多余几]?",
            m[0],
        )
        stop = m.start() + (len(core[0]) if core else len(m[0]))
        measure = _MEASURE.match(folded, stop)
        if not re.search(r"\d", m[0]) and not measure and not re.search("[十百千万亿]", m[0][:-1]):
            continue  # 一 in 一流, 三 in 三位一体
        yield Entity("number", m.start(), measure.end() if measure else stop if m[0][-1] not in "%‰" else end)


def _titles(text: str) -> Iterator[Entity]:
    for at, mark in enumerate(text):
        if mark in _PAIRS:
            close, depth = _PAIRS[mark], 0
            for end in range(at + 1, min(len(text), at + 80)):
                if text[end] == mark and mark != close:
                    depth += 1
                elif text[end] == close:
                    if depth == 0:
                        if end > at + 1:
                            yield Entity("title", at, end + 1)
                        break
                    depth -= 1


def _places(folded: str) -> Iterator[Entity]:
    for m in _PLACES.finditer(folded):
        yield Entity("place", m.start(), m.end())
    for m in _PLACE.finditer(folded):
        cut = max((i for i in range(m.start(), m.end()) if folded[i] in _STOPPERS), default=m.start() - 1) + 1
        if m.end() - cut >= 2:
            yield Entity("place", cut, m.end())


def goes_on(folded: str, end: int) -> bool:
    """Whether what looks like the name of a body up to ``end`` is the beginning of a longer one."""
    return _LONGER.match(folded, end) is not None and _BODY_END.search(folded, max(0, end - 4), end) is not None


def _organisations(folded: str, words: Sequence[Word]) -> Iterator[Entity]:
    starts = {start: word for word, start, _ in words}
    ends = {end for _, _, end in words}
    for m in _ORG_END.finditer(folded):
        if m.end() not in ends or goes_on(folded, m.end()):
            continue
        start = m.start()
        while start > 0 and folded[start - 1] not in _STOPPERS and m.end() - start < 30:
            start -= 1
        while start < m.start() and dictionary.part_of_speech(starts.get(start, ""))[:1] in tuple("vdpcufrm"):
            start += len(starts.get(start, " "))  # verbs and the like before the name: 成立, 特邀, 定期开展
        if m.end() - start > 2:
            yield Entity("organisation", start, m.end())


def _cost(run: str) -> float:
    """Negative log-probability (nats) of the likeliest split of ``run`` into words of jieba's dictionary."""
    best = [0.0] + [math.inf] * len(run)
    log_total = math.log(dictionary.total())
    for i in range(len(run)):
        for j in range(i + 1, min(len(run), i + 6) + 1):
            count = dictionary.frequency(run[i:j])
            if count or j == i + 1:
                best[j] = min(best[j], best[i] + log_total - math.log(max(count, 0.5)))
    return best[-1]


def _people(text: str, folded: str, words: Sequence[Word]) -> list[tuple[int, int]]:
    starts = {start: word for word, start, _ in words}
    ends = {end: word for word, _, end in words if dictionary.part_of_speech(word) not in ("nr", "nrt", "nrfg", "nz")}
    found = []
    for m in _FOREIGN.finditer(folded):
        role = _ROLE_ANYWHERE.match(m[0])
        start = m.start() + (role.end() if role else 0)
        end = m.end()
        while (word := ends.get(end, "")) and dictionary.part_of_speech(word)[:1] in tuple("vpcdun"):
            end -= len(word)  # a verb that follows the name: 出席, 致辞
        if "·" in folded[start:end].rstrip("·") and _transcribed(folded[start:end]):
            found.append((start, end))
    found += [m.span() for m in _LATIN_NAME.finditer(text) if not _LATIN_BODY.search(m[0])]
    at = 0
    while at < len(folded):
        size = 0
        if at in starts:
            size = 2 if folded[at : at + 2] in COMPOUND else 1 if folded[at] in SURNAMES else 0
        known = starts.get(at, "")
        listed = bool(size) and size < len(known) <= size + 2 and dictionary.part_of_speech(known) == "nr"
        end = at + len(known) if listed else 0
        if size and (not listed or size == 2):  # 上官云 of the dictionary may be the beginning of 上官云岫
            end = max(end, _name_end(folded, at, size))
        if end:
            found.append((at, end))
        at = end or at + 1
    return sorted(set(found))


def _transcribed(name: str) -> bool:
    """Whether the parts of a name with middle dots are no ordinary words (智慧图书馆·未来学习中心 is no person)."""
    return all(
        dictionary.part_of_speech(part) in ("", "nr", "ns", "nrt", "nrfg", "nz") for part in name.split("·")
    ) and not (_ORG_END.search(name))


def _name_end(folded: str, at: int, size: int) -> int:
    window = re.match(rf"[{_HAN}]{{2,9}}", folded[at : at + 9])
    if not window:
        return 0
    run = window[0]
    before = folded[max(0, at - 4) : at]
    role_before = bool(_ROLE_BEFORE.search(before))
    trade_before = before[-1:] in tuple("师员长家手者")  # 建筑师, 馆员, 画家
    edge_before = not before or before[-1] in _STOPPERS
    as_words = _cost(run)
    best, best_end = as_words, 0
    for given in (2, 1):
        stop = size + given
        if len(run) < stop or any(c in "的了是在和与及为以" for c in run[size:stop]):
            continue
        rest = run[stop:]
        # A name costs its surname (about 1 in 100), its given characters (about 1 in 800 each) and its rarity in prose.
        cost = 4.6 + 6.7 * given + (6.0 if given == 2 else 7.0)
        if run[:size] in _ALSO_WORDS and (rest or re.match(f"[{_HAN}]", before[-1:])):  # it does not stand alone
            cost += 6.0
        if run[stop - 1] in _SELDOM_GIVEN:
            cost += 4.0
        cost -= 6.0 * role_before + 4.0 * (trade_before and not role_before) + 1.5 * edge_before
        if _ROLE_AFTER.match(rest):
            cost -= 6.0
        elif not rest or rest[0] in _STOPPERS:
            cost -= 1.5
        cost += _cost(rest) if rest else 0.0
        if cost < best:
            best, best_end = cost, at + stop
    return best_end
