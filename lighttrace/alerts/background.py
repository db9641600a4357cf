"""What lies behind a message about one issue: the release it began with, who had resolved it, how
loud it was before, what its events share. Reads only, some ten thousand rows at most.
"""

from dataclasses import dataclass

from lighttrace.alerts.spikes import deploy
from lighttrace.event.model import Json
from lighttrace.store import activity, affected, counters, events, releases, tag_stats
from lighttrace.store.counters import DAY_MS, HOUR_MS, MINUTE_MS
from lighttrace.store.database import Reader
from lighttrace.store.issues import Issue
from lighttrace.store.standing_out import Standout, standing_out

WITH_RELEASE_MS = DAY_MS  # what begins later is not put down to a release
HOURS, DAYS = 24, 30
SPIKES = frozenset({"spike", "spike_escalated"})
LOUD = SPIKES | {"volume", "users", "escalating"}


@dataclass(frozen=True, slots=True)
class Release:
    """A release, and how long before what is told its first event came."""

    version: str
    before_ms: int


@dataclass(frozen=True, slots=True)
class Back:
    """Who had resolved it (empty: a script, or somebody who is gone) and when, the release it came
    back in, and for how long it had been quiet.
    """

    by: str
    resolved_at: int
    release: str
    quiet_ms: int


@dataclass(frozen=True, slots=True)
class Bars:
    """Events in each hour or day, the oldest first; the last one is not over. `told` of them, at
    the end, are what the message is about.
    """

    counts: tuple[int, ...]
    unit_ms: int
    told: int


@dataclass(frozen=True, slots=True)
class Background:
    """`release`: the one it began with, or the newest one before it became loud. `since_at` (ms):
    since when it is loud or back, with the events and people since; None if that is its whole life.
    """

    release: Release | None = None
    back: Back | None = None
    bars: Bars | None = None
    since_at: int | None = None
    events: int = 0
    people: int = 0
    shared: tuple[Standout, ...] = ()


def read(
    db: Reader, issue: Issue, kind: str, at_ms: int, payload: dict[str, Json], now_ms: int
) -> Background:
    """For a message of that kind, whose cause was written at `at_ms`."""
    if kind == "new":
        return Background(release=_began_with(db, issue))
    if kind == "regression":
        back, since = _back(db, issue), _arrived(db, payload, at_ms)
        release = _release(db, issue, back.release, since) if back and back.release else None
        return _since(db, issue, since, now_ms, release, back, DAY_MS)
    if kind in LOUD:
        since = _since_when(payload, _arrived(db, payload, at_ms))
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
        shared=standing_out(here, there),
    )


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
    return Back(resolved.user_name or "", resolved.at, release, returned.at - resolved.at)


def _arrived(db: Reader, payload: dict[str, Json], at_ms: int) -> int:
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
