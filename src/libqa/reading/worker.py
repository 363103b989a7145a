"""The reading process: parses files of formats that are too complex to trust, within limits that the system enforces.

It is started by ``libqa.reading.sandbox`` and speaks with it over its standard input and output: a message is eight
bytes of length, a JSON object, eight bytes of length, and data.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import zipfile
from importlib import import_module
from typing import Any, BinaryIO

from libqa.reading.formats.draft import Damaged
from libqa.reading.formats.package import entry, open_package

FORMATS = ("pdf", "docx", "pptx", "xlsx", "epub", "html")
_MIB = 2**20
_LENGTH = struct.Struct(">Q")


def send(stream: BinaryIO, head: dict[str, Any], data: bytes = b"") -> None:
    """Write a message."""
    said = json.dumps(head).encode("ascii")
    stream.write(b"".join((_LENGTH.pack(len(said)), said, _LENGTH.pack(len(data)))))
    stream.write(data)
    stream.flush()


def receive(stream: BinaryIO, most: int) -> tuple[dict[str, Any], bytes]:
    """Read a message whose parts hold at most ``most`` bytes each.

    Raises
    ------
    EOFError : the stream has ended. ValueError : what comes is no message, or too long.
    """
    head = json.loads(_part(stream, most))
    if not isinstance(head, dict):
        raise ValueError("no message")
    return head, _part(stream, most)


def _part(stream: BinaryIO, most: int) -> bytes:
    length = _LENGTH.unpack(_exactly(stream, _LENGTH.size))[0]
    if length > most:
        raise ValueError("the message is too long")
    return _exactly(stream, length)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


class _Worker:
    """Answers one message after the other; remembers the archive that it was last given."""

    def __init__(self) -> None:
        self.archive: zipfile.ZipFile | None = None

    def answer(self, head: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        if head["do"] == "list":
            self.archive = open_package(data, "zip", head["limit"])
            names = [_name(info) for info in self.archive.infolist() if not info.is_dir()]
            return {"names": names}, b""
        if head["do"] == "entry":
            assert self.archive is not None
            files = [info for info in self.archive.infolist() if not info.is_dir()]
            return {}, entry(self.archive, files[head["number"]].filename)
        module = import_module(f"libqa.reading.formats.{head['format']}")
        extra = {"charset": head["charset"]} if head["format"] == "html" else {}
        found = module.read(data, head["name"], head["limit"], **extra)
        return {"marks": found.marks, "metadata": found.metadata}, found.text.encode("utf-8")


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name of an entry; those that are not marked as UTF-8 are mostly GB18030 in Chinese archives."""
    if info.flag_bits & 0x800:
        return info.filename
    data = info.filename.encode("cp437")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return data.decode("gb18030")
        except UnicodeDecodeError:
            return info.filename


def _limit(megabytes: float) -> None:
    """Let this process use no more memory than that, write no files and leave no core; where the system can do it."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, most in (
        (resource.RLIMIT_AS, int(megabytes * _MIB)),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (allowed, allowed))
        except (ValueError, OSError):  # macOS does not limit address space
            continue


def _hurry(seconds: float) -> None:
    """End this process if the next answer costs more processor time, should nobody be there to end it."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + seconds) + 2, hard))


def main(megabytes: float, most: int) -> None:
    """Answer until the standard input ends.

    Parameters
    ----------
    megabytes : memory (MiB of address space) of this process.
    most : bytes that a part of a message may hold.
    """
    inward, outward = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # what libraries print must not get among the messages
        os.dup2(silence, stream)
    sys.setrecursionlimit(3000)
    _limit(megabytes)
    worker = _Worker()
    while True:
        try:
            head, data = receive(inward, most)
        except EOFError:
            return
        _hurry(head["seconds"])
        try:
            said, result = worker.answer(head, data)
        except Damaged as e:
            said, result = {"reason": e.reason, "remedy": e.remedy}, b""
        except MemoryError:
            said, result = {"memory": True}, b""
        except Exception as e:  # any error of a parser means a file that it cannot parse; its kind helps to report it
            said, result = {"error": type(e).__name__}, b""
        send(outward, said, result)
        del data, result
