"""Issues that may be the same thing as another, each with the reason in words.

Candidates share rare words of title, message, functions and files; whether they are alike is
decided by what grouped them, the type, the frames that count and the words of the message, which a
hash keeps as it was explained. A score says how much of it is the same.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lighttrace.store import issues
from lighttrace.store.database import Reader
from lighttrace.store.issues import Issue
from lighttrace.store.states import State

MOST_SHOWN = 3
LEAST = 0.3  # of 1; below it two have a type or a file in common, as half a program has
HASHES = 3  # of the issue, the newest
WORDS = 24  # that are looked up; each is a seek or two in the full-text index
COMMON = 200  # hashes with a word; what more have tells nothing apart
CANDIDATES = 24  # hashes whose explanation is read
_WORD = re.compile(r"\w+")  # as the tokenizer of the index cuts
_NAME = re.compile(r"[^\s()=;]+")  # of a function; a line of source has more


@dataclass(frozen=True, slots=True)
class Traits:
    """What grouped a hash. `frames` are those that count, the nearest to the error first."""

    types: tuple[str, ...]
    frames: tuple[str, ...]
    words: frozenset[str]

    @property
    def files(self) -> frozenset[str]:
        return frozenset(_file(it) for it in self.frames)


def _file(frame: str) -> str:
    """A frame is `file or module · function · line of source`, without what did not count."""
    return frame.partition(" · ")[0]


def _function(frame: str) -> str:
    """File and function of a frame; empty if it does not say its function."""
    parts = frame.split(" · ", 2)
    return " · ".join(parts[:2]) if len(parts) > 1 and _NAME.fullmatch(parts[1]) else ""


@dataclass(frozen=True, slots=True)
class Likeness:
    """`score` is above 0 and at most 1."""

    score: float
    reason: str


def likeness(a: Traits, b: Traits) -> Likeness | None:
    """How much two have in common, and what; None if that is not worth saying."""
    same_type = a.types == b.types
    words = _share(a.words, b.words)
    if not a.frames and not b.frames:
        said = "same words" if words == 1 else "much the same words"
        score = 0.8 * words + 0.2 * same_type
        said = said if same_type else f"{said}, other type"
        return Likeness(score, said) if words >= 0.5 else None
    if not a.frames or not b.frames:
        return None
    shared = sum((Counter(a.frames) & Counter(b.frames)).values())
    most = max(len(a.frames), len(b.frames))
    function = _function(a.frames[0])
    if a.frames[0] == b.frames[0] or (function and function == _function(b.frames[0])):
        near = 0.25
    else:
        near = 0.15 if _file(a.frames[0]) == _file(b.frames[0]) else 0
    files = _share(a.files, b.files)
    score = 0.45 * shared / most + near + 0.1 * files + 0.15 * same_type + 0.05 * words
    if score < LEAST:
        return None
    return Likeness(score, _reason(a, b, shared, most, same_type))


def _share(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a and b else 0.0


def _reason(a: Traits, b: Traits, shared: int, most: int, same_type: bool) -> str:
    top = 0
    while top < min(len(a.frames), len(b.frames)) and a.frames[top] == b.frames[top]:
        top += 1
    if shared == most:
        said = "same frames" if most > 1 else "same frame"
    elif shared and top == shared:
        said = f"same top {_frames(top)}, other caller"
    elif shared:
        caller = shared == 1 and a.frames[-1] == b.frames[-1]
        said = "same caller" if caller else f"same {shared} of {most} frames"
    elif function := _function(a.frames[0]):
        same_function = function == _function(b.frames[0])
        said = "same function, other line" if same_function else "same file"
    else:
        said = "same file, other line of source"
    return said if same_type else f"{said}, other type"


def _frames(n: int) -> str:
    return "frame" if n == 1 else f"{n} frames"


def traits(explain: str, title: str, value: str) -> Traits:
    """Of a hash: its encoded `grouping.Explanation`, title and value."""
    parts: list[dict[str, Any]] = json.loads(explain).get("parts", ()) if explain else []
    used = [it for it in parts if it.get("used")]
    types = tuple(it["value"] for it in used if it["name"] == "type")
    frames = tuple(it["value"] for it in used if it["name"] == "frame")
    words = _words(f"{title if not types else ''} {value}")
    return Traits(types, frames, frozenset(words))


def _words(text: str) -> list[str]:
    """Words that may tell something, each once: no numbers, nothing of one or two letters."""
    found = (it.lower() for it in _WORD.findall(text))
    return list(dict.fromkeys(it for it in found if len(it) > 2 and not it.isdigit()))


@dataclass(frozen=True, slots=True)
class Similar:
    """An issue that is like another; `percent` of what groups them is the same."""

    issue_id: int
    short_id: str
    title: str
    value: str
    culprit: str
    state: State
    reason: str
    percent: int


OWN = """
select coalesce(g.explain, ''), t.title, t.value, t.frames from grouphash g
 cross join group_text t on t.hash_id = g.id
 where g.issue_id = ? order by g.id desc limit ?
"""


def of_issue(db: Reader, issue: Issue) -> list[Similar]:
    """The MOST_SHOWN issues of the same project that are most like an issue, the nearest first."""
    own = db.execute(OWN, (issue.id, HASHES)).fetchall()
    wanted = [traits(explain, title, value) for explain, title, value, _ in own]
    found = _candidates(db, issue, _telling(own))
    prefix = issue.short_id.rpartition("-")[0]
    best: dict[int, Similar] = {}
    for issue_id, short, title, value, culprit, state, *text in found:
        theirs = traits(*text)
        likes = [it for mine in wanted if (it := likeness(mine, theirs))]
        if not likes:
            continue
        like = max(likes, key=lambda it: it.score)
        percent = min(99, round(like.score * 100))  # were it all, it would be one issue
        if issue_id in best and best[issue_id].percent >= percent:
            continue
        best[issue_id] = Similar(
            *(issue_id, issues.short_id(prefix, short), title, value or "", culprit or ""),
            *(State(state), like.reason, percent),
        )
    ranked = sorted(best.values(), key=lambda it: (-it.percent, -it.issue_id))
    return ranked[:MOST_SHOWN]


def _telling(own: Iterable[Sequence[str]]) -> list[str]:
    """The words to look others up by: of title and message some, the rest of the stack."""
    words: dict[str, None] = {}
    for _, title, value, frames in own:
        words |= dict.fromkeys(_words(f"{title} {value}")[: WORDS // 3])
        words |= dict.fromkeys(_words(frames)[: WORDS * 2 // 3])
    return list(words)[:WORDS]


# as many rows as tell a rare word from a common one, and no more
WITH_WORD = "select rowid from group_fts where group_fts match ? limit ?"
CANDIDATE = """
select i.id, i.short, i.title, i.value, i.culprit, i.state, coalesce(g.explain, ''), t.title,
  t.value
  from json_each(:hashes) w cross join grouphash g on g.id = w.value
 cross join issue i on i.id = g.issue_id cross join group_text t on t.hash_id = g.id
 where g.project_id = :project_id and i.id <> :issue_id limit :limit
"""


def _candidates(db: Reader, issue: Issue, words: Sequence[str]) -> list[Any]:
    weights: Counter[int] = Counter()
    for word in words:
        match = f'{{title value frames}} : "{word}"'
        rows = db.execute(WITH_WORD, (match, COMMON + 1)).fetchall()
        if len(rows) <= COMMON:
            for (hash_id,) in rows:
                weights[hash_id] += 1_000 // len(rows)  # whom few share it with, it tells more of
    # those of the issue itself and of other projects are among them
    nearest = [hash_id for hash_id, _ in weights.most_common(CANDIDATES * 4)]
    values = {
        "hashes": json.dumps(nearest),
        "project_id": issue.project_id,
        "issue_id": issue.id,
        "limit": CANDIDATES,
    }
    return db.execute(CANDIDATE, values).fetchall()
