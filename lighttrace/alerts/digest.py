"""What a message about several issues says: how many of what, since which release, what they share.
Facts from the store, then words; the same for a mail and for a chat.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from lighttrace.alerts import asides, wall
from lighttrace.alerts.asides import Again
from lighttrace.alerts.spikes import deploy
from lighttrace.store import gathered, sight
from lighttrace.store.database import Reader
from lighttrace.store.gathered import Member

TOP = 5
SHARE = 0.8  # of the events, to be named as what they share
FEW = 2  # issues that came with a release; one alone accuses nobody
MINUTE_MS = 60_000
MOST_SHARED = 3
HOST = "server_name"
# What events share without that saying anything, or what is said in another way.
UNTOLD_TAGS = frozenset(
    {"environment", "release", "dist", "level", "user", "mechanism", "handled", HOST}
)
# (one, several) of what there is, by kind; what is missing is "message"
WORDS = {
    "new": ("new issue", "new issues"),
    "regression": ("issue back", "issues back"),
    "mention": ("comment", "comments"),
    "feedback": ("report by a user", "reports by users"),
    "quota": ("project in trouble", "projects in trouble"),
}
# what is said of issues
OF_ISSUES = {
    "spike": "spiking",
    "escalating": "out of the archive",
    "volume": "with many events",
    "users": "with many users",
    "failed": "not delivered",
}
SAID_OF_ONE = {
    **OF_ISSUES,
    "volume": "many events",
    "users": "many users",
    "new": "new",
    "regression": "back",
}
ABOUT_ISSUES = {"new", "regression", *OF_ISSUES}
SAME_AS = {"spike_escalated": "spike"}


@dataclass(frozen=True, slots=True)
class Shared:
    """`host worker-2`, 94 %."""

    what: str
    value: str
    per_cent: int


@dataclass(frozen=True, slots=True)
class Row:
    """An issue of the list. `kind` in a word: new, back, spiking."""

    title: str
    value: str
    kind: str
    project: str
    culprit: str
    n: int
    url: str


@dataclass(frozen=True, slots=True)
class Digest:
    """`count` messages about `issues` issues. `span`: from when to when they came, by the clock of
    whoever reads it; `until`: until when the hour is full, or nothing.
    """

    headline: str
    count: int
    issues: int
    span: str
    until: str
    scope: str
    events: int
    of_all: int  # that the project has sent in this time; 0 if they are of several projects
    people: int
    deploy: str  # a sentence about the release most of them came with, or nothing
    shared: tuple[Shared, ...]
    rows: tuple[Row, ...]
    again: tuple[Again, ...]  # what is active again, and worth no message
    muted: tuple[str, ...]  # sentences: what mutes have kept back since the last one
    url: str
    link: str
    held_url: str
    night: bool  # it waited for the end of quiet hours

    @property
    def asides(self) -> tuple[str, ...]:
        """What it mentions by the way, in sentences."""
        return (*(it.sentence for it in self.again), *self.muted)

    @property
    def sharing(self) -> str:
        """What they share, in a sentence; or nothing."""
        named = [f"{it.what} {it.value} ({it.per_cent} %)" for it in self.shared]
        return f"Their events share {', '.join(named)}." if named else ""


def read(db: Reader, payload: Mapping[str, Any], base_url: str, now_ms: int) -> Digest:
    """A digest out of what the gate has put into its payload, with the numbers of this moment."""
    told = ((issue_id, kind) for issue_id, kind in payload["members"] if issue_id is not None)
    kinds = {issue_id: SAME_AS.get(kind, kind) for issue_id, kind in told}
    since, zone = int(payload["from"]), wall.zone(payload.get("zone"))
    full = payload.get("until")
    period = gathered.since(since, now_ms)
    found = gathered.members(db, list(kinds), period)
    by_kind = _merged(payload["by_kind"])
    fresh = [it for it in found if kinds[it.id] == "new"]
    releases = Counter(it.release for it in fresh if came_with_release(it))
    release, n_of_release = (releases.most_common(1) or [("", 0)])[0]
    if n_of_release < FEW:
        release, n_of_release = "", 0
    projects = sorted({it.project for it in found})
    where = projects[0] if len(projects) == 1 else f"{len(projects)} projects"
    total = sum(it.n for it in found)
    common = shared(db, found, since, total) if len(found) > 1 else ()
    lead = headline(by_kind, where if found else "", release, n_of_release)
    if set(by_kind) == {"spike"} and common:
        lead += f": {common[0].what} {common[0].value}"
    return Digest(
        headline=lead,
        count=int(payload["count"]),
        issues=by_kind.total(),
        span=wall.span(since, int(payload["to"]), zone),
        until=wall.span(int(full), int(full), zone) if full else "",
        scope=where if found else "all projects",
        events=total,
        of_all=max(total, gathered.total_of(db, where, period)) if len(projects) == 1 else 0,
        people=gathered.people(db, [it.id for it in found], period) if found else 0,
        deploy=_deploy(fresh, release),
        shared=common,
        rows=tuple(_row(it, kinds[it.id], base_url) for it in found[:TOP]),
        again=asides.again(db, payload, sight.ALL, base_url),
        muted=tuple(map(str, payload.get("muted", ()))),
        url=_list(base_url, projects, by_kind, since),
        link=f"See all {by_kind.total()}" if by_kind.total() > TOP else "Open the list",
        held_url=f"{base_url}/alerts?show=held#deliveries",
        night=bool(payload.get("night")),
    )


def headline(by_kind: Counter[str], where: str, release: str = "", n_of_release: int = 0) -> str:
    """`12 new issues in shop, 8 since shop@2.1.0`, `3 issues spiking in shop`, `7 issues in
    2 projects: 4 new issues, 2 spiking, 1 issue back`.
    """
    place, n = f" in {where}" if where else "", by_kind.total()
    things = ("issue" if set(by_kind) <= ABOUT_ISSUES else "message") + "s" * (n != 1)
    if len(by_kind) > 1:
        said = ", ".join(_said(kind, n) for kind, n in by_kind.most_common())
        return f"{n} {things}{place}: {said}"
    kind = next(iter(by_kind), "")
    if kind in OF_ISSUES:
        return f"{n} {things} {OF_ISSUES[kind]}{place}"
    if n_of_release == by_kind["new"] > 0:
        return f"{_said(kind, n)}{place} since {release}"
    return f"{_said(kind, n)}{place}" + (f", {n_of_release} since {release}" if release else "")


def came_with_release(it: Member) -> bool:
    """Whether an issue began soon after the first event of its release, and lives in it. Until
    deploys are told, that event stands for the deploy.
    """
    if not it.release or it.deployed_at is None:
        return False
    soon = 0 <= it.created_at - it.deployed_at <= deploy.AFTER_MS
    return soon and it.n_of_release >= deploy.SHARE * it.n


def shared(db: Reader, found: Sequence[Member], since_ms: int, total: int) -> tuple[Shared, ...]:
    """What at least SHARE of the events have in common, and not all events have anyway."""
    if not total:
        return ()
    tags = gathered.tags(db, found, since_ms - 5 * MINUTE_MS)
    named: list[tuple[str, str, int]] = []
    for value, n in tags.get(HOST, Counter()).most_common(1):
        if gathered.has_other_value(db, HOST, value):
            named.append(("host", value, n))
    titles: Counter[str] = Counter()
    releases: Counter[tuple[str, str]] = Counter()
    for it in found:
        titles[it.title] += it.n
        releases[it.project, it.release] += it.n_of_release
    for title, n in titles.most_common(1):
        if sum(it.title == title for it in found) > 1:
            named.append(("type", title, n))
    for (project, release), n in releases.most_common(1):
        if release and gathered.has_other_release(db, project, release):
            named.append(("release", release, n))
    others = ((key, *pair) for key, of in tags.items() for pair in of.most_common(1))
    for key, value, n in sorted(others, key=lambda it: (-it[2], it[0])):
        told = key not in UNTOLD_TAGS and n >= SHARE * total
        if told and gathered.has_other_value(db, key, value):
            named.append((key, value, n))
    enough = [it for it in named if it[2] >= SHARE * total]
    return tuple(
        Shared(what, value, min(100, round(100 * n / total))) for what, value, n in enough
    )[:MOST_SHARED]


def _merged(by_kind: Mapping[str, int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for kind, n in by_kind.items():
        found[SAME_AS.get(kind, kind)] += n
    return found


def _said(kind: str, n: int) -> str:
    """`12 new issues`, `2 spiking`."""
    one, several = WORDS.get(kind, ("message", "messages"))
    return f"{n} {OF_ISSUES.get(kind) or (one if n == 1 else several)}"


def _deploy(fresh: Iterable[Member], release: str) -> str:
    began = [
        it.created_at - it.deployed_at
        for it in fresh
        if it.release == release and it.deployed_at is not None and came_with_release(it)
    ]
    if not began:
        return ""
    seconds = max(0, min(began)) // 1000
    after = f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"
    return f"The first came {after} after the first event of {release}."


def _row(it: Member, kind: str, base_url: str) -> Row:
    word = SAID_OF_ONE.get(kind, "")
    url = f"{base_url}/issues/{quote(it.short_id)}"
    return Row(it.title, it.value, word, it.project, it.culprit, it.n, url)


def _list(base_url: str, projects: Sequence[str], by_kind: Counter[str], since: int) -> str:
    """The list of issues, with what the digest tells of in it."""
    asked = {"project": projects[0]} if len(projects) == 1 else {}
    if set(by_kind) == {"new"}:
        began = datetime.fromtimestamp(since // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        asked |= {"query": f"firstSeen:>={began}", "sort": "first_seen"}
    elif set(by_kind) == {"spike"}:
        asked |= {"query": "is:spiking"}
    return f"{base_url}/issues?{urlencode(asked)}" if asked else f"{base_url}/issues"
