"""``libqa eval`` from end to end: on the corpus, and on public sets of a data folder made here."""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from libqa.cli import main
from libqa.config import Settings
from libqa.errors import SettingError
from libqa.evaluation import datasets, demands, pools
from libqa.evaluation.figures import columns, figures
from tests.conftest import ROOT

HOSTILE = '<script>alert(1)</script><img src="https://example.org/x.png">{{ 7*7 }}'
PARAGRAPHS = [
    ("钱塘江大桥由桥梁专家茅以升设计，1937年9月26日建成通车。大桥全长1453米。", "钱塘江大桥由谁设计？", "茅以升"),
    ("青海湖位于青藏高原东北部，是中国最大的内陆咸水湖。湖面海拔3196米。", "青海湖的湖面海拔是多少？", "3196米"),
    ("都江堰由李冰父子主持修建，始建于秦昭王末年，至今仍在灌溉成都平原。", "都江堰由谁主持修建？", "李冰父子"),
    ("《茶经》的作者是唐代的陆羽，全书分上中下三卷，共七千余字。", "《茶经》的作者是谁？", "陆羽"),
]
PAIRS = [
    ("图书馆周一闭馆。", "The library is closed on Mondays."),
    ("大学的校长今天讲话。", "The president of the university speaks today."),
    ("图书馆周一闭馆。", "On Mondays the library is shut."),
    ("我们在火车站等了三个小时。", "We waited at the railway station for three hours."),
]
TABLE = """# Data

| set | what it is | rows | licence as found | source repository |
| --- | --- | ---: | --- | --- |
| `tiny/dev` | Four paragraphs | 4 | CC0 | made/here |
"""

Run = Callable[..., tuple[int, str, str]]


def write(file: Path, rows: list[dict[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a reading set, a parallel set and texts; what is built from it is cached in the test's own."""
    folder = tmp_path / "data"
    rows = [
        {"id": f"q{n}", "title": "t", "context": c, "question": q, "answers": [{"text": a, "start": c.index(a)}]}
        for n, (c, q, a) in enumerate(PARAGRAPHS)
    ]
    rows.append(rows[0] | {"id": "empty", "question": ""})  # as there are in published sets; it is not asked
    write(folder / "tiny" / "dev.jsonl.gz", rows)
    write(folder / "pairs" / "train.jsonl.gz", [{"zh": zh, "en": en} for zh, en in PAIRS])
    write(folder / "news" / "text.jsonl.gz", [{"title": "", "text": f"今日新闻第{n}条，天气晴。"} for n in range(9)])
    (folder / "README.md").write_text(TABLE, encoding="utf-8")
    monkeypatch.setenv("LIBQA_DATA", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def evaluate(capfd: pytest.CaptureFixture[str]) -> Run:
    """``libqa eval`` in this process: exit status, standard output, standard error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capfd.readouterr()
        with pytest.raises(SystemExit) as stop:
            main(["eval", *map(str, arguments)])
        sys.stdout.flush()
        out, err = capfd.readouterr()
        return int(stop.value.code or 0), out, err

    return run


def questions(file: Path, *rows: dict[str, Any]) -> Path:
    known = {"lang": "zh-Hans", "history": [], "answerable": True}
    file.write_text("\n".join(json.dumps(known | row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return file


WHERE = {
    "id": "x-1",
    "type": "where",
    "question": "2023年的专家论坛在哪里举行？",
    "answers": [["成都"]],
    "evidence": [{"document": "forum-report", "quote": "四川成都"}],
    "tags": ["paraphrase"],
}
NOWHERE = {
    "id": "x-2",
    "type": "what",
    "question": f"论坛的晚宴吃了什么菜？{HOSTILE}",
    "answers": [["火锅</script>"]],
    "evidence": [{"document": "forum-report", "quote": "四川成都"}],
}


def test_json_is_as_documented_and_a_second_run_is_compared(
    evaluate: Run, corpus_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, reports = questions(tmp_path / "own.jsonl", WHERE, NOWHERE), tmp_path / "reports"
    check = jsonschema.Draft202012Validator(
        json.loads((ROOT / "docs" / "schema" / "evaluation.schema.json").read_text(encoding="utf-8"))
    )
    check.check_schema(check.schema)
    first = ("--index", corpus_index, "--report", reports, "--json")
    monkeypatch.setenv("LIBQA_THRESHOLD", "1")  # everything is refused
    code, out, _ = evaluate(file, *first)
    assert code == 0
    before = json.loads(out)
    check.validate(before)
    assert before["comparison"] is None
    assert before["figures"]["false_refusal"] == 1.0
    assert [s["name"] for s in before["sets"]] == ["own"]
    monkeypatch.setenv("LIBQA_THRESHOLD", "0")
    code, out, err = evaluate("--set", file, *first)
    after = json.loads(out)
    check.validate(after)
    [name] = [f.name for f in reports.glob("eval-*.json") if json.loads(f.read_text(encoding="utf-8")) == before]
    assert after["comparison"]["previous"] == name
    assert after["comparison"]["mended"] == ["x-1"]
    assert after["comparison"]["broken"] == []
    [change] = [c for c in after["comparison"]["changes"] if c["figure"] == "false_refusal"]
    assert (change["before"], change["after"], change["test"], change["p"]) == (1.0, 0.0, "McNemar", 0.5)
    page = Path(err.split("report: ")[1].split("\n")[0]).read_text(encoding="utf-8")
    assert "Right now, wrong before (1)" in page
    code, out, _ = evaluate(file, "--index", corpus_index, "--against", reports / name)
    assert "1 mended, 0 broken" in " ".join(out.split())


class Page(HTMLParser):
    """Tags, links and marked words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.marked: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "xlink:href")]

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] == ["mark"]:
            self.marked.append(data)
            self.tags.append("")


def test_the_page_stands_alone_and_shows_hostile_text_as_text(
    evaluate: Run, corpus_index: Path, tmp_path: Path
) -> None:
    file = questions(tmp_path / "own.jsonl", WHERE, NOWHERE)
    code, _, err = evaluate(file, "--index", corpus_index, "--report", tmp_path / "reports")
    assert code == 0
    text = Path(err.split("report: ")[1].split("\n")[0]).read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert page.tags.count("svg") >= 4
    assert all(address.startswith("#") for address in page.addresses), page.addresses
    assert not re.search(r"url\(|@import|<link|https?://(?!example\.org/x\.png)", text)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "{{ 7*7 }}" in text
    assert "四川成都" in page.marked


RUN = {
    "figures": figures(columns([{"right_and_cited": 0.0, "hit@10": 1.0, "milliseconds": 7.0}])),
    "by_set": {},
    "by_lang": {"en": figures(columns([{"hit@10": 0.5}]))},
    "by_type": {},
    "by_tag": {},
}


@pytest.mark.parametrize(
    ("demand", "line"),
    [
        ("right_and_cited=0", None),
        ("right_and_cited=0.9", "right_and_cited is 0, below 0.9"),
        ("0.9", "right_and_cited is 0, below 0.9"),
        ("hit@10=1", None),
        ("en:hit@10=0.5", None),
        ("en:hit@10=0.6", "en:hit@10 is 0.5, below 0.6"),
        ("p50_ms=7", None),
        ("p50_ms=5", "p50_ms is 7, above 5"),  # times must be low
        ("span_f1=0.1", "span_f1 was not measured, 0.1 was asked for"),
    ],
)
def test_a_demand_is_met_or_says_which_figure_is_worse(demand: str, line: str | None) -> None:
    assert demands.failing(RUN, demands.parse([demand])) == ([] if line is None else [line])


@pytest.mark.parametrize(
    ("demand", "said"),
    [
        ("nonsense=1", "--fail-under nonsense=1: there is no figure 'nonsense'; known are questions, right_and_cited"),
        ("hit@10=many", "--fail-under hit@10=many: is not figure=value"),
        ("fr:hit@10=1", "--fail-under fr:hit@10=1: there is no group 'fr'; there are en"),
    ],
)
def test_a_demand_that_makes_no_sense_is_an_error(demand: str, said: str) -> None:
    with pytest.raises(SettingError, match=re.escape(said)):
        demands.failing(RUN, demands.parse([demand]))


def test_fail_under_ends_with_one_line_per_figure(evaluate: Run, corpus_index: Path, tmp_path: Path) -> None:
    file = questions(tmp_path / "own.jsonl", WHERE)
    demanded = (
        "--fail-under",
        "right_and_cited=1.5",
        "--fail-under",
        "paraphrase:hit@10=1",
        "--fail-under",
        "p95_ms=0",
    )
    code, out, err = evaluate(file, "--index", corpus_index, *demanded)
    assert code == 1
    assert "answer right and cited" in out
    first, second = err.splitlines()
    assert first == "libqa eval: right_and_cited is 1, below 1.5"
    assert second.startswith("libqa eval: p95_ms is ")


def test_public_sets_are_asked_with_distractors_and_without_their_paragraphs(
    evaluate: Run, data: Path, tmp_path: Path
) -> None:
    options = ("--pool", "news/text:5", "--without-gold", "--baselines", "--json")
    code, out, _ = evaluate("tiny/dev", *options)
    assert code == 0
    run = json.loads(out)
    assert run["sets"] == [
        {"name": "tiny/dev", "questions": 8, "description": "Four paragraphs", "origin": "made/here", "licence": "CC0"}
    ]
    assert run["index"]["documents"] == 9
    assert run["by_tag"]["gold-removed"]["questions"] == 4
    assert run["figures"]["hit@1"] == 1.0
    assert run["figures"]["abstention_auroc"] is not None
    for question in run["questions"]:
        gone = "gold-removed" in question["question"]["tags"]
        paragraph = f"tiny/dev#{question['question']['id'].strip('q-')}"
        assert any(found[0] == paragraph for found in question["found"]) != gone
    systems = {row["system"]: row for row in run["baselines"]}
    assert list(systems) == [
        *(r"BM25, \w\w+", "BM25, jieba", "BM25, jieba + bigrams", "dense alone"),
        *("libqa, words alone", "libqa, fusion"),
        *("libqa, fusion and pieces", "libqa, all of it"),
    ]
    assert all((row["units"], row["unit"], row["questions"]) == (9, "documents", 4) for row in run["baselines"])
    assert (
        systems[r"BM25, \w\w+"]["hit@10"] == 0.25
    )  # a clause of Chinese is one token to it: only 《茶经》 stands alone
    assert systems["BM25, jieba"]["hit@1"] == systems["libqa, all of it"]["mrr@10"] == 1.0
    kept = sorted((tmp_path / "cache" / "libqa" / "eval").iterdir())
    assert len(kept) == 2
    stamps = [(place / name).stat().st_mtime_ns for place in kept for name in sorted(p.name for p in place.iterdir())]
    assert evaluate("tiny/dev", *options)[0] == 0  # from the cache: nothing is built again
    again = [(place / name).stat().st_mtime_ns for place in kept for name in sorted(p.name for p in place.iterdir())]
    assert again == stamps


def test_the_reader_alone_is_given_the_paragraph(evaluate: Run, data: Path) -> None:
    code, out, _ = evaluate("--reading", "tiny/dev", "--limit", "3", "--json", "--fail-under", "right_sentence=0.1")
    run = json.loads(out)
    assert code == 0
    assert run["figures"]["questions"] == 3
    assert run["figures"]["hit@1"] is None
    assert {q["kind"] for q in run["questions"]} == {"read"}
    for question in run["questions"]:
        asked = question["question"]
        answer, sentence = question["said"].split("\n")
        [evidence] = asked["evidence"]
        assert (question["values"]["sentence_holds"] == 1.0) == (evidence["quote"] in sentence)
        assert (question["values"]["span_exact"] == 1.0) == (answer.strip("。") == evidence["quote"])


def test_sentences_are_searched_from_english_to_chinese(evaluate: Run, data: Path) -> None:
    code, out, _ = evaluate("pairs", "--json")  # the only set that begins so
    run = json.loads(out)
    assert code == 0
    assert [s["name"] for s in run["sets"]] == ["pairs/train"]
    assert run["sets"][0]["licence"] == "not stated"
    assert run["index"]["documents"] == 3  # one sentence stands twice
    assert run["figures"]["questions"] == 4
    assert run["figures"]["hit@10"] == 1.0
    first, _, third, _ = run["questions"]
    assert first["question"]["evidence"] == third["question"]["evidence"]
    assert (first["values"]["hit@1"], first["answer"]) == (1.0, None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing/here",), "nothing/here: no such question set or data set; name a .jsonl file"),
        (("news/text",), "news/text: its rows are text, which cannot be asked; use it as --pool NAME:COUNT"),
        (("core", "--reading"), "--reading: needs public reading sets alone"),
        (("core", "--without-gold"), "--pool, --without-gold: go with public sets"),
        (("tiny/dev", "--pool", "news/text"), "--pool news/text: is not NAME:COUNT"),
        (("tiny/dev", "--pool", "none/here:5"), "none/here: no such data set in"),
        (("tiny/dev", "--against", "none.json"), "none.json: no run can be read"),
    ],
)
def test_what_cannot_be_done_is_one_line(evaluate: Run, data: Path, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = evaluate(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith(f"libqa: {said}")
    assert err.count("\n") == 1


def test_a_damaged_data_set_is_named(evaluate: Run, data: Path) -> None:
    file = data / "tiny" / "dev.jsonl.gz"
    file.write_bytes(file.read_bytes()[:-20])
    code, _, err = evaluate("tiny/dev")
    assert code == 1
    assert "dev.jsonl.gz: cannot be read" in err
    write(file, [{"id": "q", "context": "甲乙", "question": "谁？", "answers": []}, {"id": "r"}])
    code, _, err = evaluate("tiny/dev")
    assert code == 1
    assert err.startswith("libqa: tiny/dev, row 2: it lacks one of id, context, question, answers;")


def test_a_missing_extra_says_what_to_install(
    evaluate: Run, corpus_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    code, _, err = evaluate(questions(tmp_path / "own.jsonl", WHERE), "--index", corpus_index)
    assert code == 1
    assert err == (
        "libqa: libqa eval: the package ir-measures is not installed; install the extra: pip install 'libqa[eval]'\n"
    )


def test_the_cache_keeps_the_newest_indexes_and_forgets_what_was_broken_off(data: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "libqa" / "eval"
    for n in range(9):  # finished ones have names of 24 digits; the highest number is the oldest
        (cache / f"{n:024x}").mkdir(parents=True)
        os.utime(cache / f"{n:024x}", (1e9 - n, 1e9 - n))
    for name, when in (("tmpold", 1e9), ("tmpnew", time.time())):
        (cache / name).mkdir()
        os.utime(cache / name, (when, when))
    documents, _ = datasets.reading_set("tiny/dev")
    pools.open_pool(documents, Settings()).close()
    names = {path.name for path in cache.iterdir()}
    assert "tmpnew" in names
    assert "tmpold" not in names
    assert names >= {f"{n:024x}" for n in range(7)}
    assert len(names) == 1 + 8
