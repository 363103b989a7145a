"""The index: build, open, add, replace, remove, and views for reading."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from libqa.config import Settings
from libqa.errors import IndexMismatch, IndexMissing, SettingError
from libqa.index import prepare, snapshot, store
from libqa.index.lock import writer_lock
from libqa.index.prepare import Progress
from libqa.index.state import State, catch_up
from libqa.index.view import View
from libqa.types import Document

if TYPE_CHECKING:
    from libqa.models import Embedder

log = logging.getLogger(__name__)
# A new snapshot is worth its time when a tenth of the index, or this many passages, changed since the last one.
_SNAPSHOT_SHARE, _SNAPSHOT_MOST = 10, 5000
_ATTEMPTS = 5  # to read at least the change that another thread has seen


class Index:
    """A directory with the truth in SQLite and derived snapshots beside it.

    Any number of processes and threads may read while one writes. What a finished ``add`` or ``remove`` changed is
    there after a crash at any later instant; what an unfinished one began is not.
    """

    def __init__(self, path: Path, embedder: Embedder, settings: Settings) -> None:
        self.path, self.embedder, self.settings = path, embedder, settings
        self._state: State | None = None
        self._mutex = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._file: tuple[int, int] | None = None

    @classmethod
    def create(
        cls,
        path: str | Path,
        embedder: Embedder,
        settings: Settings,
        documents: Iterable[Document] = (),
        progress: Progress | None = None,
    ) -> Index:
        """Build an index at ``path`` from ``documents``, in place of one that is there.

        All of it is one transaction: until it is done, and if it is broken off, the previous index stays as it was.

        Parameters
        ----------
        progress : called with the number of documents done and the number of all, or ``None`` where it is not known.

        Raises
        ------
        IndexBusy : another process is writing.
        SettingError : the directory cannot be made or written.
        """
        path = Path(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise SettingError(
                str(path), f"no index can be made there ({e.strerror})", "give another directory"
            ) from None
        index = cls(path, embedder, settings)
        with writer_lock(path, settings.lock_seconds):
            _set_aside_foreign(path)
            with index._writer() as connection:
                with store.transaction(connection, write=True):
                    store.reset(connection, embedder.name, embedder.fingerprint, embedder.dimension)
                    for batch in prepare.batches(documents, embedder, progress):
                        prepare.put(connection, batch)
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            index._save_snapshot(always=True)
        return index

    @classmethod
    def open(cls, path: str | Path, load: Callable[[str], Embedder], settings: Settings) -> Index:
        """Open the index at ``path``; nothing of it is changed.

        ``load`` gives the embedder of a name (``libqa.models.load_embedder``); it is asked for ``settings.embedder``.

        Raises
        ------
        IndexMissing : there is no index.
        IndexMismatch : it was built with another embedder, or by an incompatible version.
        """
        path = Path(path)
        with closing(store.connect(path)) as connection, _readable(path), store.transaction(connection):
            head = store.head(connection, str(path))
        if head.embedder != settings.embedder:  # said before the other model is looked for: it may not be here
            raise _mismatch(path, head, repr(settings.embedder))
        index = cls(path, load(settings.embedder), settings)
        with index.view():
            return index

    def add(self, documents: Iterable[Document], progress: Progress | None = None) -> list[str]:
        """Add documents, replacing those with the same id; return the ids. One that is there unchanged costs nothing.

        Documents are committed in batches: if it is broken off, the batches before are in the index.

        Raises
        ------
        IndexBusy : another process is writing.
        """
        done: list[str] = []
        with self._writing() as connection:
            for batch in prepare.batches(documents, self.embedder, progress, connection):
                if any(ready.entries is not None for ready in batch):
                    with store.transaction(connection, write=True):
                        prepare.put(connection, batch)
                done += [ready.document.id for ready in batch]
            self._save_snapshot()
        return done

    def remove(self, ids: Iterable[str]) -> int:
        """Remove the documents with these ids in one transaction; return how many there were.

        Raises
        ------
        IndexBusy : another process is writing.
        """
        with self._writing() as connection:
            with store.transaction(connection, write=True):
                sequence = store.next_change(connection)
                count = sum(store.drop(connection, identity, sequence) for identity in ids)
            self._save_snapshot()
        return count

    @contextmanager
    def view(self) -> Iterator[View]:
        """Give a stable reading state for one question, at the newest change.

        Raises
        ------
        IndexMissing, IndexMismatch : it was removed, or rebuilt with another embedder, in the meantime.
        """
        connection = self._take()
        try:
            for attempt in range(_ATTEMPTS):
                with _readable(self.path), store.transaction(connection):
                    state = self._state_for(connection, patient=attempt < _ATTEMPTS - 1)
                    if state is not None:
                        yield View(state, connection)
                        break
                fresh = store.connect(self.path)
                connection.close()
                connection = fresh
        finally:
            self._give_back(connection)

    def documents(self, offset: int = 0, limit: int | None = None) -> list[Document]:
        """Return all documents, or ``limit`` of them from ``offset`` on, in the order in which they were written."""
        with self.view() as view:
            return view.documents(offset, limit)

    def count(self) -> int:
        """Return the number of documents, without reading them or what else changed since the last question.

        Raises
        ------
        IndexMissing, IndexMismatch : as `view` does.
        """
        connection = self._take()
        try:
            with _readable(self.path), store.transaction(connection):
                self._check(connection)
                return store.count_documents(connection)
        finally:
            self._give_back(connection)

    def document(self, identity: str) -> Document:
        """Return the document with this id.

        Raises
        ------
        DocumentMissing : there is none.
        """
        with self.view() as view:
            return view.document(identity)

    def close(self) -> None:
        """Close the files; the index opens them again when it is used."""
        with self._mutex:
            while self._idle:
                self._idle.pop().close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _state_for(self, connection: sqlite3.Connection, *, patient: bool) -> State | None:
        """Return the state at the connection's change.

        ``None`` asks for another try: another thread has reached a newer change. If it stays so, the database is an
        older copy that was put in place of the one known, and the state is built anew.
        """
        head = self._check(connection)
        with self._mutex:
            state = self._state
            if patient and state and state.index == head.index and state.sequence > head.sequence:
                return None
            if state is None or state.index != head.index:
                state = snapshot.load(self.path, connection, head.index)
            self._state = catch_up(state, connection, head)
            return self._state

    def _check(self, connection: sqlite3.Connection) -> store.Head:
        head = store.head(connection, str(self.path))
        mine = self.embedder
        if (head.embedder, head.fingerprint) != (mine.name, mine.fingerprint):
            raise _mismatch(self.path, head, f"{mine.name!r} ({mine.fingerprint[:12]})")
        return head

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the lock and a connection to an index that is there and is the right one."""
        store.connect(self.path).close()
        with writer_lock(self.path, self.settings.lock_seconds), self._writer() as connection:
            self._check(connection)
            yield connection

    @contextmanager
    def _writer(self) -> Iterator[sqlite3.Connection]:
        with closing(store.connect(self.path, write=True)) as connection:
            try:
                yield connection
            except sqlite3.OperationalError as e:
                raise SettingError(
                    str(self.path), f"the index cannot be written ({e})", "free space or check its permissions"
                ) from None

    def _save_snapshot(self, *, always: bool = False) -> None:
        with self.view() as view:
            state = view.state
            last, sequence = snapshot.newest(self.path)
            changed = store.count_changes(view.connection, last, sequence)
        if always or changed * _SNAPSHOT_SHARE >= state.passages or changed > _SNAPSHOT_MOST:
            try:
                snapshot.save(self.path, state)
            except OSError as e:
                log.warning("no snapshot of %s could be written (%s); it will open more slowly", self.path, e)

    def _take(self) -> sqlite3.Connection:
        """Return an idle connection to the database that is there now, or a new one."""
        file = self.path / store.FILE
        try:
            status = file.stat()
        except OSError:
            return store.connect(self.path)  # which says what is wrong
        with self._mutex:
            if self._file != (status.st_dev, status.st_ino):
                while self._idle:
                    self._idle.pop().close()
                self._file = (status.st_dev, status.st_ino)
            if self._idle:
                return self._idle.pop()
        return store.connect(self.path)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._mutex:
            self._idle.append(connection)


def _mismatch(path: Path, head: store.Head, other: str) -> IndexMismatch:
    return IndexMismatch(
        str(path),
        f"it was built with the embedding model {head.embedder!r} ({head.fingerprint[:12]}), not {other}",
        "set embedder to that model, or build the index anew with `libqa build`",
    )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as e:
        raise IndexMismatch(str(path), f"the index is damaged ({e})", "build it anew with `libqa build`") from None


def _set_aside_foreign(path: Path) -> None:
    """Rename what stands in the place of the database but is none, so that a new one can be made."""
    try:
        store.connect(path).close()
    except IndexMissing:
        return
    except IndexMismatch:
        stamp = int(time.time())
        for file in path.glob(store.FILE + "*"):
            if ".corrupt-" not in file.name:
                file.rename(file.with_name(f"{file.name}.corrupt-{stamp}"))
