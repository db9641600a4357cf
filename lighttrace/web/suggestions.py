"""What could be typed next in the search box: keys and tags by their beginning, values of the key
at the cursor, tags that have a word as their value. What is chosen takes the place of what was
typed of it, and nothing else.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lighttrace.errors import QueryError
from lighttrace.event.query import cursor, keys
from lighttrace.event.query.keys import KEYS
from lighttrace.event.query.read import MOST_TEXT, parse
from lighttrace.event.query.tree import Term, Value
from lighttrace.store import suggestions
from lighttrace.store.database import Reader
from lighttrace.store.search import compile
from lighttrace.store.sight import Sight
from lighttrace.web import offers
from lighttrace.web.offers import MOST, Asked, Offer

# keys that only the searches of rules know: docs/alerts.md, "Where"
OF_RULES = {
    "time": "a part of the week, with its zone",
    "count": "how many events there ever were, count:>=10",
}
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


def of(
    db: Reader, text: str, at: int, sight: Sight, email: str, now_ms: int, *, rule: bool = False
) -> list[Group]:
    """The suggestions for a text with its cursor before the character `at`, at most MOST. `rule`:
    it is the search of a rule.
    """
    if len(text) > MOST_TEXT:
        return []
    tags = suggestions.tags(db, sight.within(None))
    asked = Asked(db, tags, sight, email, text, cursor.typed(text, at), now_ms, rule)
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
        if asked.rule:
            parse(asked.text)  # which tags there will be, nobody knows
        else:
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
    own = OF_RULES if asked.rule and after else {}
    for place, name in enumerate((*KEYS, *own, "has", *_tag_names(asked))):
        if (name == "has" and not after) or (name == "id" and asked.rule):
            continue
        found = _near(name, typed)
        if found is not None and (found[0] < 2 or len(typed) > 2):
            ranked.append((found[0], place, name, found[1]))
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
    elif asked.rule and name in OF_RULES:
        said, about = name, OF_RULES[name]
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
    found: Iterable[Offer]
    key = None if typed.is_tag else keys.canonical(written)
    if asked.rule and not typed.is_tag and written.lower() in OF_RULES:
        lead, found = written, offers.of_rules(asked, written.lower())
    elif key is None:
        tag = written if typed.is_tag else keys.tag_of(written)
        lead = _said(tag) if typed.is_tag else written
        found = offers.tagged(asked, tag)
    else:
        lead, found = written, offers.of_key(asked, key)
    text, matching = typed.text.strip("*"), []
    for place, offer in enumerate(found):
        near = _near(offer.value, text)
        if near is not None and not (offer.raw and typed.op):
            matching.append((near[0], place, offer))
    best = sorted(matching, key=lambda it: it[:2])[:MOST]
    return Group(f"Values of {written}", tuple(_value(asked, it[2], lead, text) for it in best))


def _value(asked: Asked, offer: Offer, key: str, text: str) -> Suggestion:
    """`key:value` for a word, the value alone where the key stands there already."""
    typed = asked.typed
    said = offer.value if offer.raw else str(Value((offer.value,)))
    last = typed.end >= len(asked.text) and not typed.listed
    insert = ("" if typed.key else f"{key}:") + said + (" " if last else "")
    _, at = _near(offer.value, text) or (0, 0)
    shift = said.startswith('"')
    fits = said[at + shift : at + shift + len(text)].lower() == text.lower()
    return Suggestion(
        typed.start, typed.end, insert, f"{key}:{typed.op}", said, offer.about,
        at + shift, len(text) if fits else 0,
    )  # fmt: skip


# --- nearness ---

_BORDER = re.compile(r"[\W_]")


def _near(name: str, text: str) -> tuple[int, int] | None:
    """Where a text is in a name, after its rank: 0 at the beginning, 1 at that of a word, 2 within.

    Both are made small first, which can make them longer: `where` is a place in the small name.
    """
    name, text = name.lower(), text.lower()
    first = at = name.find(text)
    while at > 0 and not _BORDER.match(name[at - 1]):
        at = name.find(text, at + 1)
    if first < 0:
        return None
    return (2, first) if at < 0 else (min(at, 1), at)
