import logging

import pytest

from libqa.index import snapshot
from tests.index_tools import create, found, note, reopen

NOTES = [note(str(i), f"图书馆文献服务第{i}号。") for i in range(5)]


def newest(path):
    [place] = [place for place in (path / "snapshots").iterdir() if place.name.isdigit()]
    return place


def test_opening_reads_the_snapshot_and_replays_what_is_newer(tmp_path, monkeypatch):
    with create(tmp_path, NOTES) as index:
        monkeypatch.setattr(snapshot, "save", lambda *_: None)
        index.add([note("新", "新的图书馆。")])
        index.remove(["0"])
    assert newest(tmp_path).name == "2"
    with reopen(tmp_path) as index:
        assert sorted(found(index, "图书馆")) == ["1", "2", "3", "4", "新"]


def test_snapshot_follows_and_replaces_the_last(tmp_path):
    with create(tmp_path, NOTES) as index:
        index.remove(["1"])
        assert newest(tmp_path).name == "3"
        assert snapshot.newest(tmp_path) == (5, 3)
    with reopen(tmp_path) as index:
        assert sorted(found(index, "图书馆")) == ["0", "2", "3", "4"]


@pytest.mark.parametrize("name", ["manifest.json", "ids.npy", "rows.npy", "vocabulary.npy", "vectors.faiss"])
@pytest.mark.parametrize("how", ["flip", "cut", "remove"])
def test_damaged_snapshot_is_set_aside_and_the_index_whole(tmp_path, name, how, caplog):
    create(tmp_path, NOTES).close()
    file = newest(tmp_path) / name
    data = bytearray(file.read_bytes())
    if how == "flip":
        data[len(data) // 2] ^= 4
        file.write_bytes(data)
    elif how == "cut":
        file.write_bytes(data[: len(data) // 2])
    else:
        file.unlink()
    with caplog.at_level(logging.WARNING), reopen(tmp_path) as index:
        assert sorted(found(index, "图书馆")) == ["0", "1", "2", "3", "4"]
        assert index.add([note("新", "新的图书馆。")]) == ["新"]
    names = sorted(place.name.split("-")[0] for place in (tmp_path / "snapshots").iterdir())
    assert names == (["2.corrupt", "3"] if how != "remove" else ["3"])
    assert ("damaged" in caplog.text) == (how != "remove")


def test_leftovers_of_a_killed_writer_are_cleared(tmp_path):
    with create(tmp_path, NOTES) as index:
        leftover = tmp_path / "snapshots" / ".99"
        leftover.mkdir()
        (leftover / "rows.npy").write_bytes(b"half")
        index.add([note("新", "新的图书馆。")])
        assert not leftover.exists()
        assert len(found(index, "图书馆")) == 6


def test_snapshot_that_cannot_be_written_is_no_error(tmp_path, caplog):
    create(tmp_path, NOTES).close()
    place = newest(tmp_path)
    for file in place.iterdir():
        file.unlink()
    place.rmdir()
    (tmp_path / "snapshots").rmdir()
    (tmp_path / "snapshots").write_text("in the way")
    with caplog.at_level(logging.WARNING), reopen(tmp_path) as index:
        index.add([note("新", "新的图书馆。")])
        assert len(found(index, "图书馆")) == 6
    assert "no snapshot" in caplog.text
