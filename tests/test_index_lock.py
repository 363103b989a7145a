import threading
import time

import pytest

from libqa.errors import IndexBusy, SettingError
from libqa.index.lock import writer_lock


def test_second_writer_is_told_who_writes(tmp_path):
    busy = pytest.raises(IndexBusy, match=r"another process \(\d+\) has been writing")
    with writer_lock(tmp_path, 1), busy, writer_lock(tmp_path, 0.1):
        pass
    with writer_lock(tmp_path, 0):
        pass


def test_second_writer_waits_for_the_first(tmp_path):
    order = []

    def first():
        with writer_lock(tmp_path, 1):
            ready.set()
            time.sleep(0.2)
            order.append("first")

    ready = threading.Event()
    thread = threading.Thread(target=first)
    thread.start()
    ready.wait()
    with writer_lock(tmp_path, 5):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_missing_directory(tmp_path):
    with pytest.raises(SettingError), writer_lock(tmp_path / "none", 1):
        pass
