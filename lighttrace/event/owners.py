"""Whose an event is, by rules: `path:src/checkout/* tags.plan:pro #billing mira@example.com`. Pure;
the language is in docs/owners.md.

The last rule that matches wins. Without any, a tag says it: `team:billing` is team billing's.
"""

import difflib
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lighttrace.event.patterns import ANY, Facts, Matcher, PatternError, all_match, matcher, words

MOST_RULES = 1000  # of one project, those for all projects included
MOST_HIGH_VALUE = 100  # of one project: each is asked of each event
MOST_WORDS = 20  # of one line
MOST_LINE = 1000  # characters
TEAM_TAG = "team"

_TEAM = re.compile(r"#[a-z0-9](?:[a-z0-9_-]{0,48}[a-z0-9])?")
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """`line`: where it stands in the file, None if that is not known. `owners`: of a high-value
    rule there are none.
    """

    matchers: tuple[Matcher, ...]
    owners: tuple[str, ...] = ()  # #team or an address, in lower case; the first that exists
    line: int | None = None

    @property
    def words(self) -> str:
        """The matchers as they are written: how an issue remembers the rule."""
        return " ".join(map(str, self.matchers))

    def matches(self, facts: Facts) -> bool:
        return all_match(self.matchers, facts)

    def __str__(self) -> str:
        return " ".join((self.words, *self.owners))


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with one line; `line` counts as `Rule.line` does."""

    line: int | None
    message: str


def owner_rule(text: str, line: int | None = None) -> Rule:
    """One line with its owners. Raises PatternError."""
    matchers: list[Matcher] = []
    owners: list[str] = []
    for word in _bounded(text):
        if _is_owner(word):
            owners.append(word.lower())
        elif word == "#":
            raise PatternError("a comment stands on a line of its own, since # begins a team.")
        elif word.startswith("#"):
            raise PatternError(
                f'"{word}" is no team: a team is # and small letters, digits, dashes.'
            )
        elif not _is_matcher(word):
            raise PatternError(_no_owner(word))
        elif owners:
            raise PatternError(f'"{word}" stands behind an owner: matchers come first.')
        else:
            matchers.append(matcher(word))
    if not matchers:
        raise PatternError('no matcher says when: "path:src/checkout/* #billing".')
    if not owners:
        raise PatternError("no owner is named: end the line with #team or name@example.com.")
    return Rule(tuple(matchers), tuple(dict.fromkeys(owners)), line)


def high_value_rule(text: str, line: int | None = None) -> Rule:
    """One line of matchers. A word that is none belongs to the value before it, so that
    `transaction:POST /api/pay*` needs no quotes. Raises PatternError.
    """
    joined: list[str] = []
    for word in _bounded(text):
        if joined and not _is_matcher(word):
            if _is_owner(word):
                raise PatternError(f'"{word}" is an owner; a high-value rule has none.')
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    if not joined:
        raise PatternError("the rule is empty.")
    return Rule(tuple(map(matcher, joined)), line=line)


def rules_of(
    lines: Iterable[tuple[str, int | None]], *, high_value: bool = False
) -> tuple[tuple[Rule, ...], tuple[Mistake, ...]]:
    """The rules of lines with their numbers, and what is wrong with the others. Empty lines and
    lines that begin with `#` or `;` are comments.
    """
    read = high_value_rule if high_value else owner_rule
    most = MOST_HIGH_VALUE if high_value else MOST_RULES
    rules: list[Rule] = []
    mistakes: list[Mistake] = []
    for text, number in lines:
        text = text.strip()
        if not text or text[0] in "#;":
            continue
        if len(rules) == most:
            mistakes.append(Mistake(number, f"{most} rules are as many as there may be."))
            break
        try:
            rules.append(read(text, number))
        except PatternError as error:
            mistakes.append(Mistake(number, str(error)))
    return tuple(rules), tuple(mistakes)


def _bounded(text: str) -> list[str]:
    if len(text) > MOST_LINE:
        raise PatternError(f"a rule is at most {MOST_LINE} characters long.")
    found = words(text)
    if len(found) > MOST_WORDS:
        raise PatternError(f"a rule is at most {MOST_WORDS} words long.")
    return found


def _is_owner(word: str) -> bool:
    return bool(_TEAM.fullmatch(word.lower()) or _ADDRESS.fullmatch(word))


def _is_matcher(word: str) -> bool:
    return ":" in word or word.lstrip("!") == ANY


def _no_owner(word: str) -> str:
    if _TEAM.fullmatch(f"#{word.lower()}"):
        return f'"{word}" is neither a matcher nor an owner. Did you mean "#{word.lower()}"?'
    return (
        f'"{word}" is neither a matcher nor an owner. If it belongs to the word before it, '
        "put quotes around both."
    )


# Judging


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that matched. `by_tag`: no rule but the tag, whose words are then `team:billing`."""

    words: str
    owners: tuple[str, ...]
    rule: Rule | None = None

    @property
    def by_tag(self) -> bool:
        return self.rule is None


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What the file says for one project. `mark` is equal for equal rules, whatever their lines."""

    rules: tuple[Rule, ...] = ()  # in the order of the file, those for all projects first
    high_value: tuple[Rule, ...] = ()
    auto_assign: bool = False
    mark: int = field(init=False, default=0, repr=False)
    # key → (literal, place) of the rules that can match only where that literal is
    _index: dict[str, list[tuple[str, int]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        said = "\n".join((*map(str, self.rules), "", *map(str, self.high_value)))
        digest = hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=6).digest()
        object.__setattr__(self, "mark", int.from_bytes(digest, "big") * 2 + self.auto_assign)
        index: dict[str, list[tuple[str, int]]] = {}
        for place, rule in enumerate(self.rules):
            gate = next((it for it in rule.matchers if not it.negated), None)
            key, literal = (gate.key, gate.literal) if gate else (ANY, "")
            index.setdefault(key, []).append((literal, place))
        object.__setattr__(self, "_index", index)

    def matches(self, facts: Facts) -> Iterator[Match]:
        """What matches, the one that wins first; the tag last."""
        # 500 rules: 30 µs where none matches; asking each of them took 250 (docs/performance.md).
        places: list[int] = []
        for key, gates in self._index.items():
            text = facts.texts(key)[1]
            places += [place for literal, place in gates if literal in text]
        for place in sorted(places, reverse=True):
            rule = self.rules[place]
            if rule.matches(facts):
                yield Match(rule.words, rule.owners, rule)
        team = facts.tags.get(TEAM_TAG, "")
        owner = f"#{team.lower()}"
        if _TEAM.fullmatch(owner):
            yield Match(f"{TEAM_TAG}:{team}", (owner,))

    def line_of(self, words: str) -> int | None:
        """Where the rule of these words stands in the file; None if it is not there any more."""
        return next((it.line for it in reversed(self.rules) if it.words == words), None)

    def value_of(self, facts: Facts) -> str | None:
        """The words of the first high-value rule that matches."""
        return next((rule.words for rule in self.high_value if rule.matches(facts)), None)


NO_RULES = Rulebook()


def nearest(owner: str, known: Sequence[str]) -> str:
    """` Did you mean "#billing"?`, or nothing."""
    near = difflib.get_close_matches(owner, known, n=1, cutoff=0.6)
    return f' Did you mean "{near[0]}"?' if near else ""
