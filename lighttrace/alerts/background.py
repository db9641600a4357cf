"""What lies behind a message about one issue: the release it began with, who had resolved it, how
loud it was before, what its events share. Reads only, some ten thousand rows at most.
"""

from dataclasses import dataclass

from lighttrace.alerts.spikes import deploy
from lighttrace.event.model import Json
from lighttrace.store import activity, affected, counters, events, notes, releases, tag_stats
from lighttrace.store.counters import DAY_MS, HOUR_MS, MINUTE_MS
from lighttrace.store.database import Reader
from lighttrace.store.issues import Issue
from lighttrace.store.standing_out import Standout, standing_out

WITH_RELEASE_MS = DAY_MS  # what begins later is not put down to a release
HOURS, DAYS = 24, 30
MOST_RELEASES = 100
SPIKES = frozenset({"spike", "spike_escalated"})
COUNTED = frozenset({"volume", "users"})  # in so many minutes, or else in all its life
LOUD = SPIKES | COUNTED | {"escalating"}


@dataclass(frozen=True, slots=True)
class Release:
    """A release, and how long before what is told its first event came."""

    version: str
    before_ms: int


@dataclass(frozen=True, slots=True)
class Back:
    """Who had resolved it (empty: a script, or somebody who is gone) and when, the release it came
    back in, and for how long it had been quiet. `releases` began meanwhile, the newest first;
    `note`: what they last wrote about it before.
    """

    by: str
    resolved_at: int
    release: str
    quiet_ms: int
    releases: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Events in each hour or day, the oldest first; the last one is not over. `told` of them, at
    the end, are what the message is about.
    """

    counts: tuple[int, ...]
    unit_ms: int
    told: int

    @property
    def has_past(self) -> bool:
        """Whether there is anything to compare with."""
        return any(self.counts[: len(self.counts) - self.told])


@dataclass(frozen=True, slots=True)
class Background:
    """`release`: the one it began with, or the newest one before it became loud. `since_at` (ms):
    since when it is loud or back, with the events and people since; None if that is its whole life.
    `usual_people`: in a span as long, over the day before.
    """

    release: Release | None = None
    back: Back | None = None
    bars: Bars | None = None
    since_at: int | None = None
    events: int = 0
    people: int = 0
    usual_people: float | None = None
    shared: tuple[Standout, ...] = ()


def read(
    db: Reader, issue: Issue, kind: str, at_ms: int, payload: dict[str, Json], now_ms: int
) -> Background:
    """For a message of that kind, whose cause was written at `at_ms`."""
    if kind == "new":
        return Background(release=_began_with(db, issue))
    if kind == "regression":
        back, since = _back(db, issue), arrived(db, payload, at_ms)
        release = _release(db, issue, back.release, since) if back and back.release else None
        return _since(db, issue, since, now_ms, release, back, DAY_MS)
    if kind in LOUD and not (kind in COUNTED and not payload.get("minutes")):
        since = _since_when(payload, arrived(db, payload, at_ms))
        release = _loud_with(db, issue, kind, payload, since)
        return _since(db, issue, since, now_ms, release, None, HOUR_MS)
    return Background()


def _since(
    db: Reader,
    issue: Issue,
    since_ms: int,
    now_ms: int,
    release: Release | None,
    back: Back | None,
    unit_ms: int,
) -> Background:
    rows = tag_stats.newest(db, issue.id, None, affected.MOST_READ, since_ms)
    here = tag_stats.of_rows(db, rows[: tag_stats.SAMPLE])
    there = tag_stats.of_project(db, issue.project_id, None, now_ms - tag_stats.SPANS_MS[0])
    n = DAYS if unit_ms == DAY_MS else HOURS
    first = now_ms - now_ms % unit_ms - (n - 1) * unit_ms
    counts = counters.series(db, issue.id, None, first, now_ms + 1, unit_ms)
    told = max(1, min(n, (now_ms // unit_ms) - (since_ms // unit_ms) + 1))
    return Background(
        release=release,
        back=back,
        bars=Bars(tuple(counts), unit_ms, told),
        since_at=since_ms,
        events=len(rows),
        people=affected.how_many(db, rows),
        usual_people=_usual_people(db, issue, since_ms, now_ms) if back is None else None,
        shared=standing_out(here, there),
    )


def _usual_people(db: Reader, issue: Issue, since_ms: int, now_ms: int) -> float | None:
    """None while it is too young for anything to be usual."""
    width_ms = max(now_ms - since_ms, MINUTE_MS)
    spans = min(DAY_MS, since_ms - issue.first_at) // width_ms
    return affected.usual(db, issue.id, since_ms, width_ms, spans) if spans >= 2 else None


def _began_with(db: Reader, issue: Issue) -> Release | None:
    if not issue.first_release:
        return None
    found = _release(db, issue, issue.first_release, issue.first_at)
    return found if found and 0 <= found.before_ms <= WITH_RELEASE_MS else None


def _loud_with(
    db: Reader, issue: Issue, kind: str, payload: dict[str, Json], since_ms: int
) -> Release | None:
    """The newest release before. A spike was looked into when it began: what began shortly before
    has nothing to do with it, if its events do not carry it.
    """
    began = payload.get("began")
    if isinstance(began, dict):
        return Release(str(began["release"]), int(began["after_ms"]))
    before = releases.last_before(db, issue.project_id, since_ms)
    if before is None or (kind in SPIKES and since_ms - before[1] <= deploy.AFTER_MS):
        return None
    return Release(before[0], since_ms - before[1])


def _release(db: Reader, issue: Issue, version: str, at_ms: int) -> Release | None:
    began = releases.began_at(db, issue.project_id, version)
    return None if began is None else Release(version, at_ms - began)


def _back(db: Reader, issue: Issue) -> Back | None:
    """Its last return, out of what happened to it."""
    entries = activity.of_issue(db, issue.id)  # newest first
    returned = next((it for it in entries if it.kind == "regressed"), None)
    if returned is None:
        return None
    earlier = (it for it in entries if it.kind == "resolved" and it.at <= returned.at)
    resolved = next(earlier, None)
    if resolved is None:
        return None
    release = str(returned.detail.get("release") or "")
    by = resolved.user_name or ""
    return Back(
        by,
        resolved.at,
        release,
        returned.at - resolved.at,
        releases.begun_between(db, issue.project_id, resolved.at, returned.at, MOST_RELEASES),
        _note(db, issue, by, resolved.at) if by else "",
    )


def _note(db: Reader, issue: Issue, by: str, at_ms: int) -> str:
    """What whoever resolved it had written, within a day before or in the hour after."""
    written = notes.of_issue(db, issue.id, before=(at_ms + HOUR_MS, 0))
    own = (it.body for it in written if it.user_name == by and it.at > at_ms - DAY_MS)
    return next(own, "")


def arrived(db: Reader, payload: dict[str, Json], at_ms: int) -> int:
    """When the event of a cause came in: a little before the cause was written."""
    row = payload.get("event_row")
    found = events.of_rows(db, [row]) if isinstance(row, int) else []
    return min([at_ms, *(it.received_at for it in found)])


def _since_when(payload: dict[str, Json], at_ms: int) -> int:
    """Since when it is loud: as the spike says, or by what a rule has counted over."""
    if isinstance(since := payload.get("since_at"), int):
        return since
    minutes = payload.get("minutes")
    return at_ms - MINUTE_MS * minutes if isinstance(minutes, int) else at_ms
