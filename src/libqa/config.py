"""All settings in one object, read from ``libqa.toml`` and ``LIBQA_*`` environment variables."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from libqa.errors import SettingError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a user may set; the name in ``libqa.toml``, the environment name is ``LIBQA_`` plus it in capitals.

    What begins with ``llm_`` may also stand in a table: ``base_url`` in ``[llm]`` is ``llm_base_url``.
    """

    index: Path | None = None
    """Directory of the index; ``None`` means the user's data directory."""
    embedder: str = "bundled"
    """``bundled``, or the name or path of a sentence-transformers model (extra ``hub``)."""
    reranker: str = ""
    """Name or path of a cross-encoder (extra ``hub``) that puts the passages found in order; ``""``: none."""
    threshold: float = 0.36
    """Confidence (0..1) below which the answer is a refusal."""
    max_question: int = 2000
    """Longest question accepted, in characters."""
    max_file_mb: float = 64.0
    """Largest file accepted, in MiB."""
    max_unpacked_mb: float = 512.0
    """Most that a zip archive, an Office file or a book may unpack to, in MiB, and the longest text of any file."""
    parse_seconds: float = 60.0
    """Longest time that reading one PDF, Office file, book, web page or archive may take, in seconds."""
    parse_mb: float = 1024.0
    """Most memory that reading one such file may use, in MiB of address space (where the system can limit it)."""
    fetch_seconds: float = 60.0
    """Longest time that fetching one URL may take, in seconds."""
    allow_private_urls: bool = False
    """Whether URLs may lead to private, loopback and other addresses that are not of the open Internet."""
    lock_seconds: float = 30.0
    """How long a writer waits for another writer, in seconds."""
    host: str = "127.0.0.1"
    port: int = 7860
    token: str = field(default="", repr=False)
    """Secret of `libqa serve`: changing documents over HTTP needs it, and so does reading from other computers."""
    server_names: str = ""
    """Names, separated by commas, under which the service is reached besides its addresses and ``localhost``."""
    max_upload_mb: float = 64.0
    """Largest upload to the service accepted, in MiB."""
    questions_per_minute: int = 240
    """Questions the service takes from one client in a minute; 0: any number."""
    at_once: int = 4
    """Questions that the service works on at the same time."""
    waiting: int = 64
    """Questions that may wait for their turn; the service turns away more."""
    llm_base_url: str = ""
    """Address of an OpenAI-compatible endpoint, up to ``/v1``; ``""``: answers are extracted, no model is asked."""
    llm_model: str = ""
    """Name of the model there."""
    llm_api_key: str = field(default="", repr=False)
    """Key of the endpoint, if it asks for one."""
    llm_first_seconds: float = 20.0
    """How long to wait for the model's first word, in seconds; then the answer is extracted."""
    llm_stall_seconds: float = 3.0
    """How long the model may be silent once it has begun, in seconds."""
    llm_timeout_seconds: float = 60.0
    """How long a whole generated answer may take, in seconds."""
    llm_max_tokens: int = 1024
    """Longest generated answer, in tokens of the model, thinking included."""

    @property
    def index_dir(self) -> Path:
        """The directory of the index, resolved."""
        if self.index is not None:
            return self.index
        from platformdirs import user_data_path

        return user_data_path("libqa", appauthor=False) / "index"


def _coerce(name: str, value: object, where: str) -> object:
    kind = {f.name: str(f.type) for f in fields(Settings)}[name]
    try:
        if kind == "float":
            return float(str(value))
        if kind == "int":
            return int(str(value))
        if kind == "bool":
            return _TRUTH[str(value).lower()]
    except KeyError:
        raise SettingError(where, f"{value!r} is neither true nor false", f"set {name} to true or false") from None
    except ValueError:
        raise SettingError(where, f"{value!r} is not a number", f"set {name} to a number") from None
    return Path(str(value)).expanduser() if kind.startswith("Path") else str(value)


def _flat(table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}_{inner}", setting) for inner, setting in value.items())
        else:
            yield name, value


def load_settings(start: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings from ``libqa.toml`` in ``start`` (default: the working directory) and the environment.

    The environment wins over the file. Relative paths in the file count from the file's directory.

    Raises
    ------
    SettingError : unknown name, wrong type, or a file that is not valid TOML.
    """
    start = start or Path.cwd()
    environ = os.environ if environ is None else environ
    known = {f.name for f in fields(Settings)}
    values: dict[str, object] = {}
    file = start / "libqa.toml"
    if file.is_file():
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
            raise SettingError(str(file), f"not valid TOML ({e})", "correct or remove the file") from None
        for name, value in _flat(table):
            if name not in known:
                raise SettingError(str(file), f"unknown setting {name!r}", f"known are {', '.join(sorted(known))}")
            values[name] = _coerce(name, value, f"{file}: {name}")
        if isinstance(values.get("index"), Path):
            values["index"] = start / values["index"]  # type: ignore[operator]
    for name in known:
        variable = "LIBQA_" + name.upper()
        if environ.get(variable):
            values[name] = _coerce(name, environ[variable], variable)
    return replace(Settings(), **values)  # type: ignore[arg-type]
