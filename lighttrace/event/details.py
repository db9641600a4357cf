"""What the page of an event shows besides its stack, read from the stored payload when somebody
looks. Pure, bounded.

Nothing here is needed to store or group an event, so ingest never pays for it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from lighttrace.event import text
from lighttrace.event.model import Event, Frame, Json

CRUMBS = 250
PAIRS = 200
SHOWN = 4096  # characters of one value
PACKAGES = 1000
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    """One step before the event. `at_ms` as the client said it, None if it did not."""

    at_ms: int | None
    type: str
    category: str
    level: str
    message: str
    data: Pairs


@dataclass(frozen=True, slots=True)
class Request:
    """The HTTP request that was being served, or the page that was open. `body` is text as people
    read it.
    """

    url: str
    method: str
    query: Pairs
    headers: Pairs
    cookies: Pairs
    body: str
    env: Pairs


def breadcrumbs(event: Event) -> tuple[Breadcrumb, ...]:
    """The steps, oldest first, in the order sent; the newest 250 of them."""
    value = event.raw.get("breadcrumbs")
    if value is None:
        value = event.raw.get("sentry.interfaces.Breadcrumbs")
    return tuple(_crumb(entry) for entry in text.values(value)[-CRUMBS:] if type(entry) is dict)


def _crumb(entry: dict[str, Json]) -> Breadcrumb:
    return Breadcrumb(
        at_ms=text.time_ms(entry.get("timestamp")),
        type=text.string(entry.get("type"), 64) or "default",
        category=text.string(entry.get("category"), 128) or "",
        level=text.string(entry.get("level"), 32) or "info",
        message=_shown(entry.get("message")),
        data=_pairs(entry.get("data")),
    )


def request(event: Event) -> Request | None:
    raw = event.raw.get("request")
    value = text.mapping(raw if raw is not None else event.raw.get("sentry.interfaces.Http"))
    if not value:
        return None
    headers = _pairs(value.get("headers"))
    cookies = _pairs(value.get("cookies")) if not _is_text(value.get("cookies")) else ()
    if _is_text(value.get("cookies")):
        cookies = _cookies(str(value["cookies"]))
    elif not cookies:
        cookies = next((_cookies(item) for name, item in headers if name.lower() == "cookie"), ())
    return Request(
        url=(event.request_url or "").partition("?")[0].partition("#")[0],
        method=(event.request_method or "").upper(),
        query=_query(value.get("query_string"), event.request_url),
        headers=tuple(pair for pair in headers if pair[0].lower() != "cookie"),
        cookies=cookies,
        body=_shown(value.get("data")),
        env=_pairs(value.get("env")),
    )


def user_fields(event: Event) -> Pairs:
    """What is known of the person: the known fields first, then what the client added."""
    value = text.mapping(event.raw.get("user") or event.raw.get("sentry.interfaces.User"))
    user = event.user
    known: list[tuple[str, str | None]] = []
    if user is not None:
        known = [
            ("id", user.id),
            ("email", user.email),
            ("username", user.username),
            ("name", user.name),
            ("ip_address", user.ip_address),
        ]
    names = {name for name, _ in known} | {"data"}
    rest = [*value.items(), *text.mapping(value.get("data")).items()]
    more = _pairs({key: item for key, item in rest if key not in names and item is not None})
    return (*((name, item) for name, item in known if item), *more)


HIDDEN_CONTEXTS = ("trace", "flags", "feedback", "replay")
_TITLES = {
    "os": "Operating system", "client_os": "Client system", "gpu": "Graphics",
    "cloud_resource": "Cloud resource",
}  # fmt: skip


def contexts(event: Event) -> tuple[tuple[str, str, Pairs], ...]:
    """Name, title and fields of each context that says anything."""
    found = []
    for name, value in event.contexts.items():
        fields = _pairs({key: item for key, item in value.items() if key != "type"})
        if name not in HIDDEN_CONTEXTS and fields:
            found.append((name, _TITLES.get(name, name.replace("_", " ").capitalize()), fields))
    return tuple(found)


def flags(event: Event) -> Pairs:
    """Feature flags as they were: name and result."""
    entries = text.values(event.contexts.get("flags", {}).get("values"))
    return tuple(
        (text.string(entry.get("flag"), 200) or "", _shown(entry.get("result")))
        for entry in entries[:PAIRS]
        if type(entry) is dict and entry.get("flag")
    )


def extra(event: Event) -> tuple[tuple[str, Json], ...]:
    """The free-form part, values as they came."""
    value = text.mapping(event.raw.get("extra"))
    return tuple((str(key)[:200], item) for key, item in list(value.items())[:PAIRS])


def packages(event: Event) -> Pairs:
    """Installed packages and their versions, by name."""
    value = text.mapping(event.raw.get("modules"))
    found = ((str(name)[:200], text.string(item, 100) or "") for name, item in value.items())
    return tuple(sorted(found)[:PACKAGES])


def shown_vars(frame: Frame) -> Pairs:
    """Local variables: Python sends them as repr text, others as JSON values."""
    return _pairs(frame.vars)


def _pairs(value: Json) -> Pairs:
    return tuple(
        _limited((text.string(key, 200) or "", _shown(item)) for key, item in text.pairs(value))
    )


def _limited(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for number, pair in enumerate(pairs):
        if number == PAIRS:
            return
        if pair[0]:
            yield pair


def _shown(value: Json) -> str:
    if value is None:
        return ""
    return text.as_json(value, SHOWN)


def _is_text(value: Json) -> bool:
    return type(value) is str


def _cookies(header: str) -> Pairs:
    parts = (part.strip().partition("=") for part in header[:SHOWN].split(";"))
    return tuple(_limited((name[:200], value) for name, _, value in parts))


def _query(value: Json, url: str | None) -> Pairs:
    if value is None and url:
        try:
            value = urlsplit(url).query
        except ValueError:
            return ()
    if _is_text(value):
        try:
            return tuple(
                parse_qsl(value[:SHOWN].lstrip("?"), keep_blank_values=True, max_num_fields=PAIRS)
            )
        except ValueError:
            return (("", value[:SHOWN]),)
    return _pairs(value)
