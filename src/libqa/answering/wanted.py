"""What a question's noun asks for beyond its question word: which company, what title, what post, in which city."""

from __future__ import annotations

import re
from collections.abc import Callable, Set

from libqa.answering.understand import Question

Fits = Callable[[str, Set[str]], bool]
"""Whether a span (folded), holding entities of these kinds, is such a thing."""


def _holding(pattern: str, *kinds: str) -> Fits:
    said = re.compile(pattern)
    return lambda span, held: bool(said.search(span)) and (not kinds or bool(held & set(kinds)))


_NOUNS: tuple[tuple[str, Fits], ...] = (
    (r"题目|标题|书名|篇名|(?:报告|论文|文章|讲座|专著|书)(?:叫|名)|\btitle of\b|\btitled?\b", _holding(r"[《“]")),
    (
        r"(?:什么|哪些?|何种?|啥)(?:行政|学术|社会)?(?:职务|职位|头衔|职称)"
        r"|\b(?:what|which) (?:post|position|job|office)\b",
        _holding(
            "馆长|主任|书记|院长|校长|处长|部长|司长|厅长|局长|秘书长|理事|会长|主席|委员|教授|馆员|经理|董事|主编|组长|负责人"
        ),
    ),
    (
        r"哪家(?:公司|企业)|什么(?:公司|企业)|\b(?:what|which) (?:company|firm|enterprise)\b",
        _holding("公司|集团|企业|厂"),
    ),
    (
        r"哪一?所?(?:大学|高校|学校|院校)|什么大学|\b(?:what|which) (?:university|college|school)\b",
        _holding("大学|学院|学校|高校|中学|小学|书院|公学|学堂"),
    ),
    (
        r"哪一?[本份种](?:期刊|刊物|杂志|学报)|什么(?:期刊|刊物)|\b(?:what|which) journal\b",
        _holding(r"[《“]|学报|期刊|杂志"),
    ),
    (r"哪个?(?:城市|市)|哪座城|\b(?:what|which) (?:city|town)\b", _holding(".", "place")),
    (r"哪个?省|\b(?:what|which) province\b", _holding(".", "place")),
    (r"哪个?校区|\b(?:what|which) campus\b", _holding("校区|校园|[东南西北中]区")),
)


def expectation(question: Question) -> Fits | None:
    """Return what the noun of a question demands of an answer, or ``None``."""
    return next((fits for pattern, fits in _NOUNS if re.search(pattern, question.folded)), None)
