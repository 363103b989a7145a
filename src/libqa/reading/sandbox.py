"""Reading in a process of its own, with a limit of time and memory; a file that breaks it breaks nothing else."""

from __future__ import annotations

import sys
import threading
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from libqa.config import Settings
from libqa.errors import MissingReader, ReadError
from libqa.reading.formats.draft import Extract
from libqa.reading.worker import receive, send

if TYPE_CHECKING:
    import subprocess

_MIB = 2**20
_FILES = 200  # after so many files the process is made anew, so that no parser's leak adds up
# The search path is the parent's before anything is imported: no file beside the documents is taken for a module.
_START = "import sys; sys.path[:] = sys.argv[1:]; from libqa.reading.worker import main; main({}, {})"
MODULES = {
    "pdf": "pypdfium2",
    "docx": "docx",
    "pptx": "pptx",
    "xlsx": "openpyxl",
    "epub": "lxml",
    "html": "trafilatura",
}
"""The module that each format needs; all come with the extra ``files``."""


class Sandbox:
    """A reading process that starts with the first file and is replaced when a file has broken it.

    Not for use from several threads at once. Close it, or use it in a ``with`` statement.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._files = 0

    def extract(self, data: bytes, kind: str, name: str, source: str, charset: str = "") -> Extract:
        """Return the text of a file of a complex format.

        Parameters
        ----------
        kind : one of ``MODULES``.
        name : the file's name without directory.
        source : what messages call the file.
        charset : the encoding that a server named, or ``""``.

        Raises
        ------
        ReadError : it is damaged, protected, no such format, or needs too much time or memory.
        MissingReader : the extra ``files`` is not installed.
        """
        if find_spec(MODULES[kind]) is None:
            raise MissingReader(source, f"{MODULES[kind]} is not installed", 'pip install "libqa[files]"')
        said, text = self.ask(source, data, do="read", format=kind, name=name, charset=charset)
        marks = [(int(start), str(label)) for start, label in said["marks"]]
        metadata = {str(name): str(value) for name, value in said["metadata"].items()}
        return Extract(text.decode("utf-8"), marks, metadata)

    def ask(self, source: str, data: bytes = b"", **what: Any) -> tuple[dict[str, Any], bytes]:
        """Send a message to the process and return its answer.

        Raises
        ------
        ReadError : the process says so, did not answer in time, or ended.
        """
        settings = self.settings
        if self._process is None:
            self._process = self._start()
        process = self._process
        inward, outward = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(settings.parse_seconds, stop)
        timer.start()
        try:
            send(inward, {"seconds": settings.parse_seconds, "limit": self._unpacked, **what}, data)
            said, result = receive(outward, self._most)
        except (OSError, EOFError, ValueError):
            self.close()
            if late.is_set():
                raise ReadError(
                    source,
                    f"reading it takes longer than {settings.parse_seconds:g} s",
                    "split it or raise parse_seconds",
                ) from None
            raise ReadError(
                source, f"it made the reading process fail within {settings.parse_mb:g} MB", "mend it or raise parse_mb"
            ) from None
        finally:
            timer.cancel()
        self._files += 1
        if self._files >= _FILES and what["do"] == "read":
            self.close()
        return self._checked(said, source), result

    def close(self) -> None:
        """End the process."""
        process, self._process, self._files = self._process, None, 0
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                _close(stream)
        process.wait()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def running(self) -> bool:
        """Whether the process that answered last is still there."""
        return self._process is not None

    @property
    def _unpacked(self) -> int:
        return int(self.settings.max_unpacked_mb * _MIB)

    @property
    def _most(self) -> int:
        """Bytes that a part of a message may hold: a whole file, or its text with its marks."""
        return int(max(self.settings.max_file_mb, self.settings.max_unpacked_mb) * _MIB) + _MIB

    def _start(self) -> subprocess.Popen[bytes]:
        import subprocess

        code = _START.format(self.settings.parse_mb, self._most)
        command = [sys.executable, "-X", "utf8", "-c", code, *sys.path]
        return subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def _checked(self, said: dict[str, Any], source: str) -> dict[str, Any]:
        if "reason" in said:
            raise ReadError(source, str(said["reason"]), str(said["remedy"]))
        if "memory" in said:
            self.close()
            raise ReadError(
                source, f"reading it needs more than {self.settings.parse_mb:g} MB", "split it or raise parse_mb"
            )
        if "error" in said:
            raise ReadError(source, f"it is damaged ({said['error']})", "open it in its program and save it again")
        return said


def _close(stream: Any) -> None:
    try:
        stream.close()
    except OSError:  # what was still to be written has no reader any more
        return
