"""One writer at a time, across threads and processes; a killed writer's lock is gone with it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from libqa.errors import IndexBusy, SettingError

_PAUSE = 0.05  # seconds between tries


@contextmanager
def writer_lock(directory: Path, seconds: float) -> Iterator[None]:
    """Hold the write lock of the index in ``directory``, waiting at most ``seconds``.

    Raises
    ------
    IndexBusy : another writer holds it.
    SettingError : the directory cannot be written to.
    """
    try:
        handle = os.open(directory / "write.lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    except OSError as e:
        raise SettingError(
            str(directory), f"the index cannot be written ({e.strerror})", "check its permissions"
        ) from None
    try:
        deadline = time.monotonic() + seconds
        while not _try_lock(handle):
            if time.monotonic() >= deadline:
                raise IndexBusy(
                    str(directory),
                    f"another process{_holder(handle)} has been writing for over {seconds:g} s",
                    "try again when it is done, or raise lock_seconds",
                )
            time.sleep(_PAUSE)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0) if hasattr(os, "pwrite") else None
        yield
    finally:
        os.close(handle)  # which releases the lock


def _holder(handle: int) -> str:
    with suppress(OSError, ValueError):
        return f" ({int(os.read(handle, 20))})"
    return ""


if os.name == "nt":  # pragma: no cover
    import msvcrt

    def _try_lock(handle: int) -> bool:
        try:
            os.lseek(handle, 1 << 30, os.SEEK_SET)  # beyond the written number, which others may read
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # by open file, so threads exclude each other as well
        except BlockingIOError:
            return False
        return True
