"""Two weeks of the shop, sent through the real ingest by a clock that walks from then to now."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec

from lighttrace.alerts.counting import Counting
from lighttrace.alerts.spikes.watch import Watch
from lighttrace.clock import FixedClock
from lighttrace.config import Config
from lighttrace.demo import mails, people, releases
from lighttrace.demo import rules as settings
from lighttrace.demo.comments import COMMENTS
from lighttrace.demo.events import AWAY_DAYS, DAY_MS, DAYS, MINUTE_MS, Sending, history
from lighttrace.demo.faults import PROJECTS
from lighttrace.errors import StartError
from lighttrace.ingest import pipeline
from lighttrace.ingest.envelope import parse_envelope
from lighttrace.ingest.origin import Origin
from lighttrace.ingest.pipeline import Work
from lighttrace.limits import LIMITS
from lighttrace.store import issue_list, keys, notes, projects, triage, users
from lighttrace.store.archiving import FOREVER, UNTIL_ESCALATING, Archive
from lighttrace.store.assignees import Assignee
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.issue_list import IssueQuery
from lighttrace.store.states import State
from lighttrace.store.store import Store
from lighttrace.web.maps import Maps
from lighttrace.web.passwords import hash_password

EMAIL, PASSWORD = "mira@shop.example", "lighttrace-demo"
TOGETHER = 100  # events handed to the store before waiting: they become batches
LATELY_MS, APART_MS = 2 * DAY_MS, 20_000  # of late nobody is told of anything later than that

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody did to an issue, so long ago."""

    minutes_ago: int
    who: str
    verb: Literal["acknowledge", "take", "resolve", "archive"]
    project: str
    title: str
    archive: Archive = FOREVER


def _mended(
    began_h: int, who: str, project: str, title: str, seen_min: int, done_min: int
) -> tuple[Decision, Decision]:
    """Somebody was at it soon, and it was over an hour or so later."""
    ago = began_h * 60
    return (
        Decision(ago - seen_min, who, "acknowledge", project, title),
        Decision(ago - done_min, who, "resolve", project, title),
    )


A_WAVE = Archive("events", n=50, minutes=60)  # old tabs after a deploy; more than that is a fault
BACK = (AWAY_DAYS * 24 * 60) - 30  # half an hour after its last event it was taken for mended
DECISIONS = sorted(
    (
        *_mended(262, "Ines", "shop-web", "QuotaExceededError", 21, 118),
        *_mended(214, "Jonas", "shop-api", "DecimalError", 16, 96),
        *_mended(120, "Samir", "shop-api", "ExpiredTokenError", 11, 74),
        *_mended(77, "Samir", "fulfillment", "LookupError", 9, 81),
        *_mended(54, "Ines", "shop-web", "SyntaxError", 12, 72),
        *_mended(31, "Mira", "shop-api", "TemplateError", 8, 77),
        Decision(38 + BACK, "Jonas", "resolve", "shop-api", "PaymentError"),
        Decision(310 + BACK, "Mira", "resolve", "shop-api", "CouponExpiredError"),
        Decision(20 * 60, "Mira", "archive", "shop-web", "AbortError"),
        Decision(44 * 60, "Tove", "archive", "shop-web", "ChunkLoadError", A_WAVE),
        Decision(68 * 60, "Samir", "archive", "fulfillment", "ConnectionError", UNTIL_ESCALATING),
        Decision(190, "Jonas", "take", "fulfillment", "KeyError"),
        Decision(9, "Mira", "acknowledge", "shop-api", "TimeoutError"),
        Decision(9, "Mira", "take", "shop-api", "TimeoutError"),
    ),
    key=lambda it: -it.minutes_ago,
)


@dataclass(frozen=True, slots=True)
class Filled:
    """What was made, for the words after it."""

    projects: int
    issues: int
    events: int


async def fill(
    path: Path, now_ms: int, tell: Tell = lambda done, of: None, days: int = DAYS
) -> Filled:
    """Fill a fresh database. `tell(done, of)` reports progress in events.

    Raises StartError if there is a database already: made-up events must not mix with real ones.
    """
    if path.exists():
        raise StartError(
            f"{path} exists already. The demo fills a fresh database: choose another --data folder."
        )
    began_ms = now_ms - DAYS * DAY_MS
    clock = FixedClock(began_ms)
    store = Store.open(path, clock=clock, synchronous="NORMAL")
    await store.start()
    try:
        password_hash = hash_password(PASSWORD)
        rules = settings.write(path.parent)
        origins = await store.write(_people_and_projects, rules, password_hash, began_ms)
        await store.write(people.settle, password_hash, began_ms, now_ms)
        await releases.upload(store, path, clock, origins["shop-web"].project_id, now_ms)
        post = mails.Mails(rules)
        store.watch(Counting(post.policy))
        sendings = [one for one in history(now_ms) if one.at >= now_ms - days * DAY_MS]
        done = 0
        for decision in (*DECISIONS, None):
            until = now_ms + 1 if decision is None else now_ms - decision.minutes_ago * MINUTE_MS
            due = [one for one in sendings[done:] if one.at < until]
            for start in range(0, len(due), TOGETHER):
                some = due[start : start + TOGETHER]
                await _send(store, clock, some, origins, post, now_ms - LATELY_MS)
                tell(done + min(start + TOGETHER, len(due)), len(sendings))
            done += len(due)
            if decision is not None:
                clock.set(until)
                await _decide(store, decision, until)
        clock.set(now_ms)
        await store.write(releases.settle, origins, now_ms)
        await _find_spikes(store, clock)
        await store.write(post.turn, now_ms)
        await store.write(mails.mute, now_ms)
        return Filled(len(origins), await store.write(_say, now_ms), len(sendings))
    finally:
        await store.close()


def _people_and_projects(
    tx: Transaction, rules: Config, password_hash: str, now_ms: int
) -> dict[str, Origin]:
    users.add(tx, EMAIL, "Mira", "owner", password_hash, now_ms)
    origins = {}
    for project in PROJECTS:
        made = projects.add(tx, project.name, now_ms, slug=project.slug, platform=project.platform)
        key = keys.of_project(tx, made.id)[0]
        book = rules.rulebook(project.slug)
        origins[project.slug] = Origin(made.id, key.id, now_ms, rules=book)
    return origins


async def _send(
    store: Store,
    clock: FixedClock,
    sendings: list[Sending],
    origins: dict[str, Origin],
    post: mails.Mails,
    lately: int,
) -> None:
    waiting: list[Awaitable[object]] = []
    told_at = sendings[0].at
    for sending in sendings:
        if sending.at - told_at > APART_MS and sending.at > lately:
            await asyncio.gather(*waiting)
            waiting.clear()
            await store.write(post.turn, clock.now_ms())
            told_at = sending.at
        clock.set(sending.at)
        at = replace(origins[sending.project], received_at=sending.at)
        work = await _read(store, clock, sending, at)
        waiting += [store.submit(write) for write in work.events]
        if sending.is_first:  # an issue begins by the clock of the writer
            await asyncio.gather(*waiting)
            waiting.clear()
            await store.write(post.turn, clock.now_ms())
    await asyncio.gather(*waiting)
    await store.write(post.turn, clock.now_ms())


async def _read(store: Store, clock: FixedClock, sending: Sending, at: Origin) -> Work:
    envelope = parse_envelope(_envelope(sending), LIMITS)
    if "debug_meta" not in sending.payload:
        return pipeline.of_envelope(envelope, at, LIMITS)
    return await Maps(store, clock).work(pipeline.of_envelope, envelope, at, LIMITS)


async def _find_spikes(store: Store, clock: FixedClock) -> None:
    watch = Watch(store, lambda _: "default", clock)
    await watch.begin(grace_s=0)
    await watch.turn()


def _envelope(sending: Sending) -> bytes:
    header = msgspec.json.encode({"event_id": sending.payload["event_id"]})
    return b"%b\n%b\n%b\n" % (header, b'{"type":"event"}', msgspec.json.encode(sending.payload))


async def _decide(store: Store, decision: Decision, now_ms: int) -> None:
    """Somebody does something to an issue; there may be none if the history is a short one."""
    issue_id = await store.read(_find, decision.project, decision.title, now_ms)
    if issue_id is None:
        return
    who = await store.read(users.by_email, f"{decision.who.lower()}@{people.DOMAIN}")
    assert who is not None
    if decision.verb == "acknowledge":
        await store.write(triage.acknowledge, [issue_id], who.id, now_ms)
    elif decision.verb == "take":
        await store.write(
            triage.assign, [issue_id], Assignee("user", who.id, who.name), who.id, now_ms
        )
    else:
        wanted = State.RESOLVED if decision.verb == "resolve" else State.ARCHIVED
        put = partial(triage.set_state, archive=decision.archive)
        await store.write(put, [issue_id], wanted, who.id, now_ms)


def _everything(now_ms: int) -> IssueQuery:
    return IssueQuery(limit=100, now_ms=now_ms)


def _find(db: Reader, project: str, title: str, now_ms: int) -> int | None:
    rows = issue_list.search(db, _everything(now_ms)).rows
    found = (row.id for row in rows if row.title == title and row.project_slug == project)
    return next(found, None)


def _say(tx: Transaction, now_ms: int) -> int:
    """What people wrote about issues. Returns how many there are."""
    found = issue_list.search(tx, _everything(now_ms))
    for row in found.rows:
        for said in COMMENTS:
            if (said.title, said.project) == (row.title, row.project_slug) and said.of in row.value:
                who = users.by_email(tx, f"{said.who.lower()}@{people.DOMAIN}")
                assert who is not None
                at = now_ms - said.minutes_ago * MINUTE_MS
                notes.add(tx, row.id, who.id, said.body, at)
    return found.total or 0
