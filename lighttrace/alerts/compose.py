"""What a message says: facts from the store, then words. Reads only; changes and sends nothing."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

import jinja2

from lighttrace.errors import EventError
from lighttrace.event import details
from lighttrace.event.decode import decode
from lighttrace.event.model import Event, Json
from lighttrace.event.normalize import normalise
from lighttrace.event.title import crash_frame
from lighttrace.store import events, issues, notes, sight
from lighttrace.store.database import Reader
from lighttrace.store.issues import Issue
from lighttrace.store.outbox import Message

SUBJECT_LENGTH = 120
CODE_LENGTH = 200
LINES_BEFORE, LINES_AFTER = 2, 1
STEPS = 3


@dataclass(frozen=True, slots=True)
class Mail:
    """A finished mail. `at` in ms; `thread_id` holds the mails of one issue together."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    thread_id: str
    at: int


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


@dataclass(frozen=True, slots=True)
class Told:
    """One issue in words for a mail."""

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
    since: str  # "38 s": from the first event to this mail
    url: str


# kind → the beginning of its subject, and how it came back
BACK = {
    "regression": ("Back", "Came back after it was resolved"),
    "escalating": ("Louder", "Out of the archive: what it was archived until has happened"),
}


def compose(
    db: Reader, message: Message, payload: dict[str, Json], base_url: str, now_ms: int
) -> Mail | None:
    """The mail of an outbox row, with the numbers of this moment. None if its issue is gone."""
    if message.kind == "held":
        return _summary(db, message, payload, base_url, now_ms)
    told = _told(db, message.issue_id, payload.get("event_row"), base_url, now_ms)
    if told is None:
        return None
    if message.kind == "mention":
        return _mention(db, message, payload, told, now_ms)
    verb, came_back = BACK.get(message.kind, ("New", ""))
    subject = f"{verb} in {told.project}: {_headline(told)}"
    age_s = (now_ms - message.caused_at) / 1000
    context = {"told": told, "back": came_back, "age": _age(age_s), "base_url": base_url}
    return _mail(message, subject, "issue", context, _thread(message, told), now_ms)


def test_mail(to: str, message_id: str, base_url: str, now_ms: int) -> Mail:
    """What `lighttrace check --mail` sends."""
    return letter(
        "test", to, "LightTrace can send mail", message_id, now_ms, {"base_url": base_url}
    )


def letter(
    kind: str,
    to: str,
    subject: str,
    message_id: str,
    now_ms: int,
    context: Mapping[str, object],
) -> Mail:
    """A mail to one person that is about no issue. `kind` names its templates."""
    words = " ".join(subject.split())  # a line break in a subject would be another header
    everything = {**context, "to": to, "subject": words}
    return Mail(
        to=to,
        subject=words[:SUBJECT_LENGTH],
        text=_render(f"{kind}.txt", everything),
        html=_render(f"{kind}.html", everything),
        message_id=message_id,
        thread_id="",
        at=now_ms,
    )


def _summary(
    db: Reader, message: Message, payload: dict[str, Json], base_url: str, now_ms: int
) -> Mail:
    shown = [_told(db, issue_id, None, base_url, now_ms) for issue_id in payload["issues"]]
    told = [one for one in shown if one is not None]
    count = int(payload["count"])
    context = {
        "told": told,
        "count": count,
        "more": count - len(told),
        "base_url": base_url,
        "list_url": f"{base_url}/issues?sort=first_seen",
    }
    noun = "message" if count == 1 else "messages"
    return _mail(message, f"{count} more {noun} held back", "held", context, "", now_ms)


def _mention(
    db: Reader, message: Message, payload: dict[str, Json], told: Told, now_ms: int
) -> Mail | None:
    """None if the comment is gone."""
    note = notes.by_id(db, payload["note"])
    if note is None:
        return None
    who = note.user_name or "Somebody"
    url = f"{told.url}#note-{note.id}"
    context = {"told": told, "who": who, "body": note.body, "url": url}
    subject = f"{who} wrote to you about {told.short_id}: {told.title}"
    return _mail(message, subject, "mention", context, _thread(message, told), now_ms)


def _thread(message: Message, told: Told) -> str:
    """What holds the mails of one issue together."""
    return f"<issue-{told.short_id.lower()}@{message.message_id.rpartition('@')[2]}"


def _told(
    db: Reader, issue_id: int | None, event_row: Json, base_url: str, now_ms: int
) -> Told | None:
    issue = issues.get(db, issue_id, sight.ALL) if issue_id is not None else None
    if issue is None:
        return None
    event = _event(db, issue, event_row)
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
        place=_place(event) if event else None,
        steps=_steps(event) if event else (),
        since=_age(max(0, now_ms - issue.first_at) / 1000),
        url=f"{base_url}/issues/{quote(issue.short_id)}",
    )


def _event(db: Reader, issue: Issue, event_row: Json) -> Event | None:
    """The event that caused the message; the newest one if retention already took it."""
    stored = events.body(db, event_row) if isinstance(event_row, int) else None
    if stored is None:
        latest = events.chosen(db, issue.id, "latest")
        stored = events.body(db, latest.row) if latest else None
    if stored is None:
        return None
    try:
        return normalise(decode(stored.body).raw, stored.arrival)
    except EventError:
        return None


def _place(event: Event) -> Place | None:
    frame = crash_frame(event)
    if frame is None:
        return None
    file = frame.filename or frame.abs_path or frame.module or ""
    at = f"{file}:{frame.lineno}" if file and frame.lineno else file
    if frame.context_line is None or frame.lineno is None:
        return Place(frame.function or "", at)
    before = frame.pre_context[-LINES_BEFORE:]
    texts = _dedented((*before, frame.context_line, *frame.post_context[:LINES_AFTER]))
    first = frame.lineno - len(before)
    code = tuple(
        Line(number, text[:CODE_LENGTH], number == frame.lineno)
        for number, text in enumerate(texts, first)
    )
    return Place(frame.function or "", at, code)


def _dedented(lines: tuple[str, ...]) -> list[str]:
    """Without the indentation they share: a mail is narrow."""
    return textwrap.dedent("\n".join(line.rstrip("\n") for line in lines)).split("\n")


def _steps(event: Event) -> tuple[str, ...]:
    """The last things that happened before, shortest words that still say it."""
    crumbs = details.breadcrumbs(event)[-STEPS:]
    words = (crumb.message or crumb.category or crumb.type for crumb in crumbs)
    return tuple(" ".join(word.split())[:80] for word in words if word)


def _headline(told: Told) -> str:
    if told.people > 1:
        return f"{told.title}, {told.people} users so far"
    return f"{told.title}: {told.value}" if told.value else told.title


def _mail(
    message: Message,
    subject: str,
    template: str,
    context: dict[str, object],
    thread_id: str,
    now_ms: int,
) -> Mail:
    words = " ".join(subject.split())  # a line break in a subject would be another header
    cut = words if len(words) <= SUBJECT_LENGTH else words[: SUBJECT_LENGTH - 1] + "…"
    everything = {**context, "subject": cut, "to": message.target}
    return Mail(
        to=message.target,
        subject=cut,
        text=_render(f"{template}.txt", everything),
        html=_render(f"{template}.html", everything),
        message_id=message.message_id,
        thread_id=thread_id,
        at=now_ms,
    )


def _age(seconds: float) -> str:
    """`1.1 s`, `38 s`, `4 min`, `3 h`, `2 d`: how people say how long."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    for unit_s, unit, below_s in ((1, "s", 60), (60, "min", 3600), (3600, "h", 86400)):
        if seconds < below_s:
            return f"{int(seconds / unit_s)} {unit}"
    return f"{int(seconds / 86400)} d"


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("lighttrace", "web/templates/mail"),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html",), default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _render(name: str, context: Mapping[str, object]) -> str:
    return _environment().get_template(name).render(context)
