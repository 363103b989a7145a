"""Writers killed at random instants: what was committed is there and can be found, nothing is half done."""

import json
import multiprocessing
import os
import random
import time
from pathlib import Path

import pytest

from tests.index_tools import EMBEDDER, create, found, note, reopen

NAMES = [f"d{i}" for i in range(6)]


def document(name, version):
    return note(name, f"{name}号文件，标记mark{name}x{version}结束。" + "图书馆联盟会议召开了。" * 30)


def write(path, log, seed):
    """Add, replace and remove documents for ever; each step is logged before it begins and when it has returned."""
    choose = random.Random(seed)
    index = reopen(path)
    with open(log, "a", encoding="utf-8") as file:

        def tell(entry):
            file.write(json.dumps(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())

        for step in range(10**6):
            if choose.random() < 0.7:
                chosen = dict.fromkeys(choose.sample(NAMES, choose.randint(1, 3)), f"{seed}s{step}")
            else:
                chosen = dict.fromkeys(choose.sample(NAMES, choose.randint(1, 2)))
            tell({"begin": chosen})
            if None in chosen.values():
                index.remove(chosen)
            else:
                index.add([document(name, version) for name, version in chosen.items()])
            tell({"done": chosen})


def apply(state, change):
    return {name: version for name, version in {**state, **change}.items() if version is not None}


def check(path, log, before):
    """Assert that all acknowledged changes are there, and the one begun wholly or not at all; return what is held."""
    state, begun = before, None
    for line in Path(log).read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if "begin" in entry:
            begun = entry["begin"]
        else:
            state, begun = apply(state, entry["done"]), None
    allowed = [state] if begun is None else [state, apply(state, begun)]
    with reopen(path) as index:
        texts = {item.id: item.text for item in index.documents()}
        matching = [s for s in allowed if texts == {name: document(name, version).text for name, version in s.items()}]
        assert matching, (sorted(texts), allowed)
        held = matching[0]
        for name, version in held.items():
            assert found(index, f"mark{name}x{version}") == [name]
        with index.view() as view:
            hits = view.lexical({"图书馆": 1.0}, 999)
            assert {view.passage(number).document_id for number, _ in hits} == set(held)
            near = view.dense(EMBEDDER.encode(["图书馆"], "query")[0], 999)
            expected = sum(len(view.passages_of(name)) for name in held)
            assert len(near) == len({number for number, _ in near}) == len(hits) == view.passages == expected
            for number, _ in near:
                passage = view.passage(number)
                assert texts[passage.document_id][passage.start : passage.end] == passage.text
    return held


def kill_often(path, times, least):
    """Kill at least so many writers, and more on a busy machine, until so many changes were done between the kills."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.index_tools", "faiss", "libqa.text.names"])
    state, chance = {}, random.Random(times)
    create(path / "index").close()
    steps = seed = 0
    while seed < times or steps < least:
        assert seed < 10 * times, f"{steps} changes between {seed} kills"
        log = path / f"log{seed}"
        log.touch()
        writer = context.Process(target=write, args=(path / "index", log, seed))
        writer.start()
        while not log.stat().st_size and writer.is_alive():
            time.sleep(0.005)
        time.sleep(chance.random() * 0.25)
        assert writer.is_alive()
        writer.kill()
        writer.join()
        steps += log.read_text(encoding="utf-8").count("done")
        state = check(path / "index", log, state)
        seed += 1


def test_twelve_kills(tmp_path):
    kill_often(tmp_path, 12, 4)


@pytest.mark.slow
def test_a_hundred_kills(tmp_path):
    kill_often(tmp_path, 100, 101)


def build(path):
    def documents():
        for i in range(10**6):
            yield note(f"n{i}", "新的文件。" * 50)

    create(path, documents())


def test_killed_rebuild_leaves_the_old_index(tmp_path):
    create(tmp_path / "index", [document("d0", 0)]).close()
    context = multiprocessing.get_context("forkserver")
    for pause in (0.1, 0.4, 0.8):
        builder = context.Process(target=build, args=(tmp_path / "index",))
        builder.start()
        time.sleep(pause)
        builder.kill()
        builder.join()
        with reopen(tmp_path / "index") as index:
            assert [item.id for item in index.documents()] == ["d0"]
            assert found(index, "markd0x0") == ["d0"]
