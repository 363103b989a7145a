"""What a question demands of an answer beyond its question word: a company, a title, a post, a day, three things."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Set
from functools import lru_cache

from libqa.answering.understand import Question

Fits = Callable[[str, Set[str]], bool]
"""Whether a span (folded), holding entities of these kinds, is such a thing."""


TITLED, NAMED = "titled", "named"
"""What holds a span that is a title or a part of one, and one that is a name; beside the kinds of entities in it."""


def _holding(pattern: str, *kinds: str) -> Fits:
    said = re.compile(pattern)
    return lambda span, held: bool(said.search(span)) and (not kinds or bool(held & set(kinds)))


_NUMERAL = "一二两三四五六七八九十"
_WORDS = "one two three four five six seven eight nine ten".split()
_SOME = rf"(?:{'|'.join(_WORDS)}|\d+)"
POSTS = (
    "馆长|主任委员|主任|书记|院长|校长|处长|部长|司长|厅长|局长|秘书长|理事长?|会长|主席|委员|教授|馆员|经理|董事长?|主编|"
    "组长|负责人"
)
_SCHOOLS = _holding("(?<!一流)大学|学院|学校|中学|小学|书院|公学|学堂")
_NOUNS: tuple[tuple[str, Fits], ...] = (
    (r"题目|标题|书名|篇名|(?:报告|论文|文章|讲座|专著|书)(?:叫|名)|\btitle of\b|\btitled?\b", _holding(r"[《“]")),
    (
        r"(?:什么|哪些?|何种?|啥)(?:行政|学术|社会)?(?:职务|职位|头衔|职称)"
        r"|\b(?:what|which) (?:post|position|job|office)\b",
        _holding(rf"(?:{POSTS})[》”)]?$"),
    ),
    (
        r"哪[些几\d]*家?(?:公司|企业)|什么(?:公司|企业)"
        rf"|\b(?:what|which) (?:{_SOME} )?(?:compan(?:y|ies)|firms?|enterprises?)\b",
        _holding("公司|集团|企业|厂|网(?![站络上页])"),
    ),
    (
        rf"哪[些几{_NUMERAL}\d]*[所家个]?(?:大学|高校|学校|院校)|什么大学"
        rf"|\b(?:what|which) (?:{_SOME} )?(?:universit(?:y|ies)|colleges?|schools?)\b",
        _SCHOOLS,
    ),
    (
        r"哪一?[本份种](?:期刊|刊物|杂志|学报)|什么(?:期刊|刊物)|\b(?:what|which) journal\b",
        _holding(r"[《“]|学报|期刊|杂志"),
    ),
    (r"哪个?(?:城市|市)|哪座城|\b(?:what|which) (?:city|town)\b", _holding(".", "place")),
    (r"哪个?省|\b(?:what|which) province\b", _holding(".", "place")),
    (r"哪个?校区|\b(?:what|which) campus\b", _holding("校区|校园|[东南西北中]区")),
    (
        r"哪一?[天日]|哪几天|几[号日]|什么日子|\b(?:what|which) (?:exact )?(?:date|day)s?\b",
        _holding(r"[\d一二三四五六七八九十][日号天]|(?<!\d)\d{4}[-./]\d{1,2}[-./]\d"),
    ),
    (r"哪一?年|何年|几几年|\b(?:what|which) year\b", _holding("年|(?<!\\d)\\d{4}(?!\\d)|[学财]年")),
    (r"哪个?月|几月|\b(?:what|which) month\b", _holding("月|[-./]\\d")),
    (r"邮箱|电子邮件|\be-?mail\b", _holding("@")),
    (r"网址|\b(?:url|web(?:site)? address|what(?:'s| is) the website)\b", _holding(r"[a-z0-9-]\.[a-z]{2,}")),
    (r"电话(?:号码)?(?:是|为|多少|[?]|$)|手机号|\b(?:tele)?phone number\b", _holding(r"^\D{0,4}\d[\d() +-]{5,}\d$")),
    (r"邮编|邮政编码|\b(?:postcode|postal code|zip code)\b", _holding(r"(?<!\d)\d{5,6}(?!\d)")),
    (r"英文(?:名|全称|名称)|英语名|叫什么英文|\bin english\b|\benglish name\b", _holding("[a-z]{3}")),
    (
        r"[讲说谈][了到]?些?什么|什么(?:内容|观点|看法|主张|意见)"
        r"|\bwhat (?:did|does|do) .*\b(?:say|said|argue|talk about|discuss|propose)\b",
        lambda span, held: not held & {TITLED, NAMED} and len(span) > 4,
    ),
)
_COUNTED = re.compile(
    rf"哪([{_NUMERAL}]|\d+)(?!天|个?字|成)[\u4e00-\u9fff]|\b(?:what|which)(?: are the| were the)? ({_SOME}) [a-z]"
)
_MASKED = re.compile(r"《[^《》]*》|“[^“”]*”|\([^()]*\)")
_APART = re.compile("[、;]|以及|和|与|及|—+|-+")
_NUMBERED = re.compile(rf"(?<![\u4e00-\u9fff])[其第]?[{_NUMERAL}][是为要]")


@lru_cache(maxsize=64)
def expectation(question: Question) -> Fits | None:
    """Return what the words of a question demand of an answer, or ``None``."""
    demands = list(_demands(question))
    return (lambda span, held: all(fits(span, held) for fits in demands)) if demands else None


def _demands(question: Question) -> Iterator[Fits]:
    noun = next((fits for pattern, fits in _NOUNS if re.search(pattern, question.folded)), None)
    if noun is not None:
        yield noun
    if rank := re.search(r"第几([\u4e00-\u9fff])", question.folded):
        yield _holding(rf"第[\d〇零一二三四五六七八九十百]+{rank[1]}")
    if question.kind == "list" and (counted := _COUNTED.search(question.folded)):
        number = _value(counted[1] or counted[2])
        yield lambda span, held: _things(span) == number


def _value(numeral: str) -> int:
    if numeral.isdigit():
        return int(numeral)
    if numeral in _WORDS:
        return _WORDS.index(numeral) + 1
    return "一二三四五六七八九十".index(numeral.replace("两", "二")) + 1


def _things(span: str) -> int:
    """How many things a span names, joined by 、, 和 and the like, or numbered (一是 …, 二是 …)."""
    masked = _MASKED.sub("□", span)
    joined = len([part for part in _APART.split(masked) if part.strip()])
    return len(_NUMBERED.findall(masked)) or max(joined, masked.count("□"))
