"""A request to an address that somebody wrote down, outside or in the own network: where it may go,
and how much of it is waited for and read.

A host is looked up once. Every address it has must lead out into the internet, unless whoever asks
allows others, and the connection goes to an address that was looked at: a name that is somewhere
else when it is asked again changes nothing. No redirect is followed, no proxy of the environment is
used, nothing is unpacked. Sentences name the host and the beginning of the path, since the rest of
an address is often its secret.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit, urlunsplit

from lighttrace.errors import OutwardError

TIME_S = 10.0  # for all of it: look-up, connection, answer
CONNECT_S = 4.0
BODY_BYTES = 64 * 1024
ANSWER_BYTES = 4 * 1024  # that are read; what a server says beyond it is nobody's news
URL_CHARS = 2048
ADDRESSES = 4  # of one host that are tried
SHOWN_CHARS = 5  # of a path
# below 1024 only the ports of the web: a line of ours must not reach a mail server
LOW_PORTS = (80, 443)

# RFC 6052: an IPv6-only network shows the IPv4 internet below this prefix
NAT64 = IPv6Network("64:ff9b::/96")
# what is handed out to anybody in the internet (RFC 4291); everything else is special
UNICAST = IPv6Network("2000::/3")
# some versions of Python call these global: protocol assignments, relays of 6to4
SPECIAL = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Request:
    """`headers` without Host and without what tells the length."""

    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body`: its beginning, `ANSWER_BYTES` unless more was asked for."""

    status: int
    retry_after: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads. `addresses` were looked up and may be asked."""

    parts: SplitResult
    host: str
    port: int
    addresses: tuple[str, ...]

    def pinned(self, address: str) -> str:
        """The URL with an address in the place of its host."""
        netloc = f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"
        return urlunsplit(self.parts._replace(netloc=netloc, fragment=""))


def is_public(address: Address) -> bool:
    """Whether an address leads out into the internet, and to one machine there.

    An address that carries another one inside is refused (IPv4-mapped and -compatible, 6to4,
    Teredo), except for NAT64, where the one inside is judged: without it a machine in a network
    that has IPv6 alone would reach hardly anybody.
    """
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        if address not in UNICAST or address.sixtofour or address.teredo:
            return False
    elif any(address in one for one in SPECIAL):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def shown(url: str) -> str:
    """Host and beginning of the path: enough to know which one is meant, too little to use it."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    path = parts.path if len(parts.path) <= SHOWN_CHARS else f"{parts.path[:SHOWN_CHARS]}…"
    return f"{parts.hostname}{port}{path}"


async def by_system(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises OSError if it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


def read(url: str, *, allow_private: bool = False) -> SplitResult:
    """The parts of a URL that may be asked. Raises ValueError, with a reason that does not repeat
    the URL.
    """
    if len(url) > URL_CHARS:
        raise ValueError(f"it is longer than {URL_CHARS} characters")
    if not url.isascii() or any(char <= " " or char in "\\\x7f" for char in url):
        raise ValueError("there is a space or another character in it that no address has")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it has to begin with https:// and a host")
    if parts.scheme == "http" and not allow_private:
        raise ValueError("it is not encrypted: only https:// goes out into the internet")
    if "@" in parts.netloc:
        raise ValueError("it must not hold a name and a password before the host")
    if parts.fragment:
        raise ValueError("it must not have a part behind a #")
    port = _port(parts)
    if not allow_private and port < 1024 and port not in LOW_PORTS:
        raise ValueError(f"port {port} is none of the web")
    return parts


async def look_up(url: str, *, allow_private: bool = False, resolve: Resolve = by_system) -> Place:
    """Find out where a URL leads, and whether it may be asked. Raises OutwardError."""
    try:
        parts = read(url, allow_private=allow_private)
    except ValueError as error:
        raise OutwardError(f"This address cannot be asked: {error}.", code="address") from error
    host, port = parts.hostname or "", _port(parts)
    try:
        found = list(dict.fromkeys(await resolve(host, port)))
    except (OSError, UnicodeError) as error:
        raise OutwardError(
            f"{host} is not known to the name server. Check the host of the address.", code="name"
        ) from error
    addresses = [ip_address(one) for one in found]
    refused = next((one for one in addresses if not is_public(one)), None)
    if refused is not None and not allow_private:
        raise OutwardError(
            f"{host} leads to {refused}, which is no public address.", code="private"
        )
    if not addresses:
        raise OutwardError(f"{host} has no address.", code="name")
    return Place(parts, host, port, tuple(map(str, addresses[:ADDRESSES])))


async def send(
    request: Request,
    *,
    allow_private: bool = False,
    time_s: float = TIME_S,
    resolve: Resolve = by_system,
    most_bytes: int = ANSWER_BYTES,
) -> Answer:
    """Ask once; whatever the server answers is an answer. Raises OutwardError if there is none."""
    if len(request.body) > BODY_BYTES:
        raise OutwardError(f"The message is larger than {BODY_BYTES // 1024} KiB.", code="size")
    try:
        async with asyncio.timeout(time_s):
            place = await look_up(request.url, allow_private=allow_private, resolve=resolve)
            return await _ask(request, place, time_s, most_bytes)
    except TimeoutError as error:
        raise OutwardError(
            f"{shown(request.url)} did not answer within {time_s:g} s.", code="timeout"
        ) from error


async def _ask(request: Request, place: Place, time_s: float, most_bytes: int) -> Answer:
    """The first address that takes a connection is asked, and no other one after it."""
    trusted = await asyncio.to_thread(_trusted)
    import httpx2

    headers = {
        "User-Agent": "LightTrace",
        "Accept-Encoding": "identity",
        **request.headers,
        "Host": place.parts.netloc,
    }
    where = shown(request.url)
    last: Exception | None = None
    timeout = httpx2.Timeout(time_s, connect=CONNECT_S)
    async with httpx2.AsyncClient(
        verify=trusted, timeout=timeout, follow_redirects=False, trust_env=False
    ) as client:
        for address in place.addresses:
            try:
                async with client.stream(
                    request.method,
                    place.pinned(address),
                    content=request.body,
                    headers=headers,
                    extensions={"sni_hostname": place.host},
                ) as answer:
                    body = bytearray()
                    async for chunk in answer.aiter_raw():
                        body += chunk
                        if len(body) >= most_bytes:
                            break
                    retry_after = answer.headers.get("retry-after", "")
                    return Answer(answer.status_code, retry_after, bytes(body[:most_bytes]))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                last = error  # nothing was sent: another address of the host may do
            except httpx2.TimeoutException as error:
                raise TimeoutError from error
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
                raise OutwardError(
                    f"{where} broke off in the middle ({type(error).__name__}).", code="broken"
                ) from error
    raise OutwardError(f"{where} cannot be reached: {_why(last)}", code="connect") from last


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed: read once, as it takes 20 ms, and in a thread. So is the
    library: 60 ms and 12 MB that only those need who send something.
    """
    import httpx2

    # it logs whole addresses, which are secrets here
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    return httpx2.create_ssl_context()


def _why(error: BaseException | None) -> str:
    """The reason at the bottom, in words."""
    seen = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({seen.verify_message})."
        if isinstance(seen, ssl.SSLError):
            return "an encrypted connection could not be made."
        if isinstance(seen, ConnectionRefusedError):
            return "nobody listens at that port."
        if isinstance(seen, TimeoutError):
            return f"no connection within {CONNECT_S:g} s."
        seen = seen.__cause__ or seen.__context__
    if "Timeout" in type(error).__name__:
        return f"no connection within {CONNECT_S:g} s."
    return "there is no way to it from here."


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError("its port is none") from error
    if port == 0:
        raise ValueError("port 0 is none")
    return port or (443 if parts.scheme == "https" else 80)
