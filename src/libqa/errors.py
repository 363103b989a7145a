"""The errors a user of libqa can meet: each is one line that names the thing, the reason and the way out."""

from __future__ import annotations


class LibQAError(Exception):
    """Base of all errors that libqa raises on purpose; the command line prints it as one line and exits with 1.

    Parameters
    ----------
    thing : what the error is about, e.g. a path or a setting.
    reason : what is wrong with it.
    remedy : what the user can do; shown last.
    """

    def __init__(self, thing: str, reason: str, remedy: str) -> None:
        self.thing, self.reason, self.remedy = thing, reason, remedy
        super().__init__(f"{thing}: {reason}; {remedy}")


class ReadError(LibQAError):
    """A file cannot become a document: unknown encoding, empty, binary, over-size, vanished."""


class IndexMissing(LibQAError):
    """There is no index at the given place."""


class IndexMismatch(LibQAError):
    """The index was built with another embedding model or by an incompatible version."""


class IndexBusy(LibQAError):
    """Another process is writing to the index and did not finish in time."""


class DocumentMissing(LibQAError):
    """The index holds no document, or no passage, with the given id."""


class QuestionError(LibQAError):
    """The question is empty or too long."""


class ServiceBusy(LibQAError):
    """The service has more to do than it takes on at a time, or from one client in a minute."""


class MissingExtra(LibQAError):
    """An optional part of libqa is not installed."""


class MissingReader(ReadError, MissingExtra):
    """A file cannot become a document because the package that reads its format is not installed."""


class ModelError(LibQAError):
    """A model is missing, damaged or not the one that was asked for."""


class SettingError(LibQAError):
    """A setting in libqa.toml, the environment or an argument is wrong."""


class EndpointError(LibQAError):
    """The language model's endpoint gave no answer, or no whole one; users get the extractive answer and a notice.

    ``kind`` is a word for programs: unreachable, refused, unknown, busy, failing, silent, broken, malformed, endless.
    """

    def __init__(self, thing: str, reason: str, remedy: str, kind: str) -> None:
        self.kind = kind
        super().__init__(thing, reason, remedy)
