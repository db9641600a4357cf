"""How numbers, times and texts are said. Pure; every function takes what it needs, and the
templates know them by `FILTERS`.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
STEPS = ((MINUTE, SECOND, "s"), (HOUR, MINUTE, "min"), (DAY, HOUR, "h"))
FILTERED = "[Filtered]"  # what scrubbing leaves in place of a secret


def span(ms: int) -> str:
    """A duration in its largest unit: 4 s, 22 min, 11 h, 41 d."""
    for limit, unit, name in STEPS:
        if ms < limit:
            return f"{max(0, ms) // unit} {name}"
    return f"{ms // DAY} d"


def took(ms: int) -> str:
    """How long something took, two units where one says too little: 38 s, 6 min, 1 h 12, 3 d."""
    if HOUR <= ms < 10 * HOUR:
        return f"{ms // HOUR} h {ms % HOUR // MINUTE:02d}"
    return span(ms)


def brief(ms: int) -> str:
    """The same for narrow columns: 22 m instead of 22 min."""
    return span(ms).replace("min", "m")


def ago(at_ms: int, now_ms: int) -> str:
    return "now" if now_ms - at_ms < SECOND else f"{span(now_ms - at_ms)} ago"


def offset(ms: int) -> str:
    """A distance from a moment, with its sign: −0.14 s, −5.5 s, −42 s, −3 min, +2 s."""
    sign, size_ms = ("−" if ms < 0 else "+"), abs(ms)
    if size_ms < 10 * SECOND:
        digits = 2 if size_ms < 2 * SECOND else 1
        return f"{sign}{size_ms / 1000:.{digits}f}".rstrip("0").rstrip(".") + " s"
    return sign + span(size_ms)


def size(size_bytes: int) -> str:
    """6.1 MB, 40 GB: powers of ten, as disks are sold."""
    number = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            if unit == "B" or number >= 100:
                return f"{number:.0f} {unit}"
            return f"{number:.1f}".removesuffix(".0") + f" {unit}"
        number /= 1000
    return f"{number:.1f}".removesuffix(".0") + " TB"


def count(n: int) -> str:
    """4,102"""
    return f"{n:,}"


def compact(n: int) -> str:
    """A count for a narrow column: 412, 1.1k, 38k, 1.2M."""
    if n < 1000:
        return str(n)
    unit, name = next(
        (unit, name) for unit, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")) if n >= unit
    )
    if n < 10 * unit:
        return f"{n // (unit // 10) / 10:.1f}".removesuffix(".0") + name
    return f"{n // unit}{name}"


def plural(n: int, one: str, many: str = "") -> str:
    """1 event, 412 events."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def percent(part: int, whole: int) -> str:
    """61 %; never 0 % of something, never 100 % of nearly everything."""
    if not whole or not part:
        return "0 %"
    share = 100 * part / whole
    if share < 1:
        return "< 1 %"
    return f"{min(99, round(share)) if part < whole else 100} %"


def share(of_100: float) -> str:
    """A share that was estimated: 31 %, < 1 %."""
    return percent(max(1, round(of_100 * 1000)), 100_000) if of_100 else "0 %"


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """The person's time zone; UTC where the name means nothing here."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, KeyError):  # "not found" is a KeyError there
        return UTC


def local(at_ms: int, zone_name: str) -> datetime:
    """A moment on the person's clock; the nearest one Python can say for impossible times."""
    bounded = min(max(at_ms, 0), 253_402_300_000_000 - DAY)
    return datetime.fromtimestamp(bounded / 1000, zone(zone_name))


def moment(at_ms: int, zone_name: str) -> str:
    """19 Nov 2026, 14:31:07 CET"""
    at = local(at_ms, zone_name)
    return f"{at.day} {at:%b %Y, %H:%M:%S} {at.tzname() or ''}".rstrip()


def clock(at_ms: int, zone_name: str, now_ms: int) -> str:
    """14:31:07, with the day if it is not today's."""
    at, now = local(at_ms, zone_name), local(now_ms, zone_name)
    if at.date() == now.date():
        return f"{at:%H:%M:%S}"
    year = f" {at.year}" if at.year != now.year else ""
    return f"{at.day} {at:%b}{year}, {at:%H:%M}"


def precise(at_ms: int, zone_name: str) -> str:
    """14:31:07.661"""
    return f"{local(at_ms, zone_name):%H:%M:%S}.{at_ms % 1000:03d}"


@pass_context
def when(context: Context, at_ms: int, style: str = "ago") -> Markup:
    """`<time>`: relative as read, absolute in its title, in the zone of who is looking.

    Styles: `ago` (8 min ago), `brief` (8 m), `hm` (14:31), `clock` (14:31:07), `precise`
    (14:31:07.661).
    """
    now_ms, zone_name = context["now_ms"], context["zone"]
    if style == "brief":
        text = brief(now_ms - at_ms)
    elif style == "hm":
        text = f"{local(at_ms, zone_name):%H:%M}"
    elif style == "clock":
        text = clock(at_ms, zone_name, now_ms)
    elif style == "precise":
        text = precise(at_ms, zone_name)
    else:
        text = ago(at_ms, now_ms)
    stamp = local(at_ms, "UTC").isoformat(timespec="seconds").replace("+00:00", "Z")
    title = escape(moment(at_ms, zone_name))
    return Markup(f'<time datetime="{stamp}" title="{title}">{text}</time>')


def scrubbed(text: str) -> Markup:
    """A text of an event, escaped, with every removed secret marked as such."""
    shown = escape(text)
    if FILTERED not in text:
        return shown
    mark = Markup('<span class="filtered">') + FILTERED + Markup("</span>")
    return Markup(str(shown).replace(FILTERED, str(mark)))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "span": span,
    "took": took,
    "brief": brief,
    "ago": ago,
    "offset": offset,
    "size": size,
    "count": count,
    "compact": compact,
    "plural": plural,
    "percent": percent,
    "share": share,
    "when": when,
    "scrubbed": scrubbed,
}
