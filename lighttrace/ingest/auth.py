"""Which key a request carries. Pure: headers, query and DSN in, a key or an AuthError out.

Only the public key authenticates; secrets are accepted and ignored. Whether the key is known is
asked elsewhere. Sources and rules: docs/protocol.md, "The key".
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlsplit

from lighttrace.errors import AuthError

NOTHING = (
    "No key was sent. Send an X-Sentry-Auth header, ?sentry_key= or an envelope with a dsn: "
    "the SDK does it when its DSN is set."
)
MALFORMED = "The key is malformed: the public key of a DSN is 32 hex digits."
# one sentence for an unknown key, a disabled one and one of another project: guessing gains nothing
REFUSED = "There is no such project and key here. Compare the DSN with the project's settings."
PROJECT = "The project in the address is malformed: it is the number at the end of the DSN."

_KEY = re.compile(r"[0-9a-f]{32}")
_PROJECT = re.compile(r"[1-9][0-9]{0,17}")  # fits SQLite's integers
REMEMBERED = 1024  # an SDK sends the same header with every request
LONGEST_SOURCE = 2048  # bytes of a header or query that is looked at, so of what is remembered


@dataclass(frozen=True, slots=True)
class Credentials:
    """`client`: the SDK as it calls itself, `sentry.python/2.75.0`."""

    key: str
    client: str | None = None


def credentials(
    x_sentry_auth: bytes | None, authorization: bytes | None, query: bytes
) -> Credentials | None:
    """The key of headers and query; None if they carry none (an envelope may still).

    Raises AuthError: 400 for a key that cannot be one, 403 if two sources disagree.
    """
    found: Credentials | None = None
    if x_sentry_auth is not None:
        found = _of_header(_bounded(x_sentry_auth))
    if query:
        found = agreed(found, _of_query(_bounded(query)))
    if authorization is not None:
        found = agreed(found, _of_authorization(_bounded(authorization)))
    return found


def of_dsn(dsn: str) -> Credentials:
    """The key of `https://KEY[:SECRET]@host/prefix/5`. Raises AuthError (400) if there is none."""
    return _of_dsn(dsn[:LONGEST_SOURCE])


def agreed(first: Credentials | None, second: Credentials | None) -> Credentials | None:
    """What two sources say together. Raises AuthError (403) if they carry different keys."""
    if first is None or second is None:
        return first or second
    if first.key != second.key:
        raise AuthError(REFUSED, reason="two_keys")
    return first if first.client else second


def project_number(text: str) -> int:
    """The project in an address. Raises AuthError (400)."""
    if _PROJECT.fullmatch(text) is None:
        raise AuthError(PROJECT, status=400, reason="malformed_project")
    return int(text)


def _bounded(source: bytes) -> bytes:
    if len(source) > LONGEST_SOURCE:
        raise AuthError(MALFORMED, status=400, reason="malformed_key")
    return source


@lru_cache(REMEMBERED)
def _of_header(value: bytes) -> Credentials | None:
    """`Sentry sentry_version=7, sentry_key=…, sentry_client=…`; values may be percent-encoded."""
    text = value.decode("latin-1").strip()
    if text[:6].lower() == "sentry" and text[6:7] in (" ", ","):
        text = text[7:]
    parts = dict(part.strip().partition("=")[::2] for part in text.split(","))
    return _credentials(parts.get("sentry_key"), parts.get("sentry_client"))


@lru_cache(REMEMBERED)
def _of_query(query: bytes) -> Credentials | None:
    parts = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    return _credentials(parts.get("sentry_key"), parts.get("sentry_client"))


@lru_cache(REMEMBERED)
def _of_authorization(value: bytes) -> Credentials | None:
    """`Sentry …`, `DSN …` or `Bearer KEY`; anything else is meant for a proxy, not for us."""
    scheme, _, rest = value.decode("latin-1").strip().partition(" ")
    match scheme.lower():
        case "sentry":
            return _of_header(value)
        case "dsn":
            return _of_dsn(rest)
        case "bearer" if _KEY.fullmatch(rest.strip().lower()):
            return _credentials(rest, None)
    return None


@lru_cache(REMEMBERED)
def _of_dsn(dsn: str) -> Credentials:
    try:
        key = urlsplit(dsn.strip()).username
    except ValueError:
        key = None
    found = _credentials(key or "-", None)
    assert found is not None
    return found


def _credentials(key: str | None, client: str | None) -> Credentials | None:
    if not key:
        return None
    plain = unquote(key).strip().lower()
    if _KEY.fullmatch(plain) is None:
        raise AuthError(MALFORMED, status=400, reason="malformed_key")
    return Credentials(plain, unquote(client).strip()[:128] or None if client else None)
