import json
import os

import pytest

from libqa.config import Settings
from libqa.errors import ReadError
from libqa.reading import bundled_corpus, read_corpus, read_file
from libqa.types import Document

SETTINGS = Settings()


def only(path):
    [document] = read_file(path, SETTINGS)
    return document


def reason(path, settings=SETTINGS):
    with pytest.raises(ReadError) as caught:
        read_file(path, settings)
    assert "\n" not in str(caught.value)
    return caught.value.reason


def test_text_file(tmp_path):
    file = tmp_path / "会议.txt"
    file.write_text("会议纪要\n\n四川大学图书馆主持会议。\n", encoding="utf-8")
    document = only(file)
    assert (document.id, document.title, document.raw) == ("会议", "会议纪要", None)
    assert document.text == "会议纪要\n\n四川大学图书馆主持会议。\n"


def test_front_matter_is_metadata_and_offsets_lead_past_it(tmp_path):
    file = tmp_path / "a.md"
    raw = "---\ntitle: 联盟\ndate: 2023-12-07\nsources: [S01, S02]\nempty:\n---\n\n# 概述\n\n联盟成立于2022年。\n"
    file.write_text(raw, encoding="utf-8")
    document = only(file)
    assert document.title == "联盟"
    assert document.metadata == {"date": "2023-12-07", "sources": "S01, S02"}
    assert document.text == "# 概述\n\n联盟成立于2022年。\n"
    start = document.text.index("2022")
    first, last = document.offsets.to_raw(start, start + 4)
    assert document.raw[first:last] == "2022"
    assert document.raw == raw


def test_damaged_text_is_repaired_and_leads_back_to_the_file(tmp_path):
    file = tmp_path / "a.md"
    file.write_text("---\ntopic: x\n---\n數(shù)智賦能,圖書館建設(shè)高質(zhì)量發(fā)展。", encoding="utf-8")
    document = only(file)
    assert document.text == "数智赋能，图书馆建设高质量发展。"
    start = document.text.index("建设")
    first, last = document.offsets.to_raw(start, start + 2)
    assert document.raw[first:last] == "建設(shè)"


def test_title_is_the_first_heading_or_line(tmp_path):
    file = tmp_path / "a.md"
    file.write_text("引言。\n## 平台 ##\n正文。", encoding="utf-8")
    assert only(file).title == "平台"
    file.write_text("长" * 100, encoding="utf-8")
    assert only(file).title == "长" * 59 + "…"


def test_rows(tmp_path):
    file = tmp_path / "rows.jsonl"
    rows = [{"id": 7, "title": "甲", "text": "甲文。", "year": 2023}, {"text": "乙文。"}]
    file.write_text("\n\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    first, second = read_file(file, SETTINGS)
    assert first == Document("7", "甲文。", "甲", {"year": "2023"})
    assert (second.id, second.title) == ("rows:3", "乙文。")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{", "not valid JSON"),
        ("[1]", 'no object with a string "text"'),
        ('{"text": 3}', 'no object with a string "text"'),
        ('{"id": "a", "text": " "}', "has no text"),
        ('{"id": "a", "text": "\\ud800"}', "no text"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_bad_row_is_named_and_the_rest_goes_on(tmp_path, line, expected):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "甲"}\n' + line + '\n{"text": "乙"}', encoding="utf-8")
    first, bad, last = read_corpus(file, SETTINGS)
    assert (first.text, last.text) == ("甲", "乙")
    assert expected in str(bad)
    assert ", line 2:" in str(bad)


def test_wrong_files(tmp_path):
    file = tmp_path / "a.txt"
    assert reason(file) == "there is no such file"
    file.write_bytes(b"")
    assert reason(file).endswith("is empty")
    file.write_text(" \n", encoding="utf-8")
    assert reason(file).endswith("is empty")
    file.write_bytes(b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)) * 8)
    reason(file)
    file.write_bytes(b"x" * 2**20 + b"x")
    assert reason(file, Settings(max_file_mb=1)) == "it is larger than 1 MB"
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    assert reason(tmp_path / "a.pdf") == "it is cut off: its end is missing"
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    assert "cannot be read" in reason(tmp_path / "loop.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    assert reason(tmp_path / "pipe.txt") == "it is no regular file"
    assert "cannot be read" in reason("a\0b.txt")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_unreadable_file(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("文", encoding="utf-8")
    file.chmod(0)
    assert reason(file) == "it cannot be read (Permission denied)"


@pytest.mark.parametrize("front", ["- a\n- b", "a: [", "a: &x [1]\nb: *x", "a: !!python/name:os.system"])
def test_bad_front_matter(tmp_path, front):
    file = tmp_path / "a.md"
    file.write_text(f"---\n{front}\n---\n正文。", encoding="utf-8")
    assert "front matter" in reason(file)


def test_directory(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.txt").write_text("藏", encoding="utf-8")
    (tmp_path / "b" / "二.md").write_text("---\ntitle: 二\n---\n二文。", encoding="utf-8")
    (tmp_path / "a.txt").write_text("一文。", encoding="utf-8")
    (tmp_path / "a.md").write_text("又一文。", encoding="utf-8")
    (tmp_path / "c.bin").write_bytes(b"\0")
    (tmp_path / "b" / "up").symlink_to(tmp_path)
    (tmp_path / "catalogue.yaml").write_text(
        "a: {title: 甲, date: 2023-12-07}\nb/二: {date: 2024}\nzz: {title: 无}\n", encoding="utf-8"
    )
    found = list(read_corpus(tmp_path, SETTINGS))
    documents = [item for item in found if isinstance(item, Document)]
    errors = [item for item in found if isinstance(item, ReadError)]
    assert [(d.id, d.title, d.metadata) for d in documents] == [
        ("a", "甲", {"date": "2023-12-07"}),
        ("b/二", "二", {"date": "2024"}),
    ]
    assert [error.reason for error in errors] == [
        "a document with this id was read before",
        "the link leads back to a directory above it",
        "files of the kind .bin cannot be read",
        "it lists 'zz', but there is no such file",
    ]


def test_bad_catalogue_is_one_error(tmp_path):
    (tmp_path / "a.txt").write_text("一文。", encoding="utf-8")
    (tmp_path / "catalogue.yaml").write_text("- a", encoding="utf-8")
    error, document = read_corpus(tmp_path, SETTINGS)
    assert "no mapping" in error.reason
    assert document.id == "a"


def test_files_and_documents_mixed(tmp_path):
    (tmp_path / "a.txt").write_text("一文。", encoding="utf-8")
    document = Document("d", "文。")
    found = list(read_corpus([tmp_path / "a.txt", document, Document("e", " "), Document("f", "a\0")], SETTINGS))
    assert [item.id for item in found[:2]] == ["a", "d"]
    assert found[1] is document
    assert [type(item) for item in found[2:]] == [ReadError, ReadError]


def test_bundled_corpus_reads_without_error():
    found = list(read_corpus(bundled_corpus(), SETTINGS))
    assert not [str(item) for item in found if isinstance(item, ReadError)]
    assert len(found) > 20
    for document in found:
        raw = document.text if document.raw is None else document.raw
        first, last = document.offsets.to_raw(0, len(document.text))
        assert 0 <= first <= last == len(raw.rstrip()) + (last - len(raw.rstrip()))
        assert document.title
