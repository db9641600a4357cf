"""A search asked of one event and its issue: what rules do with `where`. Pure.

Every key means what it means on the pages. What cannot be asked of an event that is yet to come is
refused when the search is compiled, with a QueryError. `count:` is another word for `events:`, and
`time:` is a part of the week (`week.py`); both are known to rules alone.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from lighttrace.errors import QueryError
from lighttrace.event.model import LEVELS
from lighttrace.event.query import keys, values, week
from lighttrace.event.query.match_text import (
    Phrase,
    frame_names,
    frame_pattern,
    says,
    user_values,
    word_matches,
)
from lighttrace.event.query.subject import Issue, Subject, Who, plain_short_id
from lighttrace.event.query.tree import And, Node, Not, Or, Term, Value, Word, conjuncts, terms
from lighttrace.event.version import number_of, package_of, sort_key

Test = Callable[[Subject], bool]

ABOUT_ISSUES = frozenset(
    ("is", "assigned", "owner", "team", "events", "users", "firstSeen", "lastSeen", "age",
     "firstRelease", "lastRelease", "issue")
)  # fmt: skip
OF_RULES = frozenset(("time", "count"))  # keys that only rules know
ALWAYS_THERE = frozenset(
    ("is", "project", "events", "users", "firstSeen", "lastSeen", "age", "category", "issue",
     "level", "type", "sdk")
)  # fmt: skip
PART_BYTES = 8  # of `sort_key`, for each number of a version


def matches(tree: Node, subject: Subject) -> bool:
    """Whether a search means this event. Raises QueryError as `compiled` does."""
    return compiled(tree)(subject)


@lru_cache(maxsize=500)
def compiled(tree: Node) -> Test:
    """The search as a function. Raises QueryError for what cannot be asked of one event."""
    match tree:
        case And(parts):
            return _all([compiled(part) for part in parts])
        case Or(parts):
            tests = [compiled(part) for part in parts]
            return lambda subject: any(test(subject) for test in tests)
        case Not(part):
            test = compiled(part)
            return lambda subject: not test(subject)
        case Word(text, exact):
            phrase = Phrase(text, may_begin=not exact)
            return lambda subject: word_matches(text, phrase, subject)
        case Term():
            return _term(tree)


def _all(tests: Sequence[Test]) -> Test:
    if not tests:
        return lambda subject: True
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda subject: first(subject) and second(subject)

    def holds(subject: Subject) -> bool:
        for test in tests:  # noqa: SIM110 - half the time of all(), and it is asked of every event
            if not test(subject):
                return False
        return True

    return holds


def divided(tree: Node) -> tuple[Node, Node]:
    """What is asked of the event, and what has to be asked of its issue as well."""
    own: list[Node] = []
    others: list[Node] = []
    for part in conjuncts(tree):
        (others if any(_is_about_issues(leaf) for leaf in terms(part)) else own).append(part)
    return And(tuple(own)), And(tuple(others))


def _is_about_issues(leaf: Word | Term) -> bool:
    if isinstance(leaf, Word):
        return False
    return leaf.key == "count" if leaf.is_tag else leaf.key in ABOUT_ISSUES


def _term(term: Term) -> Test:
    if term.is_tag and term.key == "time":
        return week.test(term)
    if term.is_tag and term.key == "count":
        if term.op == "has":
            return lambda subject: True
        return _number(Term("events", term.values, term.op))
    if term.is_tag:
        return _tag(term)
    if term.op == "has" and term.key in ALWAYS_THERE:
        return lambda subject: True
    return TERMS[term.key](term)


# --- of the event ---


def _tag(term: Term) -> Test:
    key, op = term.key, term.op
    if op == "has":
        return lambda subject: key in subject.tags
    if op:
        wanted = values.decimal(term.values[0].text)

        def compares(subject: Subject) -> bool:
            left = values.decimal(subject.tags.get(key, ""))
            if left is None or wanted is None:
                return False
            return values.holds(op, (left > wanted) - (left < wanted))

        return compares
    fits = _any_of(term.values)

    def equals(subject: Subject) -> bool:
        value = subject.tags.get(key)
        return value is not None and fits(value)

    return equals


def _any_of(several: Sequence[Value]) -> Callable[[str], bool]:
    """Whether a text is one of these, in whatever case."""
    if len(several) == 1:
        fullmatch = several[0].pattern().fullmatch
        return lambda text: fullmatch(text) is not None
    patterns = [value.pattern() for value in several]
    return lambda text: any(it.fullmatch(text) for it in patterns)


def _level(term: Term) -> Test:
    wanted = [LEVELS.index(value.text.lower()) for value in term.values]
    named = frozenset(
        level
        for index, level in enumerate(LEVELS)
        if any(values.holds(term.op, index - it) for it in wanted)
    )
    return lambda subject: subject.level in named


def _environment(term: Term) -> Test:
    if term.op == "has":
        return lambda subject: subject.environment != ""
    fits = _any_of(term.values)
    return lambda subject: fits(subject.environment)


def _user(term: Term) -> Test:
    key = term.key
    if term.op == "has":
        if key == "user":
            return lambda subject: "user" in subject.tags
        own = key.removeprefix("user.")
        return lambda subject: bool(user_values(subject.user, own))
    wanted = _whole(term)
    if key != "user":
        own = key.removeprefix("user.")
        return lambda subject: not wanted.isdisjoint(user_values(subject.user, own))
    tag = _tag(Term("user", term.values, is_tag=True))
    return lambda subject: not wanted.isdisjoint(user_values(subject.user)) or tag(subject)


def _sdk(term: Term) -> Test:
    wanted = _whole(term)
    return lambda subject: (subject.sdk or "").lower() in wanted


def _trace(term: Term) -> Test:
    if term.op == "has":
        return lambda subject: subject.trace is not None
    wanted = _whole(term)
    return lambda subject: subject.trace in wanted


def _whole(term: Term) -> frozenset[str]:
    if any(value.is_pattern for value in term.values):
        raise QueryError(f"{term.key}: is looked for as a whole; it takes no *.", 0, 0)
    return frozenset(value.text.lower() for value in term.values)


def _project(term: Term) -> Test:
    fits, texts = _any_of(term.values), {value.text for value in term.values}
    return lambda subject: fits(subject.project) or str(subject.project_id) in texts


def _like(term: Term) -> Test:
    """`platform:`, `category:`, `culprit:`: capitals of letters beyond ASCII make a difference."""
    key = term.key
    if term.op == "has":
        return lambda subject: bool(getattr(subject, key))
    around = ".*" if key == "culprit" else ""
    patterns = [
        re.compile(f"{around}{value.expression}{around}", re.I | re.A | re.DOTALL)
        for value in term.values
    ]

    def holds(subject: Subject) -> bool:
        text: str | None = getattr(subject, key)
        return text is not None and any(it.fullmatch(text) for it in patterns)

    return holds


# --- of its group ---


def _text(term: Term) -> Test:
    if term.op == "has":
        return lambda subject: subject.group.value != ""
    columns = ("value",) if term.key == "message" else ("title", "value")
    return lambda subject: says(term.values, subject, *columns)


def _type(term: Term) -> Test:
    fits = _any_of(term.values)
    return lambda subject: fits(subject.group.title)


def _frame(term: Term) -> Test:
    key = term.key
    if term.op == "has":
        return lambda subject: bool(frame_names(subject.group.frames, key))
    patterns = [frame_pattern(value) for value in term.values]
    return lambda subject: any(
        it.fullmatch(name) for it in patterns for name in frame_names(subject.group.frames, key)
    )


# --- releases ---


def _release(term: Term) -> Test:
    if term.op == "has":
        return lambda subject: "release" in subject.tags
    fits = _releases(term)
    return lambda subject: subject.release is not None and fits(subject.release, subject)


def _release_of_issue(term: Term) -> Test:
    name = "first_release" if term.key == "firstRelease" else "last_release"
    if term.op == "has":
        return lambda subject: getattr(subject.issue, name) is not None
    fits = _releases(term)

    def holds(subject: Subject) -> bool:
        version: str | None = getattr(subject.issue, name)
        return version is not None and fits(version, subject)

    return holds


def _releases(term: Term) -> Callable[[str, Subject], bool]:
    tests = [_version(term, value) for value in term.values]
    return lambda version, subject: any(test(version, subject) for test in tests)


def _version(term: Term, value: Value) -> Callable[[str, Subject], bool]:
    text = value.text
    if term.op:
        wanted, package, op = sort_key(text), package_of(text), term.op
        if wanted is None:
            raise QueryError(f"{text[:50]} is no version that could be compared with.", 0, 0)

        def compares(version: str, _: Subject) -> bool:
            key = sort_key(version)
            fits = key is not None and (not package or package_of(version) == package)
            return fits and values.holds(op, (key > wanted) - (key < wanted))  # type: ignore[operator]

        return compares
    if text == "latest":
        return lambda version, subject: version in subject.latest or version == text
    if value.is_pattern:
        pattern = value.pattern()
        return lambda version, _: pattern.fullmatch(version) is not None
    if text.startswith("~"):
        return _near(text[1:])
    bare = "@" not in text  # the number alone, of whatever package
    return lambda version, _: version == text or (bare and version.endswith(f"@{text}"))


def _near(text: str) -> Callable[[str, Subject], bool]:
    """`~1.2`: 1.2 itself, 1.2.0, 1.2.17, and what came before them (1.2.0-beta)."""
    wanted, package = sort_key(text), package_of(text)
    parts = number_of(text).removeprefix("v").split(".")
    if wanted is None or not all(part.isdigit() for part in parts) or len(parts) > 4:
        raise QueryError(f"~ stands before a version, such as release:~1.2; not {text[:50]}.", 0, 0)
    start = wanted[: PART_BYTES * len(parts)]

    def holds(version: str, _: Subject) -> bool:
        key = sort_key(version)
        return (
            key is not None
            and key.startswith(start)
            and (not package or package_of(version) == package)
        )

    return holds


# --- of its issue ---

STATES: dict[str, Callable[[Issue], bool]] = {
    "unresolved": lambda it: it.state == "unresolved",
    "acknowledged": lambda it: it.state == "unresolved" and it.acknowledged,
    "resolved": lambda it: it.state == "resolved",
    "archived": lambda it: it.state == "archived",
    "new": lambda it: it.state == "unresolved" and it.substate == "new",
    "ongoing": lambda it: it.state == "unresolved" and it.substate == "ongoing",
    "regressed": lambda it: it.state == "unresolved" and it.substate == "regressed",
    "escalating": lambda it: it.state == "unresolved" and it.substate == "escalating",
    "spiking": lambda it: it.state == "unresolved" and it.spiking,
    "unhandled": lambda it: it.unhandled,
    "assigned": lambda it: it.assignee is not None,
    "unassigned": lambda it: it.assignee is None,
}


def _state(term: Term) -> Test:
    names = [keys.STATE_ALIASES.get(it.text.lower(), it.text.lower()) for it in term.values]
    for name in names:
        if name not in STATES:
            raise QueryError(f"is:{name} is asked by a person, and a rule is nobody.", 0, 0)
    tests = [STATES[name] for name in names]
    return lambda subject: any(test(subject.issue) for test in tests)


def _who(term: Term) -> Test:
    """`assigned:` and `owner:`."""
    name = "assignee" if term.key == "assigned" else "owner"
    if term.op == "has":
        return lambda subject: getattr(subject.issue, name) is not None
    wanted = [value.text for value in term.values]
    if "me" in wanted:
        raise QueryError(f"{term.key}:me is asked by a person, and a rule is nobody.", 0, 0)
    return lambda subject: any(_is_meant(it, getattr(subject.issue, name)) for it in wanted)


def _is_meant(name: str, who: Who | None) -> bool:
    if name == "none" or who is None:
        return name == "none" and who is None
    if name.startswith("#"):
        return who.kind == "team" and who.name == name[1:].lower()
    return who.kind == "user" and name.lower() in (who.email.lower(), who.name.lower())


def _team(term: Term) -> Test:
    tag = _tag(Term("team", term.values, term.op, is_tag=True))
    fits = _any_of(term.values) if term.op != "has" else lambda slug: True

    def holds(subject: Subject) -> bool:
        several = (subject.issue.assignee, subject.issue.owner)
        return tag(subject) or any(it and it.kind == "team" and fits(it.name) for it in several)

    return holds


def _number(term: Term) -> Test:
    name, op = term.key, term.op
    try:
        numbers = [values.number(value.text) for value in term.values]
    except ValueError as error:
        raise QueryError(str(error), 0, 0) from error

    def holds(subject: Subject) -> bool:
        n: int = getattr(subject.issue, name)
        return any(values.holds(op, (n > it) - (n < it)) for it in numbers)

    return holds


TIMES = {"firstSeen": "first_at", "age": "first_at", "lastSeen": "last_at"}


def _time(term: Term) -> Test:
    name, op, texts = TIMES[term.key], term.op, [value.text for value in term.values]

    def holds(subject: Subject) -> bool:
        at: int = getattr(subject.issue, name)
        spans = (values.span(op, text, subject.at_ms) for text in texts)
        return any(
            (it.since is None or at >= it.since) and (it.until is None or at < it.until)
            for it in spans
        )

    return holds


def _issue(term: Term) -> Test:
    wanted = {plain_short_id(value.text) for value in term.values}
    return lambda subject: plain_short_id(subject.issue.short_id) in wanted


def _event(term: Term) -> Test:
    raise QueryError("id: names an event that has been; a rule is asked of those to come.", 0, 0)


TERMS: dict[str, Callable[[Term], Test]] = {
    "level": _level, "environment": _environment, "release": _release, "user": _user,
    "user.id": _user, "user.email": _user, "user.username": _user, "user.ip": _user,
    "sdk": _sdk, "trace": _trace, "team": _team, "message": _text, "title": _text,
    "type": _type, "function": _frame, "file": _frame, "module": _frame,
    "url": _tag, "transaction": _tag, "logger": _tag, "platform": _like, "category": _like,
    "culprit": _like, "is": _state, "assigned": _who, "owner": _who, "project": _project,
    "events": _number, "users": _number, "firstSeen": _time, "lastSeen": _time, "age": _time,
    "firstRelease": _release_of_issue, "lastRelease": _release_of_issue, "issue": _issue,
    "id": _event,
}  # fmt: skip
