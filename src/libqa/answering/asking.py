"""What type a question is, what it asks for, and which of its words only ask: rules for Chinese and English."""

from __future__ import annotations

import re
from typing import Literal

from libqa.text import dictionary, segment
from libqa.text.script import fold, language

Kind = Literal["who", "when", "where", "number", "list", "which", "why", "how", "what", "yesno"]
KINDS: tuple[Kind, ...] = ("who", "when", "where", "number", "list", "which", "why", "how", "what", "yesno")
# Measure words after 多少/几 tell a count from a choice; 几 also opens dates (几月几日) and lists (哪几个).
_MEASURE = (
    "个人名位所家场次项门册种类座支届组年天月日周岁米度元万亿倍条件篇本层间台辆张份套卷部户县省市国只头棵片栋幢对批轮期"
)
_CLASSIFIERS = frozenset("个位家所场项种类座名届方次支本篇份栋款部条门张层间")
_ZH_RULES: tuple[tuple[Kind, str], ...] = (
    ("why", r"为什么|为何|为啥|何以|何故|缘何|原因|什么缘故|怎么会|凭什么"),
    ("list", r"(?:各|分别)[^,。;?谁哪]{0,4}(?:多少|几)"),  # 各有多少: more than one number
    (
        "when",
        r"什么时候|什么时间|何时|何年|何月|哪一?年|哪一?天|哪一?日|哪一?月|哪个月|几月|几号|几时|哪个年份|时间是|日期|多久以前|啥时候|哪几天|哪几年|哪个世纪|什么年代|哪个?时期",
    ),
    (
        "number",
        r"多少|百分之几|几分之几|几成(?![立为员])|多大|多高|多长|多远|多久|多重|多宽|多深|(?<!哪)几["
        + _MEASURE
        + r"余成分]|第几|占比|比例是|(?:总数|人数|数量|面积|金额|经费)(?:是|为|有)?(?:多少|几)?[?]?$",
    ),
    (
        "list",
        r"哪些|哪几|哪[二两三四五六七八九十\d]+|分别|包括什么|包含什么|列出|列举|几方面是|都有谁|由谁组成|各是",
    ),
    ("who", r"谁|何人|哪位|哪一位|什么人|哪名|哪一?个(?:人|领导|官员|专家|教授|学者|老师|馆长|部长|作者)"),
    (
        "where",
        r"哪里|哪儿|何处|何地|什么地方|什么地点|地点|哪个?(?:城市|地方|省|市|县|区|国家|校区)|在哪|位于哪|坐落|哪座城市",
    ),
    ("how", r"怎么样|怎么|如何|怎样|以什么方式|什么方式|何种方式|通过什么"),
    ("which", r"哪|什么(?!样|是|叫)[\u4e00-\u9fff]|何种|叫什么|是什么名|名称"),
    ("what", r"什么|何谓|啥"),
    ("yesno", r"吗[?]?$|是否|是不是|有没有|能否|可否|会不会|对吗|对不对"),
)
_EN_RULES: tuple[tuple[Kind, str], ...] = (
    ("why", r"\bwhy\b|\bwhat (?:was|is|were) the reasons?\b|\breason (?:for|why)\b"),
    ("when", r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|time|deadline)\b|\bhow long ago\b"),
    (
        "number",
        r"\bhow (?:many|much|long|far|large|big|often|high|old|tall)\b"
        r"|\bwhat (?:is|was) the (?:number|total|area|size|amount)\b"
        r"|\b(?:what|which) (?:percentage|share|proportion)\b",
    ),
    ("where", r"\bwhere\b|\b(?:what|which) (?:city|place|province|country|campus|venue)\b"),
    (
        "who",
        r"\bwho(?:m|se)?\b|\b(?:which|what) (?:\w+ )?(?:person|speaker|professor|director|expert|leader|official"
        r"|scholar|minister|governor|mayor|scientist|dean|author|editor)\b",
    ),
    (
        "list",
        r"\bwhat are\b|\bwhich (?:\w+ )?(?:\w+s|people) (?:are|were|have|had|did|do|take|took|make|belong)\b"
        r"|\blist\b|\bname (?:the|all)\b|\b(?:what|which) (?:two|three|four|five|six|seven|eight|nine|ten|\d+)\b"
        r"|\bwhat (?:\w+ )?\w+(?:s|ies) (?:are|were|does|did|do|will|has|have)\b",
    ),
    ("how", r"\bhow\b"),
    ("which", r"\bwhich\b|\bwhat (?!is\b|was\b|were\b|are\b|did\b|does\b|do\b|has\b|had\b|can\b|will\b|kind\b)\w+"),
    ("what", r"\bwhat\b|\bdescribe\b|\bexplain\b|\btell me\b"),
    ("yesno", r"^(?:is|are|was|were|did|does|do|has|have|had|can|could|will|would|should)\b"),
)
# Words that carry the question, not its subject.
ZH_STOP = frozenset(
    "什么 谁 哪 哪些 哪里 哪儿 哪个 哪位 哪家 哪所 哪年 哪几个 何时 何处 何地 何 几 几个 多少 多大 怎么 怎样 如何 "
    "为什么 为何 是否 吗 呢 吧 啊 的 地 得 了 着 过 "
    "是 在 有 和 与 及 或 由 被 把 将 对 对于 于 以 为 从 向 到 至 就 都 也 还 又 而 但 并 并且 其 其中 之 这 那 "
    "这个 那个 这些 那些 它 他 她 我 你 您 我们 你们 他们 "
    "请 请问 想 知道 告诉 一下 介绍 说 说明 时候 时间 分别 主要 叫 叫做 称 称为 来自 关于 根据 能 能否 可以 会 要 "
    "应该 共 一共 总共 具体 当时 个 位 名 所 家 场 次 年 月 日 "
    "所有 哪一年 什么样 地方 谁的 有没有 是不是 什么时候 啥 么 几位 几家 几场 几所 几次 里 中 上 下 时 "
    "后 前 等 各 每 该 此 第几 多久 做 作 提到 文档 资料 文件 到底 究竟".split()
)
EN_STOP = frozenset(
    "a an the of in on at to for from by with and or is are was were be been being do does did done has have had "
    "having can could will would "
    "shall should may might must it its this that these those he she they them his her their there here who whom "
    "whose which what when where why how "
    "many much long far often as about into over after before during than then so such any all some each every "
    "please tell me give list name "
    "describe explain say says said i you we us our your my not no also did does if but between among "
    "through per vs out up".split()
)
_BEGINS = re.compile(
    r"\W*(?:wh(?:o|om|ose|at|ich|en|ere|y)|how|is|are|was|were|do|does|did|has|have|can|could|will|would|should|may|please"
    r"|list|name|tell|describe|explain|give|show|i (?:want|would like|need) to know)\b",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"^\W*(?:(?:could|can|would) you (?:please |kindly )?(?:tell|show) (?:me|us)|do you know"
    r"|i(?:'d| would) like to know|i want to know|please tell (?:me|us)|may i ask)\b\W*"
)
POINTED = re.compile(rf"[哪那这几某][一两几]?[{_MEASURE}项篇本份栋款座类拨回趟]?")  # 哪一位, 那项, 几类
_AMOUNT = re.compile(r"\b(?:number|amount|total|percentage|share|proportion)\b")


def kind_of(folded: str, english: bool) -> tuple[Kind, str]:
    """The type of a question and what follows its question word; in English the first question word decides."""
    if english:
        folded = _POLITE.sub("", folded)
    found = [(m, kind) for kind, pattern in (_EN_RULES if english else _ZH_RULES) if (m := re.search(pattern, folded))]
    if not found:
        return ("number" if english and _AMOUNT.search(folded) else "what"), ""
    first, kind = min(found, key=lambda pair: pair[0].start()) if english else found[0]
    if kind == "how" and not english:  # 如何相通的论文是哪份期刊登的: the last question word asks
        later = [(m, k) for m, k in found if k == "which" and m.start() >= first.end()]
        first, kind = later[0] if later else (first, kind)
    return kind, folded[first.end() :]


def head_of(kind: Kind, folded: str, rest: str, english: bool) -> str:
    """The noun or measure word right after the question word: 多少【所高校】, 哪些【地区】, which 【company】."""
    if english and kind not in ("number", "list", "which", "what"):
        return ""  # who, when, where ...: what follows is a verb, not what is asked for
    if english:
        from libqa.models.lexicon import translations

        found = re.match(r"\W*((?:[a-z-]+\s*){1,3})", rest)
        words = [w for w in (found[1].split() if found else []) if w not in EN_STOP]
        return next((fold(zh) for w in words[:1] for zh, _ in translations(w)), words[0] if words else "")
    if kind == "number":
        found = re.search(r"(?:多少|第?几)\s*([\u4e00-\u9fff]{1,4})", folded)
        return found[1] if found else ""
    found = re.search(r"(?:哪[一几些两二三四五六七八九十\d]*|什么|何种)(?:作?为)?([\u4e00-\u9fff]{1,10})", folded)
    first = segment.words(found[1]) if found else []
    if len(first) > 1 and first[0][0] in _CLASSIFIERS:
        first = first[1:]
    if not first or first[0][0] in ZH_STOP:
        return ""
    size = 1  # 支持单位, but no more than 地区 of 地区的图书馆 and 大学 of 大学举办
    while size < len(first) and dictionary.part_of_speech(first[size][0])[:1] == "n":
        size += 1
    whole = size == len(first) or first[size][0] != "的"
    return "".join(word for word, _, _ in first[: size if whole else 1])


def question_words(text: str) -> bool:
    """Whether the text asks something by itself (谁, 多少, when ...)."""
    folded = fold(text)
    rules = _EN_RULES if language(text) == "en" else _ZH_RULES
    return any(re.search(pattern, folded) for _, pattern in rules)


def asks(text: str) -> bool:
    """Whether a text is a question: by the mark at its end or its words; in English, by those that it begins with."""
    if text.rstrip().endswith(("?", "？")):
        return True
    return _BEGINS.match(text) is not None if language(text) == "en" else question_words(text)
