"""Encodings of files: found by mark, by validity, by statistics; never guessed with replacement characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libqa.errors import ReadError
from libqa.text.encoding import decode

HANS = "图书馆联盟工作会议在四川成都召开，来自西部省市的代表参加了会议。\n"
HANT = "圖書館聯盟工作會議在四川成都召開，來自西部省市的代表參加了會議。\n"


@pytest.mark.parametrize(
    ("text", "written", "found"),
    [
        (HANS, "utf-8", "utf-8"),
        (HANS, "utf-8-sig", "utf-8"),
        (HANT, "utf-16", "utf-16-le"),
        (HANS, "utf-16-le", "utf-16-le"),
        (HANT, "utf-16-be", "utf-16-be"),
        (HANS.strip(), "utf-16-be", "utf-16-be"),
        (HANS, "utf-32", "utf-32-le"),
        (HANS, "gbk", "gb18030"),
        (HANT, "gbk", "gb18030"),
        (HANS + "𠮷野家", "gb18030", "gb18030"),
        (HANT, "big5", "big5hkscs"),
        ("粵語嘅字係咁樣㗎，你哋知唔知呀？", "big5hkscs", "big5hkscs"),
        ("图书馆", "gbk", "gb18030"),
        ("圖書館", "big5", "big5hkscs"),
        ("Plain English text.\n", "ascii", "utf-8"),
        ("Plain English text.\n", "utf-16-le", "utf-16-le"),
        ("Report 2023: 图书馆 opened\n" * 50, "gbk", "gb18030"),
    ],
)
def test_encoding_is_found(text: str, written: str, found: str) -> None:
    got = decode(text.encode(written), "file.txt")
    assert (got.text, got.encoding) == (text, found)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \r\n\t", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\x7fELF\x02\x01\x01" + bytes(40), "binary"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "binary"),
        (b"%PDF-1.7\n\x01\x02\x03\x04\x05\x06\x07\x08" * 20, "binary"),
        (b"\xff\xfea", "utf-16-le"),
        (b"\xef\xbb\xbf\xc3(", "utf-8"),
        ("Müller, Straße, Köln und Zürich".encode("latin-1"), "unknown"),
        ("Привет, библиотека открыта каждый день".encode("cp1251"), "unknown"),
        (HANS.encode()[:-2] + b"\xff", "unknown"),
    ],
)
def test_what_is_no_text_is_refused_in_one_line(data: bytes, reason: str) -> None:
    with pytest.raises(ReadError, match=reason) as caught:
        decode(data, "file.txt")
    assert str(caught.value).startswith("file.txt: ")
    assert "\n" not in str(caught.value)


def test_mojibake_is_mended_by_the_line() -> None:
    broken = (
        "图书馆".encode().decode("latin-1") + "\n图书馆開放：ｆｕｌｌ “quotes” 1,000\nThe library’s hours â€” daily\n"
    )
    fixed = "图书馆\n图书馆開放：ｆｕｌｌ “quotes” 1,000\nThe library’s hours â€” daily\n"
    assert decode(broken.encode(), "x").text.split("\n")[:2] == fixed.split("\n")[:2]


@pytest.mark.parametrize(
    "text",
    [
        "École, naïve façade, Zürich, 25 °C, ½ £5 «oui»",
        "图书馆ＡＢＣ１２３，“引号”‘单引号’…—·　全角",
        "&amp; <b>bold</b> ﬁne ﬂow",
        "Ã is a Portuguese letter; São Paulo, Ângela",
    ],
)
def test_text_that_is_right_stays(text: str) -> None:
    assert decode(text.encode(), "x").text == text


@given(st.text(min_size=1).filter(lambda t: t.strip() and "\0" not in t))
def test_utf8_is_never_changed_beyond_mojibake(text: str) -> None:
    try:
        got = decode(text.encode("utf-8", "surrogatepass"), "x")
    except ReadError:
        return
    assert got.text == text or any("\x80" <= c <= "\xff" for c in text)


@given(st.binary(max_size=200))
def test_any_bytes_give_text_or_one_clear_error(data: bytes) -> None:
    try:
        got = decode(data, "x")
    except ReadError:
        return
    assert got.text.strip()
    assert "\ufffd" not in got.text or got.text.encode(got.encoding) in data
