"""Repair of damaged text: case files, the forum report, properties, and a short run of the benchmark."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libqa.text import Repair, damage, repair
from libqa.text.gbk import FOLD, decode, encode, forms, table
from libqa.text.offsets import OffsetMap

HERE = Path(__file__).parent
DATA = Path(os.environ.get("LIBQA_DATA", HERE.parent / "../shared/data"))
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['label']}")
    for path in sorted((HERE / "cases").glob("*.json"))
    for case in json.loads(path.read_text(encoding="utf-8"))
]
CLEAN = (
    "四川大学图书馆馆长主持会议，来自西部各省的代表参加了讨论。联盟将进一步推动资源共享；提升服务水平！这是为什么？"
    "数据显示，当地政府务实推进改革：农业、教育和医疗事业发展很快（见下表）。“十四五”时期，国家发展进入新阶段。"
    "他们说着话，写着著名的文章。内容主要是图书馆学，因为读者需要。"
)


def check_edits(raw: str, fixed: Repair) -> None:
    """Every edit is where it says, the rest is equal, and the offset map leads back."""
    at = raw_at = 0
    for edit in fixed.edits:
        assert fixed.text[edit.start : edit.end] == edit.after
        assert raw[edit.raw_start : edit.raw_end] == edit.before
        assert edit.before != edit.after
        assert fixed.text[at : edit.start] == raw[raw_at : edit.raw_start]
        assert fixed.offsets.to_raw(edit.start, edit.end) == (edit.raw_start, edit.raw_end) or edit.start == edit.end
        at, raw_at = edit.end, edit.raw_end
    assert fixed.text[at:] == raw[raw_at:]
    assert fixed.changed == bool(fixed.edits)
    assert fixed.proven == all(edit.proven for edit in fixed.edits)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 100


@pytest.mark.parametrize("case", CASES)
def test_case(case: dict[str, str]) -> None:
    fixed = repair(case["original"])
    check_edits(case["original"], fixed)
    assert repair(fixed.text).text == fixed.text
    if case["expect"] == "fail":
        assert fixed.text != case["fixed"], "a known failure passes now: move it to the other cases"
        return
    assert fixed.text == case["fixed"]
    if "proven" in case:
        assert fixed.proven == case["proven"]


@pytest.fixture(scope="module")
def report() -> str:
    return (DATA.parent / "corpus/forum-report.txt").read_text(encoding="utf-8")


def test_forum_report_equals_golden_text(report: str) -> None:
    fixed = repair(report)
    assert fixed.text == (HERE / "golden/forum-report.txt").read_text(encoding="utf-8")
    assert fixed.proven
    check_edits(report, fixed)
    assert repair(fixed.text).text == fixed.text
    assert not repair(fixed.text).changed
    for words in ("全创新要素数智底座", "提升“双一流”高校科学研究水平", "“智慧图书馆·未来学习中心”"):
        assert words in fixed.text


def test_forum_report_certainty(report: str) -> None:
    broken = {edit.after: edit.certainty for edit in repair(report).edits if edit.reason == "broken byte pairs"}
    assert broken == {"数": "exact", "校科学": "chosen"}


def test_forum_report_takes_less_than_a_second(report: str) -> None:
    """The less of two processes of their own: no thread of another test is counted, and loading is."""
    timed = (
        "import sys, time; from libqa.text import repair; text = sys.stdin.buffer.read().decode();"
        " began = time.process_time(); repair(text); print(time.process_time() - began)"
    )
    command = [sys.executable, "-X", "utf8", "-c", timed]
    taken = [
        float(subprocess.run(command, input=report.encode(), stdout=subprocess.PIPE, check=True).stdout)
        for _ in range(2)
    ]
    assert min(taken) < 1.0


def test_swallowed_digit_is_flagged_and_not_guessed() -> None:
    fixed = repair("占總?cè)丝诘谋戎貫?7.9%")
    assert fixed.text == "占总人口的比重为?7.9%"
    assert [edit.certainty for edit in fixed.edits if edit.reason == "broken byte pairs"] == ["lost"]


def test_offsets_lead_to_the_received_characters() -> None:
    raw = "全創(chuàng)新要素?cái)?shù)智底座"
    fixed = repair(raw)
    at = fixed.text.index("要素数智")
    start, end = fixed.offsets.to_raw(at, at + 4)
    assert raw[start:end] == "要素?cái)?shù)智"


def test_only_damaged_lines_are_touched() -> None:
    healthy = "圖書館裡的讀者,後來都走了。"
    fixed = repair(f"{healthy}\n四川大學(xué)圖書館,重慶大學(xué)\nA line, in English (really)?\n")
    assert fixed.text == f"{healthy}\n四川大学图书馆，重庆大学\nA line, in English (really)?\n"


def test_other_encodings_of_line_ends_survive() -> None:
    assert repair("大學(xué)圖書館\r\n建設(shè)聯盟\r\n").text == "大学图书馆\r\n建设联盟\r\n"


@pytest.mark.parametrize(
    ("clean", "damaged", "notes", "marks"),
    [
        ("要素数智", "要素?cái)?shù)智", "數財", ""),
        ("高校科学", "高??茖W(xué)", "學", "？"),
        ("校科研工作", "??蒲泄ぷ", "", "？"),
        ("专科护", "??谱o(hù)", "護", "？"),
        ("。现", "?,F(xiàn)", "現", "，"),
        ("面向学习", "面向?qū)W習", "驅學", ""),
        ("占总人口的比重为57.9%", "占總?cè)丝诘谋戎貫?7.9%", "側", ""),
        (
            "当地居民探索新的致富之路，帮助更多的乡村",
            "當(dāng)?shù)鼐用裉剿餍碌闹赂恢罚瑤椭嗟泥l(xiāng)村",
            "數當鄉",
            "",
        ),
    ],
)
def test_damage_does_what_pages_show(clean: str, damaged: str, notes: str, marks: str) -> None:
    assert damage(clean, notes, marks) == damaged


def test_damage_folds_only_on_request() -> None:
    assert damage("各省（市）高等学", "", "。", fold=False) == "各?。ㄊ校└叩葘W"


def test_order_of_overlapping_entries_matters() -> None:
    assert damage("当地", "數當") == "當(dāng)?shù)"
    assert damage("当地", "當數") == "當(dāng)地"


def test_decoder_drops_and_swallows_like_the_old_one() -> None:
    assert decode(b"\x94(") == "?"
    assert decode(b"\xaa\xa1A") == "A"
    assert decode(b"A\xa1") == "A"
    assert decode(b"\x80") == "€"
    assert encode("a•馆") == b"a?" + "馆".encode("gbk")


def test_usual_readings_are_those_seen_on_pages() -> None:
    readings = forms().readings
    seen = "標biāo 報bào 創chuàng 當dāng 識shí 長zhǎng 調diào 個gè 還hái 業yè 數shù 學xué 樂lè 臺tái 復fù 驗yàn"
    for entry in seen.split():
        if entry[0] != "還":
            assert readings[entry[0]][0] == entry[1:]


sentence = st.builds(
    lambda seed, size: "".join(
        random.Random(seed).sample([s + "，" for s in CLEAN.replace("。", "，").split("，")], size)
    ),
    st.integers(0, 10_000),
    st.integers(1, 6),
)
entries = st.lists(st.sampled_from(sorted(set(forms().traditional.values()))), max_size=300, unique=True)
usual = st.lists(st.sampled_from("數當學習會議國發展進業農醫務實館資據聯長來內績時間與為這"), max_size=20, unique=True)
marks = st.lists(st.sampled_from("。！；，？（、"), max_size=3, unique=True)


@settings(max_examples=40, deadline=None)
@given(clean=sentence, notes=usual | entries, active=marks)
def test_damaged_text_is_repaired_consistently(clean: str, notes: list[str], active: list[str]) -> None:
    known = [n for n in notes if n in table().code and n in forms().readings]
    raw = damage(clean, known, active)
    fixed = repair(raw)
    check_edits(raw, fixed)
    assert repair(fixed.text).text == fixed.text
    for edit in fixed.edits:
        assert edit.certainty in ("exact", "chosen", "lost")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_any_text_survives(text: str) -> None:
    fixed = repair(text)
    check_edits(text, fixed)
    assert repair(fixed.text).text == fixed.text


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="學习國(xué)(guó)?？，。,;()財?cái)數shùW為1a \n“”", max_size=40))
def test_text_like_damage_survives(text: str) -> None:
    fixed = repair(text)
    check_edits(text, fixed)
    again = repair(fixed.text)
    assert again.text == fixed.text


@given(st.lists(st.sampled_from(CLEAN), max_size=40))
def test_simplified_text_is_never_touched(chars: list[str]) -> None:
    text = "".join(chars)
    assert repair(text) == Repair(text, (), OffsetMap(), False, True)


@given(st.data())
@settings(deadline=None)
def test_proof_is_what_damage_says(data: st.DataObject) -> None:
    """Where nothing broke, damaging the repaired text with the same entries gives the received text."""
    notes = data.draw(st.lists(st.sampled_from("學會館長國發資聯"), min_size=4, max_size=8, unique=True))
    raw = damage("四川大学图书馆馆长主持会议，联盟发展资源共享。", notes)
    fixed = repair(raw)
    assert fixed.proven
    assert damage(fixed.text, notes) == raw


@pytest.fixture(scope="module")
def bench():
    sys.path.insert(0, str(HERE.parent / "eval"))
    try:
        import bench_repair
    finally:
        sys.path.pop(0)
    return bench_repair


def test_short_benchmark_of_damaged_sentences(bench) -> None:
    """A part of eval/bench_repair.py; limits leave room for the small sample."""
    good = dict.fromkeys(bench.BARS, 0)
    silent = 0
    cases = bench.damaged_cases(240, seed=7)
    for case in cases:
        fixed = repair(case.damaged)
        right = fixed.text.translate(FOLD) == case.clean.translate(FOLD)
        good[case.kind] += right
        silent += not right and all(edit.certainty == "exact" for edit in fixed.edits)
    assert good["notes"] >= 79
    assert good["broken"] >= 76
    assert good["lost"] >= 60
    assert silent <= 2


def test_short_benchmark_of_healthy_sentences(bench) -> None:
    changed = [text for _, text in bench.healthy_sentences(1500, seed=7) if repair(text).text != text]
    assert len(changed) <= 1, changed
