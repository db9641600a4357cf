"""What led to an event, step by step, each with its distance from the crash. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lighttrace.event.details import Breadcrumb, Pairs

SHOWN = 30  # steps on the page; earlier ones are folded
ECHO_MS = 2_000  # the same step of a person again within this: often a double click
TEXT = 600  # characters of one step
FIELDS = 8  # further fields of one step
HTTP = frozenset({"http", "xhr", "fetch", "httplib", "requests", "okhttp", "guzzle", "http.client"})
QUERY = frozenset({"query", "db", "sql", "db.query", "db.sql.query", "redis", "psycopg2", "mysql"})
ICONS = (
    ("nav", ("navigation", "route", "ui.lifecycle")),
    ("click", ("ui", "user", "touch", "ui.click", "ui.input", "gesture")),
    ("bolt", ("error", "exception", "sentry", "sentry.event", "sentry.transaction")),
    ("warn", ("warning",)),
    ("chat", ("console", "log", "logging", "debug", "message")),
    ("phone", ("device", "device.event", "app.lifecycle", "battery", "session")),
)


@dataclass(frozen=True, slots=True)
class Said:
    """A piece of a step. Tone: "" plain, "b" the point, "dim", "mono", "bad" (a failed request)."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """`before_ms` is negative before the crash, None without a time. `echo_ms`: the same step was
    this much earlier. `times`: equal steps in a row.
    """

    icon: str
    category: str
    level: str
    said: tuple[Said, ...]
    fields: Pairs
    at_ms: int | None
    before_ms: int | None
    echo_ms: int | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class Trail:
    """The last steps, oldest first, and how many earlier ones are not among them."""

    steps: tuple[Step, ...]
    earlier: int


def trail(found: Sequence[Breadcrumb], crash_ms: int, *, every: bool = False) -> Trail:
    steps: list[Step] = []
    seen: dict[object, int] = {}
    for crumb in found:
        step = _step(crumb, crash_ms)
        sameness = (step.category, step.said, step.fields)
        before = seen.get(sameness)
        if step.at_ms is not None:
            seen[sameness] = step.at_ms
            if before is not None and _by_hand(crumb) and 0 <= step.at_ms - before <= ECHO_MS:
                step = replace(step, echo_ms=step.at_ms - before)
        if steps and step.echo_ms is None:
            last = steps[-1]
            if (last.category, last.said, last.fields) == sameness and last.echo_ms is None:
                steps[-1] = replace(step, times=last.times + 1)
                continue
        steps.append(step)
    earlier = 0 if every else max(0, len(steps) - SHOWN)
    return Trail(tuple(steps[earlier:]), earlier)


def _step(crumb: Breadcrumb, crash_ms: int) -> Step:
    category = crumb.category or (crumb.type if crumb.type != "default" else "")
    said, fields = _words(crumb)
    return Step(
        _icon(crumb),
        category[:60],
        crumb.level,
        said,
        tuple((name, value[:300]) for name, value in fields[:FIELDS]),
        crumb.at_ms,
        None if crumb.at_ms is None else crumb.at_ms - crash_ms,
    )


def _words(crumb: Breadcrumb) -> tuple[tuple[Said, ...], Pairs]:
    """What is said of a step, and the fields that are left."""
    data = dict(crumb.data)
    if _kind(crumb) == "http" and data.get("url"):
        method = data.pop("method", data.pop("http.method", ""))
        status = data.pop("status_code", data.pop("http.response.status_code", ""))
        said = [Said(f"{method} {data.pop('url')}".strip()[:TEXT])]
        if status and status != "0":
            said.append(Said(status[:20], "bad" if status[:1] in "45" else "b"))
        if reason := data.pop("reason", ""):
            said.append(Said(reason[:80], "dim"))
        if crumb.message:
            said.append(Said(crumb.message[:TEXT], "dim"))
        return tuple(said), tuple((key, value) for key, value in data.items() if value)
    if _kind(crumb) == "navigation" and (data.get("from") or data.get("to")):
        came, went = data.pop("from", ""), data.pop("to", "")
        said = [Said(f"{came[:TEXT]} →"), Said(went[:TEXT], "b")] if came else [Said(went, "b")]
        return tuple(said), tuple(data.items())
    if not crumb.message:
        if not data:
            return (Said(crumb.category or crumb.type),), ()
        return (), crumb.data
    tone = "mono" if _kind(crumb) == "query" else ""
    return (Said(crumb.message[:TEXT], tone),), crumb.data


def _kind(crumb: Breadcrumb) -> str:
    if crumb.type == "http" or crumb.category in HTTP:
        return "http"
    if crumb.type == "query" or crumb.category in QUERY:
        return "query"
    return "navigation" if "navigation" in (crumb.type, crumb.category) else ""


def _icon(crumb: Breadcrumb) -> str:
    kind = _kind(crumb)
    if kind:
        return {"http": "globe", "query": "db", "navigation": "nav"}[kind]
    stem = crumb.category.partition(".")[0]
    for icon, names in ICONS:
        if crumb.category in names or crumb.type in names or stem in names:
            return icon
    if crumb.level in ("error", "fatal", "critical"):
        return "bolt"
    return "warn" if crumb.level == "warning" else "term"


def _by_hand(crumb: Breadcrumb) -> bool:
    """A step of a person or a change at the server: worth saying when it came twice."""
    if _kind(crumb) == "http":
        return dict(crumb.data).get("method", "GET").upper() not in ("GET", "HEAD", "OPTIONS")
    return crumb.category.partition(".")[0] in ("ui", "touch", "user") or crumb.type in (
        "ui",
        "user",
    )
