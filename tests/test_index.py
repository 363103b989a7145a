import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from libqa.config import Settings
from libqa.errors import DocumentMissing, IndexBusy, IndexMismatch, IndexMissing, ReadError, SettingError
from libqa.index import Index, store
from libqa.index.lock import writer_lock
from libqa.text.offsets import OffsetMap, Piece
from libqa.types import Document
from tests.index_tools import EMBEDDER, SETTINGS, HashEmbedder, create, found, load, note, reopen

REPORT = [note("甲", "兰利琼主持联盟工作会议。", "会议"), note("乙", "高凡作主旨报告。", "论坛")]


def nearest(index, text):
    with index.view() as view:
        [(number, _)] = view.dense(EMBEDDER.encode([text], "query")[0], 1)
        return view.passage(number).document_id


def test_build_open_add_replace_remove(tmp_path):
    with create(tmp_path / "i", REPORT) as index:
        assert found(index, "主旨") == ["乙"]
        assert found(index, "@lanliqiong") == ["甲"]
        assert index.add([note("丙", "图书馆馆员培训。"), note("甲", "换成新的内容。")]) == ["丙", "甲"]
        assert found(index, "@lanliqiong") == []
        assert found(index, "馆员") == ["丙"]
        assert nearest(index, "换成新的内容") == "甲"
        assert index.remove(["乙", "没有"]) == 1
        assert found(index, "主旨") == []
    with reopen(tmp_path / "i") as again:
        assert [document.id for document in again.documents()] == ["丙", "甲"]
        assert found(again, "馆员") == ["丙"]
        with pytest.raises(DocumentMissing):
            again.document("乙")


def test_documents_come_back_as_they_were(tmp_path):
    offsets = OffsetMap((Piece(0, 1, 2, 9), Piece(4, 4, 12, 13)), 2)
    document = Document("a/b", "数智。\n\r\n\t尾𠮷。", "题", {"date": "2023"}, "  數(shù)智。\n\r\n\tx尾𠮷。", offsets)
    with create(tmp_path, [document]) as index:
        assert index.document("a/b") == document
        with index.view() as view:
            for passage in view.passages_of("a/b"):
                assert passage.text == document.text[passage.start : passage.end]
                assert view.passage(passage.id) == passage
                assert view.titled([passage.id]) == [(passage, "题")]


def test_titled_passages_come_in_the_order_asked_for(tmp_path):
    documents = [Document("a", "甲一。", "甲"), Document("b", "乙一。", "乙")]
    with create(tmp_path, documents) as index, index.view() as view:
        first, second = view.passages_of("a")[0], view.passages_of("b")[0]
        assert view.titled([second.id, first.id]) == [(second, "乙"), (first, "甲")]
        assert view.titled([]) == []
        with pytest.raises(DocumentMissing, match="passage 99"):
            view.titled([first.id, 99])


def test_unchanged_document_is_not_written_again(tmp_path):
    with create(tmp_path, REPORT) as index:
        with index.view() as view:
            before = view.sequence
        assert index.add(REPORT) == ["甲", "乙"]
        assert index.add([note("甲", "一变。"), REPORT[0]]) == ["甲", "甲"]
        with index.view() as view:
            assert view.sequence == before + 2
            assert view.document("甲") == REPORT[0]


def test_delete_then_add_never_answers_with_another_passage(tmp_path):
    with create(tmp_path, [note("a", "甲文甲文。"), note("b", "乙文乙文。"), note("c", "丙文丙文。")]) as index:
        index.remove(["a"])
        index.add([note("d", "丁文丁文。")])
        for identity, text in (("b", "乙文乙文。"), ("c", "丙文丙文。"), ("d", "丁文丁文。")):
            assert nearest(index, text) == identity
        index.remove(["b", "c", "d"])
        with index.view() as view:
            assert view.dense(EMBEDDER.encode(["丙文"], "query")[0], 5) == []
        index.add([note("e", "戊。")])
        with index.view() as view:
            assert view.passages_of("e")[0].id == 5  # ids go on


def test_a_view_stays_as_it_was_while_others_write(tmp_path):
    with create(tmp_path, REPORT) as index, reopen(tmp_path) as other:
        with index.view() as view:
            other.remove(["甲"])
            other.add([note("丙", "主旨报告之二。")])
            assert [view.passage(n).document_id for n, _ in view.lexical({"主旨": 1.0}, 5)] == ["乙"]
            assert view.document("甲").text == REPORT[0].text
            assert len(view.documents()) == 2
        assert sorted(found(index, "主旨")) == ["丙", "乙"]
        assert found(index, "主持") == []


def test_threads_read_whole_states_while_one_writes(tmp_path):
    """The writer keeps two documents that always say the same number; a reader must never see two numbers."""
    stop, wrong = threading.Event(), []

    def pair(number):
        return [note("x", f"总数是{number}册甲。"), note("y", f"总数是{number}册乙。")]

    def look():
        while not stop.is_set():
            with index.view() as view:
                seen = {view.passage(n).text[:-2] for n, _ in view.lexical({"总数": 1.0}, 5)}
                texts = {document.text[:-2] for document in view.documents()}
                if len(seen) != 1 or seen != texts:
                    wrong.append((seen, texts))

    with create(tmp_path, pair(0)) as index:
        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(1, 25):
            index.add(pair(number))
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_scores_do_not_depend_on_the_history(tmp_path):
    texts = {str(i): f"图书馆第{i}号文献服务平台，编号{'甲' * (i % 5 + 1)}。" for i in range(40)}
    whole = create(tmp_path / "a", [note(i, text) for i, text in texts.items()])
    grown = create(tmp_path / "b", [note(i, "旧" * 9) for i in list(texts)[:20]])
    with whole, grown:
        for i, text in texts.items():
            grown.add([note("temporary", text * 2), note(i, text)])
        grown.remove(["temporary"])
        for query in ({"图书馆": 1.0, "~甲甲": 2.0}, {"17": 1.0, "平台": 0.5}):
            with whole.view() as a, grown.view() as b:
                assert a.passages == b.passages == 40
                assert a.average_length == b.average_length
                assert [a.holding(term) for term in query] == [b.holding(term) for term in query]
                first, second = a.lexical(query, 40), b.lexical(query, 40)
                by_id = {b.passage(n).document_id: score for n, score in second}
                assert {a.passage(n).document_id: score for n, score in first} == pytest.approx(by_id)
                numbers = [n for n, _ in first]
                np.testing.assert_allclose(a.lexical_of(query, numbers), [score for _, score in first], rtol=1e-6)
                assert a.lexical_of(query, [10**9]).tolist() == [0.0]


def test_missing_index(tmp_path):
    with pytest.raises(IndexMissing, match="libqa build"):
        reopen(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    with pytest.raises(IndexMissing):
        Index(tmp_path / "none", EMBEDDER, SETTINGS).add(REPORT)
    assert list(tmp_path.iterdir()) == []


def test_index_of_another_embedder(tmp_path):
    class Other(HashEmbedder):
        name, fingerprint = "bge-m3", "f" * 64

    create(tmp_path, REPORT).close()
    with pytest.raises(IndexMismatch, match=r"'hash' \(000000000000\), not 'bge-m3'; .*libqa build"):
        Index.open(tmp_path, lambda name: Other(), Settings(embedder="bge-m3"))

    class Retrained(HashEmbedder):
        fingerprint = "e" * 64

    with pytest.raises(IndexMismatch, match=r"'hash' \(000000000000\), not 'hash' \(eeeeeeeeeeee\)"):
        Index.open(tmp_path, lambda name: Retrained(), SETTINGS)
    with reopen(tmp_path) as running:
        Index.create(tmp_path, Other(), SETTINGS, REPORT).close()
        with pytest.raises(IndexMismatch):
            found(running, "主旨")
        with pytest.raises(IndexMismatch):
            running.add(REPORT)


def test_index_of_another_format(tmp_path):
    create(tmp_path, REPORT).close()
    with sqlite3.connect(tmp_path / store.FILE) as connection:
        connection.execute("UPDATE meta SET value = '0' WHERE name = 'schema'")
    connection.close()
    with pytest.raises(IndexMismatch, match="format 0"):
        reopen(tmp_path)
    create(tmp_path, REPORT).close()
    with reopen(tmp_path) as index:
        assert len(index.documents()) == 2


def test_what_is_no_database_is_set_aside_by_a_build(tmp_path):
    (tmp_path / store.FILE).write_bytes(b"no database at all, but long enough to have a header" * 9)
    with pytest.raises(IndexMismatch, match="libqa build"):
        reopen(tmp_path)
    with create(tmp_path, REPORT) as index:
        assert found(index, "主旨") == ["乙"]
    assert len(list(tmp_path.glob("*.corrupt-*"))) == 1


def test_path_that_is_a_file(tmp_path):
    (tmp_path / "i").write_text("x")
    with pytest.raises(SettingError):
        create(tmp_path / "i")


def test_bad_document_leaves_the_index_as_it_was(tmp_path):
    with create(tmp_path, REPORT) as index:
        for bad in (Document("x", ""), Document("", "文"), Document("x", "a\ud800"), Document("x", "a\0")):
            with pytest.raises(ReadError):
                index.add([note("y", "不应写入。"), bad])
        assert [document.id for document in index.documents()] == ["甲", "乙"]


def test_broken_off_rebuild_leaves_the_old_index(tmp_path):
    def documents():
        yield note("新", "新的。")
        raise KeyboardInterrupt

    with create(tmp_path, REPORT) as index:
        with pytest.raises(KeyboardInterrupt):
            create(tmp_path, documents())
        assert found(index, "主旨") == ["乙"]
        create(tmp_path, [note("新", "新的主旨。")]).close()
        assert found(index, "主旨") == ["新"]
        with index.view() as view:
            assert view.passages_of("新")[0].id == 3


def test_broken_off_first_build_is_a_missing_index(tmp_path):
    def documents():
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        create(tmp_path, documents())
    with pytest.raises(IndexMissing):
        reopen(tmp_path)


def test_restored_older_database_is_not_mixed_with_newer_snapshots(tmp_path):
    with create(tmp_path / "i", REPORT) as index:
        pass
    shutil.copytree(tmp_path / "i", tmp_path / "backup")
    with reopen(tmp_path / "i") as index:
        index.add([note("丙", "后来的主旨。")])
        index.remove(["乙"])
    shutil.copy(tmp_path / "backup" / store.FILE, tmp_path / "i" / store.FILE)
    with reopen(tmp_path / "i") as index:
        assert found(index, "主旨") == ["乙"]
        index.add([note("丁", "另一段历史的主旨。")])
        index.add([note("戊", "又一主旨。")])
    with reopen(tmp_path / "i") as index:
        assert sorted(found(index, "主旨")) == sorted(["乙", "丁", "戊"])


def test_removed_and_rebuilt_directory_is_noticed(tmp_path):
    with create(tmp_path / "i", REPORT) as index:
        assert found(index, "主旨") == ["乙"]
        shutil.rmtree(tmp_path / "i")
        with pytest.raises(IndexMissing):
            found(index, "主旨")
        create(tmp_path / "i", [note("新", "新的主旨。")]).close()
        assert found(index, "主旨") == ["新"]


def test_two_writers(tmp_path):
    with create(tmp_path, REPORT) as index:
        hasty = Index.open(tmp_path, load, Settings(lock_seconds=0.1, embedder="hash"))
        with writer_lock(tmp_path, 1), pytest.raises(IndexBusy):
            hasty.add([note("丙", "丙。")])
        threads = [
            threading.Thread(target=index.add, args=([note(f"{t}-{i}", f"线程{t}写{i}。") for i in range(5)],))
            for t in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(index.documents()) == 22
        assert len(found(index, "线程", 50)) == 20


def test_progress(tmp_path):
    seen = []
    Index.create(tmp_path, EMBEDDER, SETTINGS, REPORT, lambda done, total: seen.append((done, total))).close()
    assert seen == [(2, 2)]
    with reopen(tmp_path) as index:
        long = [note(str(i), "图书馆。" * 2000) for i in range(20)]
        index.add(iter(long), lambda done, total: seen.append((done, total)))
    assert [total for _, total in seen[1:]] == [None] * len(seen[1:])
    assert seen[-1] == (20, None)
    assert len(seen) > 2


def test_empty_index(tmp_path):
    with create(tmp_path) as index:
        assert index.documents() == []
        with index.view() as view:
            assert view.passages == 0
            assert view.lexical({"图书馆": 1.0}, 5) == []
            assert view.dense(np.ones(EMBEDDER.dimension, np.float32), 5) == []
    with reopen(tmp_path) as index:
        index.add(REPORT)
        assert found(index, "主旨") == ["乙"]


def test_reading_changes_nothing_on_disk(tmp_path):
    with create(tmp_path, REPORT):
        pass
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    with reopen(tmp_path) as index:
        assert found(index, "主旨") == ["乙"]
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


@pytest.fixture
def nobody() -> Iterator[None]:
    """Run as a user without rights, if the tests run as the superuser, who may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def read_only() -> Iterator[Path]:
    """An index in a directory that nobody may write to."""
    directory = Path(tempfile.mkdtemp())
    with create(directory, REPORT) as index:
        assert found(index, "主旨") == ["乙"]
    for path in [directory, *directory.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield directory
    for path in [directory, *directory.rglob("*")]:
        path.chmod(0o755)
    shutil.rmtree(directory)


@pytest.mark.skipif(os.name == "nt", reason="users and permissions of POSIX")
def test_read_only_directory(read_only, nobody):
    assert not os.access(read_only, os.W_OK, effective_ids=True)
    with reopen(read_only) as index:
        assert found(index, "主旨") == ["乙"]
        with pytest.raises(SettingError):
            index.add(REPORT)


class Machine(RuleBasedStateMachine):
    """The index against a dictionary."""

    names = st.sampled_from("abcd")
    texts = st.lists(st.sampled_from(["图书馆建设", "信息素养", "高凡报告", "联盟会议。"]), min_size=1, max_size=4)

    @initialize()
    def start(self):
        self.path = Path(tempfile.mkdtemp())
        self.model = {}
        self.index = create(self.path)

    @rule(documents=st.lists(st.tuples(names, texts), max_size=3))
    def add(self, documents):
        batch = [note(name, "".join(texts)) for name, texts in documents]
        assert self.index.add(batch) == [document.id for document in batch]
        self.model.update((document.id, document) for document in batch)

    @rule(ids=st.lists(names, max_size=2, unique=True))
    def remove(self, ids):
        assert self.index.remove(ids) == sum(self.model.pop(identity, None) is not None for identity in ids)

    @rule()
    def reopen(self):
        self.index.close()
        self.index = reopen(self.path)

    @rule(documents=st.lists(st.tuples(names, texts), max_size=2))
    def rebuild(self, documents):
        self.index.close()
        batch = [note(name, "".join(texts)) for name, texts in documents]
        self.index = create(self.path, batch)
        self.model = {document.id: document for document in batch}

    @invariant()
    def same(self):
        if not hasattr(self, "index"):
            return
        with self.index.view() as view:
            assert {document.id: document for document in view.documents()} == self.model
            for word in ("图书馆", "素养", "高凡", "会议"):
                hits = [view.passage(number).document_id for number, _ in view.lexical({word: 1.0}, 99)]
                assert sorted(hits) == sorted(i for i, document in self.model.items() if word in document.text)
            for document in self.model.values():
                vector = EMBEDDER.encode([document.text], "passage")[0]
                best = [view.passage(number).text for number, score in view.dense(vector, 4) if score > 0.99]
                assert document.text in best

    def teardown(self):
        if hasattr(self, "index"):
            self.index.close()
            shutil.rmtree(self.path)


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
