"""Comments: as the page of an issue shows them, rendered, with what the person may do to each; and
written, with a message to everybody they name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lighttrace.alerts import mentions
from lighttrace.alerts.mail import host_of
from lighttrace.store import notes, sight
from lighttrace.store.activity import Activity
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.notes import MOST_TEXT, Note
from lighttrace.store.users import User
from lighttrace.web import guards, markdown
from lighttrace.web.markdown import Named, People
from lighttrace.web.state import Services


@dataclass(frozen=True, slots=True)
class Comment:
    note: Note
    html: Markup
    may_edit: bool
    may_remove: bool

    @property
    def at(self) -> int:
        return self.note.at


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said about an issue, newest first, and who can be spoken to."""

    comments: tuple[Comment, ...] = ()
    people: People = ()


NOTHING_SAID = Talk()


def everybody(db: Reader, project_id: int) -> People:
    """Who can be mentioned: whoever sees the project."""
    return tuple(Named(it.id, it.name, it.email) for it in sight.who_sees(db, project_id))


def may_edit(note: Note, person: User) -> bool:
    """One's own, and nobody else's."""
    return note.user_id == person.id and person.role in guards.MEMBERS


def may_remove(note: Note, person: User) -> bool:
    return may_edit(note, person) or person.role in guards.ADMINS


def of_issue(db: Reader, issue_id: int, project_id: int, person: User) -> Talk:
    people = everybody(db, project_id)
    shown = tuple(
        Comment(it, markdown.render(it.body, people), may_edit(it, person), may_remove(it, person))
        for it in notes.of_issue(db, issue_id)
    )
    return Talk(shown, people)


def in_order(history: Sequence[Activity], comments: Sequence[Comment]) -> list[Activity | Comment]:
    """What happened and what was said, oldest first."""
    return sorted([*reversed(history), *reversed(comments)], key=lambda it: it.at)


def problem_of(text: str) -> str:
    """What is wrong with a comment, or nothing."""
    if not text:
        return "Write something first."
    if len(text) > MOST_TEXT:
        return f"{len(text):,} characters; a comment has at most {MOST_TEXT:,}."
    return ""


async def write(
    services: Services, issue_id: int, text: str, people: People, user_id: int | None
) -> int:
    """Keep a comment and tell those it names; returns its id."""
    host, now_ms = _host(services), services.clock.now_ms()
    targets = _targets(text, people, user_id)

    def keep(tx: Transaction) -> int:
        note_id = notes.add(tx, issue_id, user_id, text, now_ms)
        if host:
            mentions.tell(tx, issue_id, note_id, targets, host, now_ms)
        return note_id

    note_id = int(await services.store.write(keep))
    services.wake_alerts()
    return note_id


async def rewrite(services: Services, note: Note, text: str, people: People) -> None:
    """Change a comment; whom it names for the first time is told."""
    host, now_ms = _host(services), services.clock.now_ms()
    targets = _targets(text, people, note.user_id)

    def keep(tx: Transaction) -> None:
        if notes.edit(tx, note.id, text, now_ms) and host:
            mentions.tell(tx, note.issue_id, note.id, targets, host, now_ms)

    await services.store.write(keep)
    services.wake_alerts()


def _host(services: Services) -> str:
    """The right side of Message-IDs; empty where no mail can be sent."""
    smtp = services.config.smtp
    return host_of(smtp) if smtp else ""


def _targets(text: str, people: People, author_id: int | None) -> list[str]:
    return [it.email for it in markdown.mentioned(text, people) if it.id != author_id]
