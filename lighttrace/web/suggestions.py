"""What could be typed next in the search box: keys and tags by their beginning, values of the key
at the cursor, tags that have a word as their value. What is chosen takes the place of what was
typed of it, and nothing else.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from lighttrace.errors import QueryError
from lighttrace.event.model import LEVELS
from lighttrace.event.query import cursor, keys
from lighttrace.event.query.cursor import Typed
from lighttrace.event.query.keys import KEYS, STATES, Kind
from lighttrace.event.query.read import MOST_TEXT, parse
from lighttrace.event.query.tree import Term, Value
from lighttrace.event.query.values import COMPARED
from lighttrace.store import assignees, environments, projects, suggestions, teams
from lighttrace.store.database import Reader
from lighttrace.store.search import compile
from lighttrace.store.sight import Sight
from lighttrace.store.suggestions import Tags
from lighttrace.web import format

MOST = 12
MOST_KEYS = 6  # of these, while a word is typed that tags may have as their value


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`insert` takes the place of `start` to `end`. Shown are `lead`, then `text` with `marked`
    characters from `mark` on, which is what was typed of it.
    """

    start: int
    end: int
    insert: str
    lead: str
    text: str
    about: str = ""
    mark: int = 0
    marked: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    items: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A value, and what to say of it. `raw`: it stands for more than itself, as `>10` does."""

    value: str
    about: str = ""
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """Who types, and where: `sight` is that of the list, so of one project where one is chosen."""

    db: Reader
    tags: Tags
    sight: Sight
    email: str
    text: str
    typed: Typed
    now_ms: int

    def bearing(self, n: int) -> str:
        """How many events bear a tag, as far as that is known."""
        if self.tags.tally is not None:
            return f"{format.percent(n, self.tags.tally.events)} of the newest events"
        return format.plural(n, "event") if n else ""


def of(db: Reader, text: str, at: int, sight: Sight, email: str, now_ms: int) -> list[Group]:
    """The suggestions for a text with its cursor before the character `at`, at most MOST."""
    if len(text) > MOST_TEXT:
        return []
    tags = suggestions.tags(db, sight.within(None))
    asked = Asked(db, tags, sight, email, text, cursor.typed(text, at), now_ms)
    groups = _groups(asked)
    meant = _meant(asked, nothing=not any(group.items for group in groups))
    left, found = MOST, []
    for group in (*meant, *groups):
        items = group.items[:left]
        left -= len(items)
        found += [Group(group.name, items)] if items else []
    return found


def _groups(asked: Asked) -> list[Group]:
    key = asked.typed.key
    if key is None:
        return _beginnings(asked)
    if key.lower() == "has":
        return [Group("There is a", tuple(_keys(asked, "")))]
    return [_values(asked, key)]


def _meant(asked: Asked, nothing: bool) -> Iterator[Group]:
    """What was meant by a mistake elsewhere in the text; at the cursor itself only if there is
    nothing else to say, as it is not written to its end yet.
    """
    typed = asked.typed
    try:
        parse(asked.text, compile.tag_names(asked.db), asked.tags.names)
    except QueryError as error:
        here = error.start <= typed.end and typed.start <= error.end
        near = error.instead
        if near is None or (here and not nothing):
            return
        said = "" if ":" in near else str(error).split(". ")[0]
        shown = near if ":" in near else f"{near}:"
        yield Group("Did you mean", (Suggestion(error.start, error.end, near, "", shown, said),))


# --- keys ---


def _beginnings(asked: Asked) -> list[Group]:
    typed = asked.typed.text.removeprefix("tags[")
    if typed in ("AND", "OR"):
        return []
    found = list(_keys(asked, ":"))
    if not typed:
        return [Group("Keys", tuple(found))]
    saying = _saying(asked)
    if not found and not saying.items and len(typed) > 2:
        near = keys.nearest(typed, _tag_names(asked))
        return [Group("Did you mean", (_key(asked, near, ":", None),))] if near else []
    return [Group("Keys", tuple(found[:MOST_KEYS])), saying]


def _saying(asked: Asked) -> Group:
    """Tags that have the word as their value."""
    typed = asked.typed
    if asked.text[typed.start : typed.end].endswith(":"):
        return Group("Tags", ())  # it is a key already
    found = (
        _value(asked, Offer(value, asked.bearing(n)), _said(key), typed.text)
        for key, value, n in asked.tags.saying(typed.text)[:MOST]
    )
    return Group("Tags", tuple(found))


def _keys(asked: Asked, after: str) -> Iterator[Suggestion]:
    """Keys, then tags, by how near they are to what was typed; each is followed by `after`."""
    typed = asked.typed.text.removeprefix("tags[")
    ranked: list[tuple[int, int, str, int | None]] = []
    for place, name in enumerate((*KEYS, "has", *_tag_names(asked))):
        if name == "has" and not after:
            continue
        at = _place(name, typed)
        if at is not None and (len(typed) > 2 or _rank(name, at) < 2):
            ranked.append((_rank(name, at), place, name, at))
    taken = {name for _, _, name, _ in ranked}
    for alias, name in keys.ALIASES.items():
        if typed and name in KEYS and name not in taken and alias.startswith(typed.lower()):
            taken.add(name)
            ranked.append((1, len(ranked), name, None))
    for _, _, name, at in sorted(ranked, key=lambda it: it[:2])[:MOST]:
        yield _key(asked, name, after, at)


def _tag_names(asked: Asked) -> list[str]:
    return sorted(it for it in asked.tags.names() if it not in KEYS)


def _key(asked: Asked, name: str, after: str, at: int | None) -> Suggestion:
    typed = asked.typed
    if name in KEYS:
        said, about = name, KEYS[name].about
    elif name == "has":
        said, about = name, "there is a value, has:user"
    else:
        said, about = _said(name), "a tag"
    text = asked.text[typed.end : typed.end + 1]
    end = after or ("" if text or typed.listed else " ")
    marked = 0 if at is None else len(typed.text.removeprefix("tags["))
    shift = 0 if said == name else said.find(name)
    lead = "" if after else "has:"
    mark = (at or 0) + shift
    return Suggestion(typed.start, typed.end, said + end, lead, said + after, about, mark, marked)


def _said(tag: str) -> str:
    """A tag as the language names it."""
    return Term(tag, is_tag=True).said_key()


# --- values ---


def _values(asked: Asked, written: str) -> Group:
    typed = asked.typed
    key = None if typed.is_tag else keys.canonical(written)
    if key is None:
        tag = written if typed.is_tag else keys.tag_of(written)
        lead = _said(tag) if typed.is_tag else written
        offers: Iterable[Offer] = _tagged(asked, tag)
    else:
        lead, offers = written, _of_key(asked, key)
    matching = []
    for place, offer in enumerate(offers):
        at = _place(offer.value, typed.text.strip("*"))
        if at is None or (offer.raw and typed.op):
            continue
        matching.append((_rank(offer.value, at), place, offer))
    every = sorted(matching, key=lambda it: it[:2])[:MOST]
    found = [_value(asked, it[2], lead, typed.text.strip("*")) for it in every]
    return Group(f"Values of {written}", tuple(found))


def _value(asked: Asked, offer: Offer, key: str, text: str) -> Suggestion:
    """`key:value` for a word, the value alone where the key stands there already."""
    typed = asked.typed
    said = offer.value if offer.raw else str(Value((offer.value,)))
    last = typed.end >= len(asked.text) and not typed.listed
    insert = ("" if typed.key else f"{key}:") + said + (" " if last else "")
    at = _place(offer.value, text) or 0
    shift = said.startswith('"')
    fits = said[at + shift : at + shift + len(text)].lower() == text.lower()
    return Suggestion(
        typed.start, typed.end, insert, f"{key}:{typed.op}", said, offer.about,
        at + shift, len(text) if fits else 0,
    )  # fmt: skip


def _tagged(asked: Asked, tag: str) -> Iterator[Offer]:
    for value, n in asked.tags.values(tag):
        yield Offer(value, asked.bearing(n))


def _of_key(asked: Asked, key: str) -> Iterable[Offer]:
    kind = KEYS[key].kind
    if key in suggestions.SAID_BY_GROUPS:
        return _said_by_groups(asked, key)
    if key in _OF_KEY:
        return _OF_KEY[key](asked)
    if kind is Kind.TIME:
        return _times(asked)
    if kind is Kind.RELEASE:
        return _releases(asked)
    if kind is Kind.WHO:
        return _people(asked)
    if kind is Kind.NUMBER:
        plain = kind in COMPARED and asked.typed.op
        return [Offer(n if plain else f">{n}", raw=not plain) for n in ("10", "100", "1000")]
    return _tagged(asked, key) if kind is Kind.TAG else ()


# Those that are asked for most come first; all of them are in STATES.
_STATES = ("unresolved", "mine", "unassigned", "new", "regressed", "spiking", "escalating")


def _states(asked: Asked) -> Iterator[Offer]:
    for name in dict.fromkeys((*_STATES, *STATES)):
        yield Offer(name, STATES[name])


def _levels(asked: Asked) -> Iterator[Offer]:
    if not asked.typed.op and not asked.typed.listed:
        yield Offer(">=error", "error and fatal", raw=True)
    for name in reversed(LEVELS):
        yield Offer(name)


_AGO = {"1h": "hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days"}
_NUMBER = re.compile(r"([+-])(\d{1,4})")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _times(asked: Asked) -> Iterator[Offer]:
    if number := _NUMBER.fullmatch(asked.typed.text):
        sign, n = number.groups()
        how = "within" if sign == "-" else "before"
        for unit, words in _UNITS.items():
            yield Offer(f"{sign}{n}{unit}", f"{how} the last {n} {words}")
        return
    for text, words in _AGO.items():
        yield Offer(f"-{text}", f"within the last {words}")
    for text in ("7d", "30d"):
        yield Offer(f"+{text}", f"before the last {_AGO[text]}")
    yield Offer(format.local(asked.now_ms, "UTC").date().isoformat(), "today, a whole day")


def _releases(asked: Asked) -> Iterator[Offer]:
    if not asked.typed.op:
        yield Offer("latest", "the newest of each project")
    text = asked.typed.text.strip("*")
    for version in suggestions.releases(asked.db, text, asked.sight.within(None), MOST):
        yield Offer(version)


def _said_by_groups(asked: Asked, key: str) -> Iterator[Offer]:
    text, within = asked.typed.text.strip("*"), asked.sight.within(None)
    for value, n in suggestions.said_by_groups(asked.db, key, text, within):
        yield Offer(value, format.plural(n, "issue"))


def _environments(asked: Asked) -> Iterator[Offer]:
    for _, name in environments.seen(asked.db, asked.sight):
        yield Offer(name, "" if name else "events that name none")


def _people(asked: Asked) -> Iterator[Offer]:
    yield Offer("me", asked.email)
    yield Offer("none", "nobody")
    every = assignees.every(asked.db)
    for it in every:
        if it.kind == "team":
            yield Offer(it.shown, "a team")
    for it in every:
        if it.kind == "user":
            yield Offer(it.email, it.name)


def _teams(asked: Asked) -> Iterator[Offer]:
    named = [team.slug for team in teams.every(asked.db)]
    for slug in named:
        yield Offer(slug, "a team")
    for offer in _tagged(asked, "team"):
        if offer.value not in named:
            yield offer


def _projects(asked: Asked) -> Iterator[Offer]:
    for project in projects.every(asked.db, asked.sight):
        yield Offer(project.slug, project.name if project.name != project.slug else "")


def _fixed(*values: str) -> Callable[[Asked], Sequence[Offer]]:
    offers = tuple(map(Offer, values))
    return lambda asked: offers


_OF_KEY: dict[str, Callable[[Asked], Iterable[Offer]]] = {
    "is": _states,
    "level": _levels,
    "environment": _environments,
    "team": _teams,
    "project": _projects,
    "category": _fixed("error", "csp"),
    "platform": _fixed(
        *("javascript", "node", "python", "php", "ruby", "java", "csharp", "go", "rust"),
        *("native", "cocoa", "elixir", "dart", "perl", "other"),
    ),
    "sdk": _fixed(
        *("sentry.javascript.browser", "sentry.javascript.react", "sentry.javascript.nextjs"),
        *("sentry.javascript.vue", "sentry.javascript.node", "sentry.python", "sentry.php"),
        *("sentry.php.laravel", "sentry.ruby", "sentry.java", "sentry.dotnet", "sentry.go"),
        *("sentry.rust", "sentry.cocoa", "sentry.dart.flutter"),
    ),
}


# --- nearness ---

_BORDER = re.compile(r"[\W_]")


def _place(name: str, text: str) -> int | None:
    """Where in a name a text is: at its beginning, else at that of a word in it, else anywhere."""
    name, text = name.lower(), text.lower()
    at = name.find(text)
    first = at
    while at > 0 and not _BORDER.match(name[at - 1]):
        at = name.find(text, at + 1)
    return at if at >= 0 else first if first >= 0 else None


def _rank(name: str, at: int) -> int:
    return 0 if at == 0 else 1 if _BORDER.match(name[at - 1]) else 2
