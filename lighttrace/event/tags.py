"""The tags of an event: the client's, and those that can be read off it. What people filter and
compare by.
"""

from lighttrace.event import text
from lighttrace.event.model import Event, Json

DERIVED = frozenset(
    ("level", "release", "dist", "logger", "transaction", "server_name", "site", "url", "handled",
     "mechanism", "browser", "browser.name", "os", "os.name", "device", "device.family", "runtime",
     "runtime.name", "user")
)  # fmt: skip


def all_tags(event: Event) -> tuple[tuple[str, str], ...]:
    """The client's tags first; where names are equal, theirs win. Values are cut at 200."""
    found = dict(event.tags)
    for key, value in _derived(event):
        if value and key not in found:
            found[key] = value if len(value) <= 200 else text.cut(value, 200)
    found.pop("environment", None)  # has a place of its own
    return tuple(found.items())


def _derived(event: Event) -> list[tuple[str, str | None]]:
    mechanism = next(
        (e.mechanism for e in reversed(event.exceptions) if e.mechanism is not None), None
    )
    contexts = event.contexts
    browser = contexts.get("browser", {})
    system = contexts.get("client_os") or contexts.get("os", {})
    device = contexts.get("device", {})
    runtime = contexts.get("runtime", {})
    site = event.raw.get("site")
    return [
        ("level", event.level),
        ("release", event.release),
        ("dist", event.dist),
        ("logger", event.logger),
        ("transaction", event.transaction),
        ("server_name", event.server_name),
        ("site", site if type(site) is str else None),
        ("url", _without_query(event.request_url)),
        ("handled", _yes_no(event) if event.exceptions else None),
        ("mechanism", mechanism.type if mechanism else None),
        ("browser", _versioned(browser)),
        ("browser.name", _name(browser.get("name"))),
        ("os", _versioned(system)),
        ("os.name", _name(system.get("name"))),
        ("device", _name(device.get("model")) or _name(device.get("family"))),
        ("device.family", _name(device.get("family"))),
        ("runtime", _versioned(runtime)),
        ("runtime.name", _name(runtime.get("name"))),
        ("user", _user(event)),
    ]


def _yes_no(event: Event) -> str:
    return "no" if event.unhandled else "yes"


def _without_query(url: str | None) -> str | None:
    return url.partition("?")[0].partition("#")[0] if url else None


def _name(value: Json) -> str | None:
    return text.string(value, 200)


def _versioned(context: dict[str, Json]) -> str | None:
    name = _name(context.get("name"))
    version = _name(context.get("version"))
    return f"{name} {version}" if name and version else name


def _user(event: Event) -> str | None:
    """`id:17`, `email:…`: the same identity that people are counted by."""
    if event.user is None:
        return None
    for kind, value in (
        ("id", event.user.id),
        ("username", event.user.username),
        ("email", event.user.email),
        ("ip", event.user.ip_address),
    ):
        if value:
            return f"{kind}:{value}"
    return None
