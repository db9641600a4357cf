"""What there is to tell, before anybody has words for it: facts from the store, the same for a mail
and for a chat. Reads only; changes and sends nothing.
"""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, cast, get_args
from urllib.parse import quote

from lighttrace.alerts import background, digest, suspicion, weekly
from lighttrace.alerts.background import Background
from lighttrace.alerts.digest import Digest
from lighttrace.alerts.shapes.text import seen
from lighttrace.alerts.weekly import Report
from lighttrace.config import Config
from lighttrace.event import details, frames, source_links
from lighttrace.event.impact import Weights
from lighttrace.event.model import Event, Json
from lighttrace.event.scrub import ScrubRules
from lighttrace.event.secret_code import without_secrets
from lighttrace.event.source_links import Link
from lighttrace.event.source_links import Rules as SourceRules
from lighttrace.event.suspects import Suspect
from lighttrace.event.title import crash_frame
from lighttrace.store import events, feedback, inbox, issues, notes, reread, revisions, sight
from lighttrace.store.database import Reader
from lighttrace.store.issues import Issue
from lighttrace.store.outbox import Message

Kind: TypeAlias = Literal[
    "new",
    "regression",
    "escalating",
    "spike",
    "spike_escalated",
    "volume",
    "users",
    "feedback",
    "quota",
    "digest",
    "held",
    "failed",
    "weekly",
    "alive",
    "mention",
    "test",
]
KINDS: tuple[str, ...] = get_args(Kind)

# what happens when an event comes in; anything else happens when its cause is written
OF_EVENTS = frozenset({"new", "regression", "escalating", "volume", "users"})
CODE_LENGTH = 200
IMPACT_MS = 24 * 60 * 60 * 1000  # as the inbox opens
LINES_BEFORE, LINES_AFTER = 2, 1
STEPS = 3
REASONS = 10


@dataclass(frozen=True, slots=True)
class Terms:
    """What the file says about telling. `scrub`: by project, what is a secret in its code."""

    weights: Weights = field(default_factory=Weights)
    scrub: Mapping[str, ScrubRules] = field(default_factory=dict)
    sources: Mapping[str, SourceRules] = field(default_factory=dict)  # by project as well

    @classmethod
    def of(cls, config: Config) -> "Terms":
        named = {it.slug: it.scrub for it in config.projects}
        return cls(
            config.impact.weights,
            {slug: ScrubRules(it.enabled, it.keys, it.safe_keys) for slug, it in named.items()},
            {slug: config.source_rules(slug) for slug in named},
        )


DEFAULT_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where it crashed: a function, a file with its line, and the code around it."""

    function: str
    file: str
    code: tuple[Line, ...] = ()
    link: Link | None = None  # to the line at the host of the repository


@dataclass(frozen=True, slots=True)
class Rate:
    """How loud it is: `count` in the last `window_min` minutes, where `usual` is expected."""

    count: int
    window_min: int
    usual: float


@dataclass(frozen=True, slots=True)
class Told:
    """One issue in words."""

    short_id: str
    project: str
    title: str
    value: str
    culprit: str
    level: str
    unhandled: bool
    count: int
    people: int
    environment: str
    release: str
    place: Place | None
    steps: tuple[str, ...]
    since: str  # "38 s": from the first event to this message
    first_at: int  # ms
    url: str
    background: Background = field(default_factory=Background)
    suspect: Suspect | None = None  # a commit that may have brought it
    impact: int | None = None  # of 100; None: it is not open, or was quiet for a day


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote to somebody."""

    who: str
    body: str
    url: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a user of the program said about an event, and who that was, as far as they said."""

    who: str
    words: str


@dataclass(frozen=True, slots=True)
class News:
    """One message. `id` stays the same however often it has to be sent; `at`: when what it tells of
    happened, `age_s`: how long ago that is. About one issue (`told`), or about several
    (`others`, of `count` that were held back or gathered), or about none.

    `reasons` are sentences: which rules it comes by. `url`: where to look.
    """

    id: str
    kind: Kind
    at: int
    age_s: float
    base_url: str
    url: str
    told: Told | None = None
    others: tuple[Told, ...] = ()
    count: int = 0
    rate: Rate | None = None
    louder: str = ""  # the same in words: 61 per h, usually 4
    reasons: tuple[str, ...] = ()
    words: str = field(default="")  # what it says, if it is about no issue
    digest: Digest | None = None
    more: int = 0  # other messages that are held, and told together later
    report: Report | None = None
    error: str = ""  # why another message was not delivered
    comment: Comment | None = None
    opinion: Opinion | None = None
    project: str = ""  # of news about no issue, or about several of one
    newborn: bool = False  # it is loud although it began a short while ago
    by_rule: bool = False  # of the file; without any it is known what is told next

    @property
    def quiet_url(self) -> str:
        """Opens the issue with the mute for a day under the finger; following it changes nothing
        either.
        """
        return f"{self.told.url}?focus=mute" if self.told else ""

    @property
    def take_url(self) -> str:
        """Opens the issue with the button "Acknowledge" under the finger. Following it changes
        nothing: mail programs and chats follow links by themselves.
        """
        return f"{self.told.url}?focus=acknowledge" if self.told else ""


def read(
    db: Reader,
    message: Message,
    payload: dict[str, Json],
    base_url: str,
    now_ms: int,
    terms: Terms = DEFAULT_TERMS,
    *,
    in_full: bool = True,
) -> News | None:
    """What an outbox row tells, with the numbers of this moment. None if what it is about is gone.
    `in_full`: with what lies behind it, which chats do not show.

    Of `payload`: `event_row`, of a comment `note`, of what a user said `report` (project, event),
    of a summary `issues` and `count`, and what a rule saw: `rate` ({count, window_min, usual}) and
    `reason`, the same in words, `reasons` (sentences), `rules` (their names), `words` (a sentence).
    """
    kind = cast(Kind, message.kind)
    issue, told, comment, at = _issue(db, message.issue_id), None, None, message.caused_at
    if kind in OF_EVENTS:
        at = background.arrived(db, payload, at)
    if issue is not None:
        event = _event(db, issue, payload.get("event_row"))
        told = _told(db, issue, event, base_url, now_ms, terms)
        if in_full:
            behind = background.read(db, issue, kind, message.caused_at, payload, now_ms)
            impact = _impact(db, issue.id, terms.weights, now_ms)
            told = replace(told, background=behind, impact=impact)
            if kind == "new":
                sources = terms.sources.get(issue.project_slug, source_links.NO_RULES)
                found = suspicion.of_issue(db, issue, sources)
                told = replace(told, suspect=next((it for it in found if not it.is_weak), None))
    if "note" in payload and told is not None:
        comment = _comment(db, payload["note"], told)
    if (message.issue_id is not None and told is None) or ("note" in payload and comment is None):
        return None
    gathered = digest.read(db, payload, base_url, now_ms) if "members" in payload else None
    others = (_issue(db, issue_id) for issue_id in payload.get("issues", ()))
    rate = payload.get("rate")
    report = weekly.read(db, payload, base_url) if kind == "weekly" else None
    if kind == "weekly" and report is None:
        return None
    return News(
        id=message.message_id.strip("<>").partition("@")[0],
        kind=kind,
        at=at,
        age_s=max(0, now_ms - at) / 1000,
        base_url=base_url,
        url=told.url if told else gathered.url if gathered else f"{base_url}/issues",
        told=told,
        others=tuple(_told(db, it, None, base_url, now_ms, terms) for it in others if it),
        count=int(payload.get("count", 0)),
        rate=Rate(int(rate["count"]), int(rate["window_min"]), rate["usual"]) if rate else None,
        louder=str(payload.get("reason", "")),
        reasons=tuple(map(str, payload.get("reasons", ())))[:REASONS],
        words=str(payload.get("words", gathered.headline if gathered else "")),
        error=str(payload.get("error", "")),
        digest=gathered,
        more=int(payload.get("more", 0)),
        report=report,
        comment=comment,
        opinion=_opinion(db, payload["report"]) if "report" in payload else None,
        project=str(payload.get("project", "")),
        newborn="of" in payload,
        by_rule=any(payload.get("rules", ())),
    )


def a_test(news_id: str, base_url: str, now_ms: int) -> News:
    """What `lighttrace check` sends."""
    return News(news_id, "test", now_ms, 0.0, base_url, base_url)


def age(seconds: float) -> str:
    """`1.1 s`, `38 s`, `4 min`, `3 h`, `2 d`: how people say how long."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    for unit_s, unit, below_s in ((1, "s", 60), (60, "min", 3600), (3600, "h", 86400)):
        if seconds < below_s:
            return f"{int(seconds / unit_s)} {unit}"
    return f"{int(seconds / 86400)} d"


def _comment(db: Reader, note_id: Json, told: Told) -> Comment | None:
    note = notes.by_id(db, note_id)
    if note is None:
        return None
    return Comment(note.user_name or "Somebody", note.body, f"{told.url}#note-{note.id}")


def _opinion(db: Reader, report: Json) -> Opinion | None:
    project_id, event_id = report
    said = feedback.of_event(db, event_id, project_id)
    return None if said is None else Opinion(said.name or said.email, said.message)


def _impact(db: Reader, issue_id: int, weights: Weights, now_ms: int) -> int | None:
    query = inbox.InboxQuery(period_ms=IMPACT_MS, weights=weights, now_ms=now_ms)
    standing = inbox.standing(db, issue_id, query)
    return None if standing is None else standing.impact.score


def _issue(db: Reader, issue_id: int | None) -> Issue | None:
    return None if issue_id is None else issues.get(db, issue_id, sight.ALL)


def _told(
    db: Reader, issue: Issue, event: Event | None, base_url: str, now_ms: int, terms: Terms
) -> Told:
    """`event`: whose place and trail are shown, None in a list of several."""
    scrub = terms.scrub.get(issue.project_slug, ScrubRules())
    sources = terms.sources.get(issue.project_slug, source_links.NO_RULES)
    return Told(
        short_id=issue.short_id,
        project=issue.project_slug,
        title=issue.title,
        value=issue.value,
        culprit=issue.culprit,
        level=event.level if event else "error",
        unhandled=issue.unhandled,
        count=issue.n_ever,
        people=issue.people_ever,
        environment=(event.environment or "") if event else "",
        release=(event.release or "") if event else "",
        place=_place(event, scrub, _link(db, issue, event, sources)) if event else None,
        steps=_steps(event) if event else (),
        since=age(max(1000, now_ms - issue.first_at) / 1000),
        first_at=issue.first_at,
        url=f"{base_url}/issues/{quote(issue.short_id)}",
    )


def _event(db: Reader, issue: Issue, event_row: Json) -> Event | None:
    """The event that caused the message; the newest one if retention already took it."""
    found = reread.event(db, event_row) if isinstance(event_row, int) else None
    if found is not None:
        return found
    latest = events.chosen(db, issue.id, "latest")
    return reread.event(db, latest.row) if latest else None


def _place(event: Event, scrub: ScrubRules, link: Link | None) -> Place | None:
    frame = crash_frame(event)
    if frame is None:
        return None
    file = frame.filename or frame.abs_path or frame.module or ""
    at = f"{file}:{frame.lineno}" if file and frame.lineno else file
    if frame.context_line is None or frame.lineno is None:
        return Place(frame.function or "", at, link=link)
    before = frame.pre_context[-LINES_BEFORE:]
    lines = (*before, frame.context_line, *frame.post_context[:LINES_AFTER])
    texts = _dedented(tuple(without_secrets(lines, scrub)))
    first = frame.lineno - len(before)
    code = tuple(
        Line(number, text[:CODE_LENGTH], number == frame.lineno)
        for number, text in enumerate(texts, first)
    )
    return Place(frame.function or "", at, code, link)


def _link(db: Reader, issue: Issue, event: Event, sources: SourceRules) -> Link | None:
    """To the line of the crash at the host of the repository."""
    frame = crash_frame(event) if sources.template else None
    if frame is None:
        return None
    told = revisions.told(db, issue.project_id, event.release, sources.package)
    sources, at = source_links.informed(sources, event.release, told.commit, told.mappings)
    own = not frames.is_library(frame, event.platform) if frame.in_app is None else frame.in_app
    found = source_links.link(frame, sources, at, event.platform, own=own)
    # what an SDK says is a link may lead anywhere, and a mail has no page around it that says so
    return found if isinstance(found, Link) and found.path else None


def _dedented(lines: tuple[str, ...]) -> list[str]:
    """Without the indentation they share: a mail is narrow."""
    return textwrap.dedent("\n".join(seen(line.rstrip("\n")) for line in lines)).split("\n")


def _steps(event: Event) -> tuple[str, ...]:
    """The last things that happened before, shortest words that still say it."""
    crumbs = details.breadcrumbs(event)[-STEPS:]
    words = (crumb.message or crumb.category or crumb.type for crumb in crumbs)
    return tuple(" ".join(word.split())[:80] for word in words if word)
