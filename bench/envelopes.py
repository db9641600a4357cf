"""Real events with an id of their own each, gzipped before the clock starts.

Payload files are envelopes as SDKs sent them, in which the event id is 32 × `E` and `ISSUE0000`
stands in the text that decides the grouping. The constant stretches are deflated once, the varying
ones go between them as stored blocks, so that twenty thousand different 31 KB events are built in
two seconds.
"""

import random
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

PAYLOADS = Path(__file__).parent / "payloads"
EVENT_ID = b"E" * 32
ISSUE = b"ISSUE0000"
WINDOW = 32_768


class Template:
    """One payload file, cut where it varies."""

    def __init__(self, path: Path) -> None:
        raw = path.read_bytes()
        self._size = len(raw)
        self._parts: list[tuple[bytes, bytes]] = []  # plain, deflated; empty deflated = varies
        before = b""
        for part in re.split(b"(" + EVENT_ID + b"|" + ISSUE + b")", raw):
            if part in (EVENT_ID, ISSUE):
                self._parts.append((part, b""))
                before += bytes(len(part))  # no match may reach into what varies; JSON has no NUL
            elif part:
                self._parts.append((part, _deflated(part, before)))
                before += part
        end = zlib.compressobj(9, zlib.DEFLATED, -15)
        self._tail = end.flush(zlib.Z_FINISH)

    def gzip(self, event_id: bytes, issue: bytes) -> bytes:
        out = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"]
        crc = 0
        for plain, deflated in self._parts:
            if deflated:
                crc = zlib.crc32(plain, crc)
                out.append(deflated)
            else:
                value = event_id if plain == EVENT_ID else issue
                crc = zlib.crc32(value, crc)
                out.append(_stored(value))
        out += [self._tail, struct.pack("<II", crc, self._size)]
        return b"".join(out)


def _deflated(data: bytes, before: bytes) -> bytes:
    args = (9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY)
    packer = zlib.compressobj(*args, before[-WINDOW:]) if before else zlib.compressobj(*args)
    return packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)


def _stored(data: bytes) -> bytes:
    return b"\x00" + struct.pack("<HH", len(data), len(data) ^ 0xFFFF) + data


@dataclass(frozen=True, slots=True)
class Target:
    host: str
    port: int
    path: str
    key: str


def target_of(dsn: str) -> Target:
    url = urlsplit(dsn)
    prefix, _, project = url.path.rpartition("/")
    return Target(
        url.hostname or "127.0.0.1",
        url.port or 80,
        f"{prefix}/api/{project}/envelope/",
        url.username or "",
    )


def requests(
    target: Target, names: list[str], issues: int, seed: int
) -> Iterator[tuple[bytes, bytes]]:
    """Event id and whole HTTP request, for ever; events spread over `issues` groups."""
    templates = [Template(PAYLOADS / f"{name}.envelope") for name in names]
    rng = random.Random(seed)
    head = (
        f"POST {target.path} HTTP/1.1\r\nHost: {target.host}:{target.port}\r\n"
        "Content-Type: application/x-sentry-envelope\r\nContent-Encoding: gzip\r\n"
        f"X-Sentry-Auth: Sentry sentry_key={target.key}, sentry_version=7\r\nContent-Length: "
    ).encode()
    number = 0
    while True:
        event_id = b"%032x" % rng.getrandbits(128)
        template = templates[number % len(templates)]
        body = template.gzip(event_id, b"ISSUE%04d" % (number // len(templates) % issues))
        number += 1
        yield event_id, head + b"%d\r\n\r\n" % len(body) + body
