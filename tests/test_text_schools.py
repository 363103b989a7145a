"""Names of universities and colleges."""

import pytest

from libqa.text.schools import schools


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("成都中医药大学和重庆医科大学", ["成都中医药大学", "重庆医科大学"]),
        ("在郑州航空工业管理学院举行", ["郑州航空工业管理学院"]),
        ("贵州民族大学图书馆副馆长", ["贵州民族大学"]),
        ("電子科技大學圖書館", ["電子科技大學"]),
        ("新疆石河子大学", ["石河子大学"]),
        ("在成都论坛上四川大学的", ["四川大学"]),
        ("四川省的双一流大学", []),
        ("哪所大学的学院", []),
        ("西部高校大学", []),
    ],
)
def test_schools(text: str, names: list[str]) -> None:
    assert [text[a:b] for a, b in schools(text)] == names
