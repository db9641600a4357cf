"""`[[alerts.rule]]`: when who is told of what."""

import difflib
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Annotated, Any, TypeVar

from lighttrace.errors import QueryError, RuleError
from lighttrace.event import triggers
from lighttrace.event.query import keys, slips
from lighttrace.event.query.match import compiled
from lighttrace.event.query.read import parse
from lighttrace.event.query.tree import EVERYTHING, Node
from lighttrace.event.senseless import why_never
from lighttrace.event.triggers import LEAST_PAUSE_MIN, Trigger
from lighttrace.settings.kinds import is_address, is_slug
from lighttrace.toml.setting import NOT_IN_FILE, Disagreement, Note, Table, letters, read_by

MOST_RULES = 100
MOST_TARGETS = 20  # of one rule
TEAM, WEBHOOK = "team:", "webhook:"
_TEAM = re.compile(r"team:[a-z0-9](?:[a-z0-9_-]{0,48}[a-z0-9])?")
_WEBHOOK = re.compile(r"webhook:[a-z0-9][a-z0-9_-]{0,39}")
TARGETS = "owner, everyone, team:billing, webhook:chat or a mail address"


def _triggers(value: Any) -> tuple[Trigger, ...]:
    texts = _texts(value)
    if not texts:
        raise ValueError("it is empty")
    return tuple(dict.fromkeys(_in_a_clause(triggers.trigger, it) for it in texts))


T = TypeVar("T")


def _in_a_clause(read: Callable[[str], T], text: str) -> T:
    """The file's message goes on behind what is wrong, so that ends without a full stop."""
    try:
        return read(text)
    except RuleError as error:
        raise ValueError(str(error).rstrip(".")) from error


def _projects(value: Any) -> tuple[str, ...]:
    for one in (found := _texts(value)):
        if not is_slug(one):
            raise ValueError(_no_slug(one))
    return tuple(dict.fromkeys(found))


def _no_slug(text: str) -> str:
    if "*" in text and is_slug(text.replace("*", "a")):
        return f'"{text}" is no slug, but a search knows patterns: where = "project:{text}"'
    return f'"{text[:60]}" is no slug: that is the short name in addresses, such as "shop-web"'


def _where(value: Any) -> Node:
    if not isinstance(value, str):
        raise ValueError
    try:
        slips.refuse(value)
        tree = parse(value)
        compiled(tree)
    except QueryError as error:
        place = value[error.start : error.end]
        place = f" (at {place[:60]})" if place and place != value else ""
        ask = (
            f" Did you mean {error.instead}:?" if error.instead and "Did" not in str(error) else ""
        )
        raise ValueError(f"{str(error).rstrip('.')}{place}{'.' + ask if ask else ''}") from error
    return tree


def _targets(value: Any) -> tuple[str, ...]:
    found = _texts(value)
    for one in found:
        if not is_target(one):
            raise ValueError(no_target(one))
    if not found:
        raise ValueError("nobody would be told")
    if len(found) > MOST_TARGETS:
        raise ValueError(f"at most {MOST_TARGETS}; make a team of them")
    return tuple(dict.fromkeys(found))


def is_target(text: str) -> bool:
    if text in ("owner", "everyone") or _TEAM.fullmatch(text) or _WEBHOOK.fullmatch(text):
        return True
    return ":" not in text and is_address(text)


def no_target(text: str) -> str:
    """What is wrong with it, and what would be right."""
    kind, colon, name = text.partition(":")
    several = [it for it in re.split(r"[\s,;]+", text) if it]
    small = f"{kind.lower()}:{name.strip().lower().replace(' ', '-')}"
    near = difflib.get_close_matches(kind, ("owner", "everyone"), n=1)
    if len(several) > 1 and all(map(is_target, several)):
        instead = "several are a list: [" + ", ".join(f'"{it}"' for it in several) + "]"
    elif text.startswith("#") and is_target(f"{TEAM}{text[1:]}"):
        instead = f'a team is "{TEAM}{text[1:]}"'
    elif kind in ("http", "https"):
        instead = 'make an [[alerts.webhook]] of it, and name that one: "webhook:chat"'
    elif colon and is_address(name):
        instead = f'an address stands alone: "{name}"'
    elif colon and is_target(small):
        instead = f'such names are written small: "{small}"'
    elif not colon and near:
        instead = f'"{near[0]}" would be somebody'
    elif not colon and is_target(f"{TEAM}{text}"):
        instead = f'a team is "{TEAM}{text}", a webhook "{WEBHOOK}{text}"'
    else:
        instead = f"there is {TARGETS}"
    return f'"{text[:60]}" is nobody: {instead}'


def _pause(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError
    return _in_a_clause(triggers.minutes_of, value)


def _texts(value: Any) -> list[str]:
    """One text, or a list of them."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(it, str) for it in texts):
        raise ValueError
    return texts


# how other programs call what is said here
INSTEAD = {
    **dict.fromkeys(("trigger", "triggers", "on", "condition", "conditions", "event"), "when"),
    **dict.fromkeys(("projects",), "project"),
    **dict.fromkeys(("filter", "filters", "query", "search", "if", "match"), "where"),
    **dict.fromkeys(("action", "actions", "notify", "target", "mail", "email", "webhook"), "to"),
    **dict.fromkeys(("frequency", "interval", "cooldown", "pause", "throttle"), "every"),
}


class AlertRule(Table, frozen=True, dict=True):
    """`[[alerts.rule]]`: when somebody is told, of what, and who. Without any rule the owner of an
    issue is told when it is new, comes back, gets louder than foreseen or far louder than usual.
    With one, only what the rules say is told. Several that fit make one message.
    """

    name: Annotated[Annotated[str, letters(60)], Note(example="checkout is burning")]
    """What it is called, in its messages and where it is muted."""
    when: Annotated[
        tuple[Trigger, ...],
        read_by(_triggers, "a moment, or a list of them"),
        Note(example="50 events in 5m"),
    ]
    """The moment: "new", "regression", "escalating", "spike", "every", "feedback", "quota",
    "ingest", or a number: "50 events in 5m", "10 users in 1h", "10 users" since it was first seen.
    Or several in a list.
    """
    project: Annotated[
        tuple[str, ...] | None,
        read_by(_projects, "the slug of a project, or a list of them"),
        Note(example=["shop-web"]),
    ] = None
    """In which projects. Without it, in all."""
    where: Annotated[
        Node | None,
        read_by(_where, "a search, as on the pages"),
        Note(example="environment:production level:>=error component:checkout"),
    ] = None
    """What the event and its issue have to be like, in the language of the search. Rules know two
    keys more: age:<1h and the like for how old the issue is, and
    time:"Mon-Fri 09:00-18:00 Europe/Berlin". See docs/alerts.md.
    """
    to: Annotated[
        tuple[str, ...],
        read_by(_targets, f"who is told, or a list of them: {TARGETS}"),
    ] = ("owner",)
    """Who is told: "owner" is whose the issue is, or those in [alerts] to if it is nobody's;
    "team:SLUG" its members; "everyone" all who see the project; "webhook:NAME" a chat; or an
    address.
    """
    every: Annotated[
        int | None, read_by(_pause, "a time such as 30m, 1h or 1d"), Note(example="30m")
    ] = None
    """How long it then keeps silent about the same issue. Without it 30 minutes where it counts,
    and not at all where an issue has to change first.
    """

    line: Annotated[int | None, NOT_IN_FILE] = None  # where it begins

    @classmethod
    def instead_of(cls, key: str, value: Any) -> str:
        plain = key.lower()
        if plain in INSTEAD:
            return f'Did you mean "{INSTEAD[plain]}"?'
        if keys.canonical(key) is not None or plain in ("time", "count", "tag", "tags"):
            said = f"{key}:{value}" if isinstance(value, str | int) else f"{key}:…"
            return f'The search says such things: where = "{said[:60]}".'
        return ""

    def disagreements(self) -> Iterator[Disagreement]:
        of_events = any(it.kind == "every" for it in self.when)
        if of_events and self.every is not None and self.every < LEAST_PAUSE_MIN:
            yield Disagreement(
                "every",
                f"a message for every event would be a flood: at least {LEAST_PAUSE_MIN}m.",
                'every = "30m"',
            )
        of_project = [it.kind for it in self.when if it.is_of_project]
        if of_project and self.where is not None:
            yield Disagreement(
                "where",
                f'"{of_project[0]}" is about a project as a whole, and has no event that this '
                "could be asked of. Make a rule of its own for it.",
            )

    @property
    def heading(self) -> str:
        """What it is called in notes."""
        place = f" in line {self.line}" if self.line else ""
        return f'[[alerts.rule]] "{self.name}"{place}'

    @property
    def asks(self) -> Node:
        return EVERYTHING if self.where is None else self.where

    @cached_property
    def why_never(self) -> str | None:
        """Why it can never speak, if that is so."""
        if self.project == ():
            return "it names no project"
        return why_never(self.when, self.asks)

    def pause_min(self, trigger: Trigger) -> int:
        """How long it keeps silent after having spoken."""
        return trigger.usual_pause_min if self.every is None else self.every
