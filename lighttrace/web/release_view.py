"""Releases in words and drawings: how a list and a page of them say what went out, and what
followed. Pure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from lighttrace.store.announced import Part, Release
from lighttrace.store.release_counts import Courses, Span
from lighttrace.store.release_list import Out
from lighttrace.web import charts, format
from lighttrace.web.charts import Tick

PERIODS = {"24h": format.DAY, "7d": 7 * format.DAY, "30d": 30 * format.DAY}
PERIOD_WORDS = {"24h": "24 h", "7d": "7 d", "30d": "30 d"}
DEFAULT_PERIOD = "7d"
BARS = 84  # of the chart of a list: two hours each in a week
SPARK_BARS = 24
TICKS = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address says. `environment` None = all, empty = none. `project` is a slug."""

    project: str | None = None
    environment: str | None = None
    period: str = DEFAULT_PERIOD

    @classmethod
    def read(cls, params: Mapping[str, str]) -> "Asked":
        period = params.get("period", "")
        environment = params.get("environment")
        return cls(
            (params.get("project") or "")[:100] or None,
            None if environment is None else environment[:64],
            period if period in PERIODS else DEFAULT_PERIOD,
        )

    def pairs(self, **changes: str | None) -> dict[str, str | None]:
        period = None if self.period == DEFAULT_PERIOD else self.period
        own = {"project": self.project, "environment": self.environment, "period": period}
        return own | changes


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list. `share` of the last day's `events` of its projects are its own; `back`:
    how many issues came back in it.
    """

    out: Out
    share: int
    events: int
    spark: Markup
    new: int
    back: int

    @property
    def release(self) -> Release:
        return self.out.release

    @property
    def percent(self) -> int:
        return round(100 * self.share / self.events) if self.events else 0

    @property
    def adoption(self) -> str:
        if not self.events:
            return "no events in 24 h"
        if not self.share:
            return "none of it in 24 h"
        return f"{format.percent(self.share, self.events)} of {format.compact(self.events)} events"


def quoted(version: str) -> str:
    """A version as the value of a search."""
    escaped = version.replace('"', '\\"')
    return f'"{escaped}"' if not version.isascii() or set(version) & set(' "()[],:*') else version


def row(out: Out, day: Courses, sparks: Courses, over: Span, back: Sequence[int]) -> Row:
    of = tuple(it.project_id for it in out.release.parts)
    course = sparks.of_project(*of)
    flag = over.at(out.at) if out.at >= over.since_ms else None
    label = f"{format.plural(sum(course), 'event')} of its projects"
    if flag is not None:
        label += ", its deploy at the flag"
    own = sum(n for key, (n,) in _bars(day) if key[1] == out.release.id and key[0] in of)
    return Row(
        out,
        own,
        sum(day.of_project(*of)),
        charts.spark(course, label, flag=flag),
        sum(it.new_issues for it in out.release.parts),
        len(back),
    )


def _bars(day: Courses) -> list[tuple[tuple[int, int], list[int]]]:
    return list(day.found.items())


def part_of(release: Release, project_id: int) -> Part | None:
    return next((it for it in release.parts if it.project_id == project_id), None)


def new_issues(release: Release, project_id: int) -> int:
    part = part_of(release, project_id)
    return part.new_issues if part else 0


def chart(
    values: Sequence[int],
    over: Span,
    deploys: Sequence[tuple[int, str, str, str]],
    zone: str,
    words: str,
    *,
    own: Sequence[int] = (),
    hot: str = "",
    height: int = 132,
) -> Markup:
    """Events over time, with deploys (ms, version, name, address) marked, oldest first."""
    length = over.until_ms - over.since_ms
    ticks = [
        Tick(100 * step / TICKS, _tick(over.since_ms + length * step // TICKS, length, zone))
        for step in range(TICKS)
    ]
    bar_ms = over.hours * format.HOUR
    names = [_name(over.since_ms + at * bar_ms, bar_ms, zone) for at in range(over.bars)]
    label = f"{format.plural(sum(values), 'event')} {words}"
    if any(values):
        top = max(range(len(values)), key=values.__getitem__)
        label += f", most of them {names[top]}: {format.count(values[top])}"
    if deploys:
        label += f"; {format.plural(len(deploys), 'deploy')} marked"
    placed = [(over.at(at), version, name, href) for at, version, name, href in deploys]
    return charts.bars(
        values,
        label,
        height=height,
        ticks=[*ticks, Tick(100, "now")],
        unit=" events" if over.hours > 1 else " / h",
        names=names,
        own=own,
        deploys=charts.marks(placed, hot=hot),
    )


def went_out(
    outs: Sequence[Out], over: Span, zone: str, address: Callable[[Out], str]
) -> list[tuple[int, str, str, str]]:
    """What a chart marks: the releases that went out in its span, oldest first."""
    return [
        (it.at, it.release.version, _said(it, zone), address(it))
        for it in sorted(outs, key=lambda it: it.at)
        if over.since_ms <= it.at < over.until_ms
    ]


def _said(out: Out, zone: str) -> str:
    at = format.moment(out.at, zone)
    if out.deploy is None:
        return f"{out.release.version}, first event {at}"
    return f"{out.release.version}, to {out.deploy.environment} {at}"


def _tick(at_ms: int, length_ms: int, zone: str) -> str:
    at = format.local(at_ms, zone)
    if length_ms <= 2 * format.DAY:
        return f"{at:%H:%M}"
    return f"{at:%a} {at.day}" if length_ms <= 8 * format.DAY else f"{at.day} {at:%b}"


def _name(at_ms: int, bar_ms: int, zone: str) -> str:
    start, end = format.local(at_ms, zone), format.local(at_ms + bar_ms, zone)
    return f"{start.day} {start:%b, %H:%M}–{end:%H:%M}"


def announce(base_url: str, version: str, environment: str | None) -> str:
    """The call that tells of a deploy, to be pasted into what deploys."""
    where = quote(version, safe="@+")
    return (
        'curl -fsS -H "Authorization: Bearer $SENTRY_AUTH_TOKEN" '
        f"{base_url}/api/0/organizations/lighttrace/releases/{where}/deploys/ "
        f"-d environment={environment or 'production'}"
    )
