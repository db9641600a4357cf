"""Which issues a text means: words in title, message, stack or tags, and `key:value` for a tag.

Words are looked up once per hash in `group_fts` (the last one as a beginning, so that it finds
while it is typed) and in the newest events that hold all of them; tags in the newest events that
carry them. A short id or the id of an event means its issue.
"""

import json
import re
from dataclasses import dataclass

from lighttrace.store import events, issues, text_index
from lighttrace.store.database import Reader

MOST_TEXT = 400  # characters that are read
MOST_TERMS = 12
# How many of the newest events a search by tags, or by words, looks at: more would be read from
# all over the disk (12 µs each when warm), and what is older is rarely what is looked for.
MOST_TAGGED = 10_000
MOST_WORDED = 2_000
FIELDS = frozenset({"environment", "level", "release"})  # tokens of every event besides its tags

_TERM = re.compile(r'([A-Za-z0-9_.\-]{1,200}):(?:"([^"]+)"|([^\s"]+))|"([^"]*)"?|([^\s"]+)')
_WORD = re.compile(r"\w+")  # as the tokenizer of the indexes cuts; both take `_` for a letter
_EVENT_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a text asks for. `phrases` are words that stand together; `quoted`: somebody insists."""

    phrases: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]
    open_end: bool  # the last phrase may be the beginning of a longer word
    quoted: bool

    def __bool__(self) -> bool:
        return bool(self.phrases or self.tags)


KEY_EXISTS = "select 1 from tag_key where name = ?"


def read(db: Reader, text: str) -> Terms:
    """Cut a text into terms. `key:value` is a tag only if there is such a key, else words."""
    text = text[:MOST_TEXT].replace("\0", " ").encode("utf-8", "replace").decode()
    phrases: list[str] = []
    tags: list[tuple[str, str]] = []
    matches = list(_TERM.finditer(text))[:MOST_TERMS]
    for match in matches:
        key, quoted_value, value, quoted, word = match.groups()
        if key and (key in FIELDS or db.execute(KEY_EXISTS, (key,)).fetchone()):
            tags.append((key, quoted_value or value))
        else:
            phrases.append(" ".join(_WORD.findall(quoted or word or match.group())))
    last_is_typed = bool(matches and matches[-1].group(5)) and not text[-1:].isspace()
    open_end = last_is_typed and bool(phrases and phrases[-1])
    kept = tuple(phrase for phrase in phrases if phrase)
    return Terms(kept, tuple(tags), open_end, any(match.group(4) for match in matches))


ISSUES_OF_HASHES = """
select distinct g.issue_id from json_each(?) w cross join grouphash g on g.id = w.value
 where g.issue_id is not null
"""


def matching(db: Reader, text: str, env: str | None, since_ms: int) -> set[int] | None:
    """The issues a text means; None if it asks for nothing. `env` and `since_ms` limit which events
    are looked at.
    """
    plain = text.strip()
    if _EVENT_ID.fullmatch(plain.lower()):
        found = events.by_event_id(db, plain.lower(), None)
        return {found.issue_id} if found and found.issue_id is not None else set()
    terms = read(db, text)
    if not terms:
        return None
    first_row = events.first_row_since(db, since_ms)
    hashes: set[int] | None = None
    if terms.phrases:
        hashes = _hashes_saying(db, terms)
        if not terms.quoted:
            hashes |= _hashes_of_events(db, _word_query(terms, env), first_row, MOST_WORDED)
    if terms.tags:
        tagged = _hashes_of_events(db, _tag_query(terms, env), first_row, MOST_TAGGED)
        hashes = tagged if hashes is None else hashes & tagged
    ids = {row[0] for row in db.execute(ISSUES_OF_HASHES, (json.dumps(list(hashes or ())),))}
    named = issues.id_of_short(db, plain)
    return ids | {named} if named is not None else ids


SAYING = "select rowid from group_fts where group_fts match ?"


def _hashes_saying(db: Reader, terms: Terms) -> set[int]:
    # Only word characters are inside the quotes, so nothing of the query language is left in them.
    phrases = [f'"{phrase}"' for phrase in terms.phrases]
    if terms.open_end:
        phrases[-1] += "*"
    return {row[0] for row in db.execute(SAYING, (" ".join(phrases),))}


def _word_query(terms: Terms, env: str | None) -> str:
    """Events hold words without their places: phrases fall apart, and beginnings are words."""
    words = [word for phrase in terms.phrases for word in phrase.split()]
    return _tokens(words, env)


def _tag_query(terms: Terms, env: str | None) -> str:
    return _tokens([text_index.token(key, value) for key, value in terms.tags], env)


def _tokens(tokens: list[str], env: str | None) -> str:
    if env is not None:
        tokens = [*tokens, text_index.token("environment", env)]
    return " ".join(f'"{token}"' for token in tokens)


HOLDING = """
select e.hash_id, count(*) from (
    select rowid from {table} where {table} match ? and rowid >= ? order by rowid desc limit ?) f
 cross join event e on e.id = f.rowid group by e.hash_id
"""


def _hashes_of_events(db: Reader, query: str, first_row: int, most: int) -> set[int]:
    """The hashes of the newest events whose text answers `query`, at most `most` events."""
    hashes: set[int] = set()
    for number, table in text_index.tables(db):  # the newest first
        if most <= 0 or (number + 1) << text_index.ROWS_SHIFT <= first_row:
            break
        for hash_id, n in db.execute(HOLDING.format(table=table), (query, first_row, most)):
            hashes.add(hash_id)
            most -= n
    return hashes
