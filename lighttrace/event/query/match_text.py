"""Words and phrases of a search, asked of one event as the text indexes of the store answer them.

The indexes know no capitals and no accents, phrases of a group by their order, and phrases of an
event by pairs of neighbours (docs/search.md). What is different there would be a rule that tells of
other events than its page lists.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from lighttrace.event.model import User
from lighttrace.event.query.subject import Group, Subject, plain_short_id
from lighttrace.event.query.tree import Value

MOST_TEXT = 1024  # characters of title and value that an event's own words are taken from
HEX_ID = re.compile(r"[0-9a-f]{32}")
SHORTEST_BEGINNING = 3  # letters; shorter words would be the beginning of nearly everything
_WORD = re.compile(r"\w+")

Tokens = tuple[str, ...]


@lru_cache(maxsize=4_096)
def tokens(text: str) -> Tokens:
    """The words of a text without capitals and accents, in its order."""
    return tuple(_folded(it) for it in _WORD.findall(text))


def _folded(word: str) -> str:
    lower = word.lower()
    if lower.isascii():
        return lower
    return "".join(
        it for it in unicodedata.normalize("NFD", lower) if not unicodedata.combining(it)
    )


def user_values(user: User | None, *keys: str) -> set[str]:
    """What is known of somebody under these keys, in lower case."""
    if user is None:
        return set()
    known = {
        "id": user.id,
        "email": user.email,
        "username": user.username,
        "ip": user.ip_address,
    }
    return {value.lower() for key in keys or tuple(known) if (value := known[key])}


class Phrase:
    """Words side by side. `beginning`: the last one may be the beginning of a longer word."""

    def __init__(self, text: str, *, may_begin: bool) -> None:
        self.words = tokens(text)
        last = self.words[-1] if self.words else ""
        self.beginning = may_begin and len(last) >= SHORTEST_BEGINNING and not last.isdigit()

    def in_group(self, group: Group, *columns: str) -> bool:
        """In one of the columns, or begun in the title and ended in the value."""
        if any(self._stands_in(tokens(getattr(group, it)), self.words) for it in columns):
            return True
        if "title" not in columns:
            return False
        title, value = tokens(group.title), tokens(group.value)
        return any(
            _is_within(title, self.words[:cut], beginning=False)
            and self._stands_in(value[: len(self.words) - cut], self.words[cut:])
            for cut in range(1, len(self.words))
        )

    def in_event(self, subject: Subject) -> bool:
        """In what the event says other than its group, and who met it."""
        said = _event_tokens(subject.own, subject.shown)
        if not said:
            return False
        whole = self.words[:-1] if self.beginning else self.words
        wanted = [f"{a}_{b}" for a, b in pairwise(whole)] if len(whole) > 1 else list(whole)
        if not all(it in said for it in wanted):
            return False
        return not self.beginning or any(it.startswith(self.words[-1]) for it in said)

    def in_tags(self, subject: Subject) -> bool:
        """All of the words in one value of a tag, in whatever order."""
        return any(self._all_in(tokens(value)) for _, value in subject.tag_pairs)

    def _all_in(self, there: Tokens) -> bool:
        whole = self.words[:-1] if self.beginning else self.words
        if not all(it in there for it in whole):
            return False
        return not self.beginning or any(it.startswith(self.words[-1]) for it in there)

    def _stands_in(self, there: Tokens, words: Tokens) -> bool:
        return _is_within(there, words, beginning=self.beginning)


def _is_within(there: Tokens, words: Tokens, *, beginning: bool) -> bool:
    first, length = words[0], len(words)
    if length == 1 and not beginning:
        return first in there
    for start in range(len(there) - length + 1):
        part = there[start : start + length]
        if part == words:
            return True
        if beginning and part[:-1] == words[:-1] and part[-1].startswith(words[-1]):
            return True
    return False


@lru_cache(maxsize=1_024)
def _event_tokens(own: tuple[str, str] | None, shown: str) -> frozenset[str]:
    said = tokens(f"{own[0]} {own[1]}"[:MOST_TEXT]) if own is not None else ()
    return frozenset((*said, *(f"{a}_{b}" for a, b in pairwise(said)), *tokens(shown)))


def word_matches(text: str, phrase: Phrase, subject: Subject) -> bool:
    """A word of a search: in the group, the event, its tags; or an id of it."""
    plain = text.lower()
    return (
        phrase.in_group(subject.group, "title", "value", "frames")
        or phrase.in_event(subject)
        or phrase.in_tags(subject)
        or plain in user_values(subject.user)
        or (HEX_ID.fullmatch(plain) is not None and plain in (subject.trace, subject.event_id))
        or ("-" in plain and plain_short_id(text) == plain_short_id(subject.issue.short_id))
    )


def says(values: Sequence[Value], subject: Subject, *columns: str) -> bool:
    """`message:` and `title:`: words of what the group or the event says. A value with `*` in it is
    a pattern of the whole text.
    """
    for value in values:
        if value.is_pattern:
            pattern, group = value.pattern(), subject.group
            texts = [getattr(group, it) for it in columns]
            if subject.own is not None:
                texts += [subject.own[0], subject.own[1]][2 - len(columns) :]
            if any(map(pattern.fullmatch, texts)):
                return True
        elif tokens(value.text):
            phrase = Phrase(value.text, may_begin=False)
            if phrase.in_group(subject.group, *columns) or phrase.in_event(subject):
                return True
    return False


FRAME_LINES = {"function": 0, "file": 1, "module": 2}


def frame_pattern(value: Value) -> re.Pattern[str]:
    """Whole words of a function, file or module; a pattern from the end back to a border."""
    inner = value.expression
    border = r"(?:^|.*[^\w])" if not value.is_pattern else r"(?:.*[/\\.])?"
    after = r"(?:$|[^\w].*)" if not value.is_pattern else ""
    return re.compile(f"{border}{inner}{after}", re.IGNORECASE)


def frame_names(frames: str, key: str) -> list[str]:
    """What was stored before there were kinds is of every kind."""
    kinds = frames.split("\n")
    if len(kinds) == 3:
        return [name for name in kinds[FRAME_LINES[key]].split("\t") if name]
    return frames.split()
