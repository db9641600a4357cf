"""Terms and words about single events: their tags, who met them, what they say."""

import re
from collections.abc import Callable
from itertools import pairwise

from lighttrace.errors import QueryError
from lighttrace.event.model import LEVELS
from lighttrace.event.query import values
from lighttrace.event.query.tree import Term, Value, Word
from lighttrace.store import environments, teams, text_index
from lighttrace.store.database import Reader
from lighttrace.store.event_text import USER_KEYS
from lighttrace.store.search import issue_terms, releases
from lighttrace.store.search.asker import Asker
from lighttrace.store.search.conditions import (
    Condition,
    Hashes,
    Says,
    any_of,
    negated,
    says,
)
from lighttrace.store.text_index import presence, token

MOST_VALUES = 3_000  # values of tags that one word or pattern may mean
HEX_ID = re.compile(r"[0-9a-f]{32}")
SHORTEST_BEGINNING = 3  # letters; shorter words would be the beginning of nearly everything


# --- tags ---

VALUES_OF = """
select v.value from tag_key k cross join tag_value v on v.key_id = k.id where k.name = ?
"""


def tag(db: Reader, term: Term, asker: Asker) -> Condition:
    """Events with a tag, of a value in whatever case."""
    if term.op == "has":
        return says([presence(term.key)])
    tokens: dict[str, None] = {}
    for value in term.values:
        if not term.op and not value.is_pattern:
            tokens[token(term.key, value.text)] = None
    many = False
    means = _meaning(term)
    for (stored,) in db.execute(VALUES_OF, (term.key,)):
        if stored.startswith("\0"):
            many = True
        elif means(stored):
            tokens[token(term.key, stored)] = None
    if many and (term.op or any(value.is_pattern for value in term.values)):
        asker.remark(
            f"{term.key} has more values than are kept apart: only the first 2,000 were compared."
        )
    if tokens and any(set(value.pieces) == {""} for value in term.values):
        return says([presence(term.key)])
    return says(list(tokens))


def _meaning(term: Term) -> Callable[[str], object]:
    """What says whether a value of the tag is meant."""
    if not term.op:
        several = "|".join(f"(?:{value.pattern().pattern})" for value in term.values)
        return re.compile(several, re.IGNORECASE | re.DOTALL).fullmatch
    wanted = [values.decimal(value.text) for value in term.values]

    def compares(stored: str) -> bool:
        left = values.decimal(stored)
        return left is not None and any(
            right is not None and values.holds(term.op, (left > right) - (left < right))
            for right in wanted
        )

    return compares


# --- keys ---


def _level(db: Reader, term: Term, asker: Asker) -> Condition:
    if term.op == "has":
        return True
    wanted = {LEVELS.index(value.text.lower()) for value in term.values}
    return says(
        [
            token("level", level)
            for index, level in enumerate(LEVELS)
            if any(values.holds(term.op, index - it) for it in wanted)
        ]
    )


def _environment(db: Reader, term: Term, asker: Asker) -> Condition:
    nowhere = says([token("environment", "")])
    if term.op == "has":
        return negated(nowhere)
    found = {value.text for value in term.values if not value.is_pattern}
    patterns = [value.pattern() for value in term.values if value.text]
    for _, name in environments.names(db):
        if any(it.fullmatch(name) for it in patterns):
            found.add(name)
    return says([token("environment", name) for name in sorted(found)])


def _release(db: Reader, term: Term, asker: Asker) -> Condition:
    if term.op == "has":
        return says([presence("release")])
    versions = set(releases.meant(db, term, asker.project_ids).values())
    versions |= {it.text for it in term.values if not term.op and not it.is_pattern}
    return says([token("release", version) for version in sorted(versions)])


def _user(db: Reader, term: Term, asker: Asker) -> Condition:
    """`user:` is any of what is known of somebody; `user.email:` and its like are one of it."""
    if term.op == "has":
        return says([presence(term.key)])
    names = [f"user.{it}" for it in USER_KEYS] if term.key == "user" else [term.key]
    if any(value.is_pattern for value in term.values):
        raise QueryError(f"{term.key}: is looked for as a whole; it takes no *.", 0, 0)
    return any_of(
        [
            says([token(name, value.text.lower()) for name in names for value in term.values]),
            tag(db, Term("user", term.values), asker) if term.key == "user" else False,
        ]
    )


def _token(db: Reader, term: Term, asker: Asker) -> Condition:
    if term.op == "has":
        return True if term.key == "sdk" else says([presence(term.key)])
    if any(value.is_pattern for value in term.values):
        raise QueryError(f"{term.key}: is looked for as a whole; it takes no *.", 0, 0)
    return says([token(term.key, value.text.lower()) for value in term.values])


def _team(db: Reader, term: Term, asker: Asker) -> Condition:
    parts: list[Condition] = [tag(db, term, asker)]
    if term.op == "has":
        parts.append(asker.about("i.assignee_team is not null or i.owner_team is not null"))
    for team in teams.every(db) if term.op != "has" else ():
        if any(value.pattern().fullmatch(team.slug) for value in term.values):
            piece = "i.assignee_team = {team} or i.owner_team = {team}"
            parts.append(asker.about(piece, team=team.id))
    return any_of(parts)


def _text(db: Reader, term: Term, asker: Asker) -> Condition:
    """`message:` and `title:`: words of what the group says, or of what the event itself does."""
    columns = "value" if term.key == "message" else "title value"
    if term.op == "has":
        return Hashes(frozenset(_groups(db, GROUPS_WITH_VALUE, ())))
    return any_of(
        [
            any_of([_group_says(db, columns, phrase, False), _event_says(phrase, False)])
            if (phrase := text_index.words(value.text))
            else False
            for value in term.values
        ]
    )


GROUPS_WITH_VALUE = "select hash_id from group_text where value <> ''"
TITLES = "select hash_id, title from group_text"
TITLES_AMONG = """
select t.hash_id, t.title from group_fts f cross join group_text t on t.hash_id = f.rowid
 where group_fts match ?
"""


def _type(db: Reader, term: Term, asker: Asker) -> Condition:
    if term.op == "has":
        return True
    ids: set[int] = set()
    for value in term.values:
        pattern = value.pattern()
        phrase = text_index.words(value.text)
        if value.is_pattern or not phrase:
            rows = db.execute(TITLES)
        else:
            rows = db.execute(TITLES_AMONG, (f'{{title}} : "{" ".join(phrase)}"',))
        ids |= {hash_id for hash_id, title in rows if pattern.fullmatch(title)}
    return Hashes(frozenset(ids))


FRAMES = "select hash_id, frames from group_text"
FRAMES_AMONG = """
select t.hash_id, t.frames from group_fts f cross join group_text t on t.hash_id = f.rowid
 where group_fts match ?
"""
FRAME_LINES = {"function": 0, "file": 1, "module": 2}


def _frame(db: Reader, term: Term, asker: Asker) -> Condition:
    """Whole words of a function, file or module; a pattern from the end back to a border."""
    line = FRAME_LINES[term.key]
    if term.op == "has":
        rows = db.execute(FRAMES)
        return Hashes(frozenset(it for it, frames in rows if _names(frames, line).strip("\t")))
    ids: set[int] = set()
    for value in term.values:
        before, after = r"(?<!\w)", r"(?!\w)"
        if value.is_pattern:
            before, after = r"(?:^|[\t/\\.])(?=[^\t])", r"(?:$|\t)"
        inner = r"[^\t]*".join(map(re.escape, value.pieces))
        pattern = re.compile(before + inner + after, re.IGNORECASE)
        phrases = [words for piece in value.pieces if (words := text_index.words(piece))]
        if value.is_pattern or not phrases:
            rows = db.execute(FRAMES)
        else:
            rows = db.execute(FRAMES_AMONG, (f'{{frames}} : "{" ".join(phrases[0])}"',))
        ids |= {it for it, frames in rows if pattern.search(_names(frames, line))}
    return Hashes(frozenset(ids))


def _names(frames: str, line: int) -> str:
    """The names of a kind, between tabs; what was stored before there were kinds is of each."""
    kinds = frames.split("\n")
    return kinds[line] if len(kinds) == 3 else "\t".join(frames.split())


# --- words ---


def word(db: Reader, it: Word, asker: Asker) -> Condition:
    """Words that the group says (type, message, frames) or the event (its message, its tags, who
    met it). One word finds longer ones that begin with it, unless it is quoted, short or a number.
    """
    found = text_index.words(it.text)
    if not found:
        return False
    beginning = not it.exact and _may_begin(found[-1])
    plain = it.text.lower()
    parts = [
        _group_says(db, "title value frames", found, beginning),
        _event_says(found, beginning),
        _tags_say(db, found, beginning, asker),
        says([token(f"user.{key}", plain) for key in USER_KEYS]),
    ]
    if HEX_ID.fullmatch(plain):
        parts.append(says([token("trace", plain)]))
        parts.append(issue_terms.condition(db, Term("id", (Value((plain,)),)), asker))
    if "-" in plain:
        parts.append(issue_terms.condition(db, Term("issue", (Value((it.text,)),)), asker))
    return any_of(parts)


def _may_begin(last: str) -> bool:
    return len(last) >= SHORTEST_BEGINNING and not last.isdigit()


SAYING = "select rowid from group_fts where group_fts match ?"


def _group_says(db: Reader, columns: str, phrase: list[str], beginning: bool) -> Condition:
    # only word characters are inside the quotes, so nothing of the query language is left in them
    last = "*" if beginning else ""
    fts = f'{{{columns}}} : "{" ".join(phrase)}"{last}'
    if "title" in columns:  # `TypeError: x is not` begins in one column and ends in the other
        for cut in range(1, len(phrase)):
            title, value = " ".join(phrase[:cut]), " ".join(phrase[cut:])
            fts += f' OR ({{title}} : "{title}" AND {{value}} : ^ "{value}"{last})'
    ids = _groups(db, SAYING, (fts,))
    return Hashes(frozenset(ids)) if ids else False


def _groups(db: Reader, sql: str, bound: tuple[str, ...]) -> list[int]:
    return [row[0] for row in db.execute(sql, bound)]


def _event_says(phrase: list[str], beginning: bool) -> Condition:
    """Words of an event are indexed one by one and in pairs; a beginning falls out of its pair."""
    whole = phrase[:-1] if beginning else phrase
    tokens = [f'"{it}"' for it in whole]
    if len(whole) > 1:
        tokens = [f'"{text_index.pair(a, b)}"' for a, b in pairwise(whole)]
    if beginning:
        tokens.append(f'"{phrase[-1]}"*')
    return Says(" AND ".join(tokens))


TAGS_SAYING = """
select k.name, v.value from tag_fts f cross join tag_value v on v.id = f.rowid
 cross join tag_key k on k.id = v.key_id where tag_fts match ? limit ?
"""
FULL_KEYS = """
select k.name from tag_key k where exists(
  select 1 from tag_value v where v.key_id = k.id and v.value >= char(0) and v.value < char(1))
"""


def _tags_say(db: Reader, phrase: list[str], beginning: bool, asker: Asker) -> Condition:
    fts = " ".join(f'"{it}"' for it in phrase) + ("*" if beginning else "")
    rows = db.execute(TAGS_SAYING, (fts, MOST_VALUES + 1)).fetchall()
    if len(rows) > MOST_VALUES:
        said = " ".join(phrase)
        asker.remark(f"“{said[:50]}” is in more than {MOST_VALUES:,} values of tags: add a key.")
    return says([token(key, value) for key, value in rows[:MOST_VALUES] if value[0] != "\0"])


TERMS: dict[str, Callable[[Reader, Term, Asker], Condition]] = {
    "level": _level, "environment": _environment, "release": _release, "user": _user,
    "user.id": _user, "user.email": _user, "user.username": _user, "user.ip": _user,
    "sdk": _token, "trace": _token, "team": _team, "message": _text, "title": _text,
    "type": _type, "function": _frame, "file": _frame, "module": _frame,
    "url": tag, "transaction": tag, "logger": tag,
}  # fmt: skip


def condition(db: Reader, term: Term, asker: Asker) -> Condition:
    return tag(db, term, asker) if term.is_tag else TERMS[term.key](db, term, asker)
