"""Documents from the web: http and https only, checked addresses, bounded size, time and redirects."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import zlib
from dataclasses import dataclass
from email.message import Message
from pathlib import PurePosixPath
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from libqa.config import Settings
from libqa.errors import ReadError
from libqa.reading.kinds import KINDS

_REDIRECTS = 5
_CHUNK = 1 << 16
_MIB = 2**20
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_TYPES = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
    "application/json": "json",
    "application/jsonl": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/pdf": "pdf",
    "application/epub+zip": "epub",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
_VAGUE = ("", "application/octet-stream", "binary/octet-stream", "application/force-download", "text/plain")
_PLAIN = ("txt", "md", "csv", "json", "jsonl")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a server sent: where it came from after redirects, its kind, and the encoding that the server named."""

    data: bytes
    url: str
    kind: str
    charset: str


def fetch(url: str, settings: Settings) -> Fetched:
    """Fetch a document.

    Every address is checked when it is connected to, after each redirect anew, so that a name which resolves to another
    address the second time gains nothing. Proxies of the environment are not used, since they hide the address.

    Raises
    ------
    ReadError : another scheme, a private address (see ``allow_private_urls``), an error of the server or the network, a
        type that cannot be read, more than ``max_file_mb`` or ``fetch_seconds``, too many redirects.
    """
    at = url
    for _ in range(_REDIRECTS + 1):
        answer = _get(_parts(at, url), url, settings)
        if isinstance(answer, Fetched):
            return answer
        at = urljoin(at, answer)
    raise ReadError(url, f"it redirects more than {_REDIRECTS} times", "give the address that it leads to")


def _parts(at: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(at)
        host, _ = parts.hostname, parts.port
    except ValueError as e:
        raise ReadError(url, f"it is no valid address ({e})", "check it") from None
    if parts.scheme not in ("http", "https"):
        raise ReadError(url, f"addresses of the kind {parts.scheme}: are not fetched", "give an http or https address")
    if not host or parts.username is not None:
        raise ReadError(url, "it names no host, or a user", "give a plain http or https address")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return parts._replace(path=path, query=quote(parts.query, safe="/%:@!$&'()*+,;=~-._?"), fragment="")


def _get(parts: SplitResult, url: str, settings: Settings) -> Fetched | str:
    """Return what one request gives, or the address that it redirects to."""
    host = parts.hostname or ""
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    connection = http.client.HTTPConnection(host, port)
    late = threading.Event()
    opened: list[socket.socket] = []  # http.client forgets its socket when the answer begins

    def stop() -> None:
        late.set()
        for connected in opened:
            _shut(connected)

    timer = threading.Timer(settings.fetch_seconds, stop)
    timer.start()
    try:
        connection.sock = _connect(host, port, url, settings)
        opened.append(connection.sock)
        if parts.scheme == "https":
            secure = ssl.create_default_context().wrap_socket(
                connection.sock, server_hostname=host, do_handshake_on_connect=False
            )
            connection.sock = secure
            opened.append(secure)
            secure.do_handshake()
        headers = {"Host": _netloc(parts), "User-Agent": "libqa", "Accept-Encoding": "identity", "Connection": "close"}
        connection.request("GET", urlunsplit(("", "", parts.path, parts.query, "")), headers=headers)
        answer = _answer(connection.getresponse(), parts, url, settings)
        if late.is_set():  # what was shut down looks like a finished answer
            raise TimeoutError
        return answer
    except (OSError, http.client.HTTPException, ValueError, zlib.error) as e:
        if late.is_set() or isinstance(e, TimeoutError):
            raise ReadError(
                url, f"it did not come within {settings.fetch_seconds:g} s", "try again, or raise fetch_seconds"
            ) from None
        said = getattr(e, "strerror", None) or str(e) or type(e).__name__
        raise ReadError(url, f"it cannot be fetched ({said})", "check the address and the network") from None
    finally:
        timer.cancel()
        connection.close()


def _netloc(parts: SplitResult) -> str:
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
    return f"{name}:{parts.port}" if parts.port else name


def _connect(host: str, port: int, url: str, settings: Settings) -> socket.socket:
    """Connect to the first address of a host that answers, and to none that may not be connected to."""
    error: OSError | None = None
    refused = ""
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if not settings.allow_private_urls and not is_public(str(address[0])):
            refused = str(address[0])
            continue
        connected = socket.socket(family, kind, protocol)
        connected.settimeout(settings.fetch_seconds)
        try:
            connected.connect(address)
        except OSError as e:
            connected.close()
            error = e
            continue
        return connected
    if refused:
        raise ReadError(
            url, f"it leads to {refused}, which is no public address", "set allow_private_urls if that is wanted"
        )
    raise error or OSError("no address")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open Internet, also where one of version 4 is wrapped in version 6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def _answer(response: http.client.HTTPResponse, parts: SplitResult, url: str, settings: Settings) -> Fetched | str:
    if response.status in (301, 302, 303, 307, 308) and response.headers.get("Location"):
        return response.headers["Location"].encode("latin-1").decode("utf-8", "backslashreplace")
    if response.status != 200:
        raise ReadError(url, f"the server says {response.status} {response.reason}".rstrip(), "check the address")
    headers = response.headers
    kind = _kind(headers, parts, url)
    data = _body(response, url, settings)
    charset = headers.get_content_charset() or ""
    return Fetched(data, urlunsplit(parts), kind, charset)


def _kind(headers: Message, parts: SplitResult, url: str) -> str:
    """The content type decides; where it says little, the name in the address."""
    said = headers.get_content_type() if headers.get("Content-Type") else ""
    named = KINDS.get(PurePosixPath(unquote(parts.path)).suffix.lower(), "")
    if said in _VAGUE and named and (said != "text/plain" or named in _PLAIN):
        return named
    if said in _TYPES:
        return _TYPES[said]
    raise ReadError(
        url, f"what is there is of the type {said or 'unknown'}", "give the address of a page or a document"
    )


def _body(response: http.client.HTTPResponse, url: str, settings: Settings) -> bytes:
    limit = int(settings.max_file_mb * _MIB)
    packed = (response.headers.get("Content-Encoding") or "identity").strip().lower()
    if packed not in ("identity", "gzip", "deflate"):
        raise ReadError(url, f"it comes packed as {packed[:20]}, unasked", "download it with a browser")
    unpack = None if packed == "identity" else zlib.decompressobj(47)  # either of the two
    parts: list[bytes] = []
    size = 0
    while chunk := response.read(_CHUNK):
        piece = chunk if unpack is None else unpack.decompress(chunk, limit + 1 - size)
        size += len(piece)
        if size > limit or (unpack is not None and unpack.unconsumed_tail):
            raise ReadError(url, f"it is larger than {settings.max_file_mb:g} MB", "split it or raise max_file_mb")
        parts.append(piece)
    expected = response.length
    if expected:
        raise ReadError(url, f"the connection broke off, {expected} bytes are missing", "try again")
    return b"".join(parts)


def _shut(connected: socket.socket) -> None:
    try:
        socket.socket.shutdown(connected, socket.SHUT_RDWR)  # not that of TLS, which changes what another thread uses
    except OSError:  # it is closed already
        return
