"""What SDKs are answered: status, JSON, and always the headers a browser needs to read it.

Without CORS on an error a browser's SDK sees a network failure and never learns of a limit. See
docs/protocol.md, "Answers".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from starlette.types import Send

from lighttrace.errors import BusyError, IngestError
from lighttrace.ingest import quotas

JSON = b"application/json"
SCRIPT = b"text/javascript; charset=utf-8"

Header = tuple[bytes, bytes]
_CORS: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"x-sentry-error, x-sentry-rate-limits, retry-after"),
    # pages that isolate themselves load nothing from elsewhere without it
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
)
# the last three are what instrumented pages attach to every request, ours included
_PREFLIGHT: tuple[Header, ...] = (
    *_CORS,
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type, "
        b"authentication, authorization, content-encoding, transfer-encoding, sentry-trace, "
        b"baggage, traceparent",
    ),
    (b"access-control-max-age", b"3600"),
)
_UNPRINTABLE = re.compile(rb"[^\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = b""
    content_type: bytes = JSON
    headers: tuple[Header, ...] = ()


def accepted(event_id: str | None, limits: Iterable[quotas.RateLimit] = ()) -> Reply:
    """200. `limits` tell the SDK what not to send again; never with `Retry-After`."""
    body = b'{"id":"%s"}' % event_id.encode() if event_id else b"{}"
    value = quotas.header(limits)
    return Reply(200, body, headers=((b"x-sentry-rate-limits", value.encode()),) if value else ())


def refused(error: IngestError) -> Reply:
    """The status and sentence of an error, in the JSON and in the header old SDKs print."""
    causes = [str(error.__cause__)[:500]] if error.__cause__ else []
    headers: list[Header] = [(b"x-sentry-error", _printable(error.detail))]
    if isinstance(error, BusyError):
        limit = quotas.QUEUE_FULL if error.reason == "queue_full" else quotas.OVERLOADED
        headers += [
            (b"retry-after", b"%d" % error.retry_after_s),
            (b"x-sentry-rate-limits", str(limit).encode()),
        ]
    if error.status == 408:
        headers.append((b"connection", b"close"))
    if error.status == 405:
        headers.append((b"allow", b"POST, OPTIONS"))
    body = msgspec.json.encode({"detail": error.detail, "causes": causes})
    return Reply(error.status, body, headers=tuple(headers))


PREFLIGHT = Reply(204)


async def answer(send: Send, reply: Reply) -> None:
    if reply.status == 204:
        headers = list(_PREFLIGHT)
    else:
        length = b"%d" % len(reply.body)
        headers = [
            *_CORS,
            (b"content-type", reply.content_type),
            (b"content-length", length),
            *reply.headers,
        ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def _printable(text: str) -> bytes:
    return _UNPRINTABLE.sub(b" ", text.encode("ascii", "replace"))[:500]
