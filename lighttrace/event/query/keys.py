"""The keys of the language: what each may be compared with, and a line that explains it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """The shape of a key's values."""

    STATE = auto()  # one of STATES
    LEVEL = auto()  # one of LEVELS, in their order
    WHO = auto()  # an e-mail, me, #team, none
    NUMBER = auto()
    TIME = auto()  # -24h: younger than a day; +7d: older than a week; a date
    RELEASE = auto()  # a version, latest, ~1.2, compared in the order of versions
    TEXT = auto()  # words of a text, or a pattern
    NAME = auto()  # equal, or a pattern
    TAG = auto()  # as NAME; numbers in it can be compared


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    kind: Kind
    about: str  # half a sentence, for suggestions
    example: str


STATES = {
    "unresolved": "open, whether acknowledged or not",
    "acknowledged": "open, and somebody is at it",
    "resolved": "resolved",
    "archived": "put away",
    "new": "open, and never seen before it came",
    "ongoing": "open, and neither new nor back",
    "regressed": "open again after it was resolved",
    "escalating": "open, and louder than foreseen",
    "spiking": "far louder than usual right now",
    "unhandled": "it took the program down",
    "assigned": "somebody's",
    "unassigned": "nobody's",
    "mine": "assigned to you or one of your teams",
    "seen": "you have opened it",
    "unseen": "you have not opened it yet",
}
# what other programs call levels
LEVELS_ELSEWHERE = {
    **dict.fromkeys(("critical", "panic", "emergency", "alert", "severe"), "fatal"),
    **dict.fromkeys(("trace", "verbose"), "debug"),
    "notice": "info",
}
STATE_ALIASES = {"ignored": "archived", "muted": "archived", "open": "unresolved"}

KEYS = {
    key.name: key
    for key in (
        Key("is", Kind.STATE, "the state of an issue", "unresolved"),
        Key("level", Kind.LEVEL, "how bad an event is, level:>=error", "error"),
        Key("assigned", Kind.WHO, "whose it is: an e-mail, me, #team or none", "me"),
        Key("owner", Kind.WHO, "whom the ownership rules name", "#billing"),
        Key("team", Kind.NAME, "assigned to or owned by a team, or tagged with it", "billing"),
        Key("project", Kind.NAME, "the slug of a project", "shop-web"),
        Key("release", Kind.RELEASE, "the release of an event: a version, latest, ~1.2", "latest"),
        Key("firstRelease", Kind.RELEASE, "the release that introduced it", "latest"),
        Key("lastRelease", Kind.RELEASE, "the newest release it was seen in", "latest"),
        Key("environment", Kind.NAME, "where an event happened", "production"),
        Key("firstSeen", Kind.TIME, "when the first event came, -24h or a date", "-24h"),
        Key("lastSeen", Kind.TIME, "when the last event came, -1h or a date", "-1h"),
        Key("age", Kind.TIME, "how old it is: -24h is younger, +7d is older", "-24h"),
        Key("events", Kind.NUMBER, "how many events there ever were", ">100"),
        Key("users", Kind.NUMBER, "how many people ever met it", ">10"),
        Key("user", Kind.NAME, "who met it: id, e-mail, name or address", "mira@shop.example"),
        Key("user.id", Kind.NAME, "the id of who met it", "17"),
        Key("user.email", Kind.NAME, "the e-mail of who met it", "mira@shop.example"),
        Key("user.username", Kind.NAME, "the user name of who met it", "mira"),
        Key("user.ip", Kind.NAME, "the address of who met it", "203.0.113.9"),
        Key("url", Kind.TAG, "the address that was asked for", "*/checkout"),
        Key("transaction", Kind.TAG, "what the program was doing", "/checkout"),
        Key("file", Kind.TEXT, "a file of the stack", "billing/gateway.ts"),
        Key("function", Kind.TEXT, "a function of the stack", "charge_card"),
        Key("module", Kind.TEXT, "a module of the stack", "billing.gateway"),
        Key("message", Kind.TEXT, "words of the message", '"timed out"'),
        Key("title", Kind.TEXT, "words of type or message", "TypeError"),
        Key("type", Kind.NAME, "the type of the error", "TypeError"),
        Key("culprit", Kind.TEXT, "where it broke", "checkout"),
        Key("platform", Kind.NAME, "the language of the program", "python"),
        Key("logger", Kind.TAG, "the logger that said it", "root"),
        Key("sdk", Kind.NAME, "the SDK that sent it", "sentry.python"),
        Key("trace", Kind.NAME, "the 32 hex of a trace", "4c79f60c11214eb38604f4ae0781bfb2"),
        Key("id", Kind.NAME, "the 32 hex of an event", "fc6d8c0c43fc4630ad850ee518f1b9d0"),
        Key("issue", Kind.NAME, "the short id of an issue", "SHOP-WEB-4F"),
        Key("category", Kind.NAME, "error or csp", "csp"),
    )
}

# Sentry's spellings, and those that are near at hand.
ALIASES = {
    "status": "is",
    "timesseen": "events",
    "times_seen": "events",
    "users_seen": "users",
    "usercount": "users",
    "first_release": "firstRelease",
    "first-release": "firstRelease",
    "last_release": "lastRelease",
    "first_seen": "firstSeen",
    "last_seen": "lastSeen",
    "release.version": "release",
    "env": "environment",
    "assigned_to": "assigned",
    "assignee": "assigned",
    "owned_by": "owner",
    "user.ip_address": "user.ip",
    "user.name": "user.username",
    "http.url": "url",
    "error.type": "type",
    "error.value": "message",
    "error.mechanism": "mechanism",
    "stack.function": "function",
    "stack.filename": "file",
    "stack.abs_path": "file",
    "stack.module": "module",
    "filename": "file",
    "platform.name": "platform",
    "sdk.name": "sdk",
    "issue.category": "category",
    "short_id": "issue",
    "event.id": "id",
}
_BY_LOWER = {name.lower(): name for name in KEYS} | ALIASES


def canonical(name: str) -> str | None:
    """The key of the language that a name means, in whatever case; None if there is none."""
    found = _BY_LOWER.get(name.lower())
    return found if found in KEYS else None


def is_taken(name: str) -> bool:
    """Whether a tag of this name can only be meant by `tags[name]`."""
    return name.lower() in _BY_LOWER or name.lower() in ("has", "tags")


def tag_of(name: str) -> str:
    """The tag that a name of Sentry's means."""
    return ALIASES.get(name.lower(), name)


def nearest(name: str, tags: Iterable[str]) -> str | None:
    """The key or tag that is spelt most like a name."""
    plain = name.lower()
    ranked = [
        (_distance(plain, known.lower()), not known.lower().startswith(plain[:2]), index, known)
        for index, known in enumerate((*KEYS, *tags))
    ]
    distance, _, _, found = min(ranked)
    return found if distance <= max(2, len(plain) // 2) else None


def misspelt(name: str) -> str | None:
    """The key that a name is but a letter away from, or two of a long one; None if it is a key."""
    most = 1 if len(name) < 8 else 2
    if len(name) < 5 or canonical(name) is not None:
        return None
    return next(
        (it for it in KEYS if len(it) > 4 and _distance(name.lower(), it.lower()) <= most), None
    )


def nearest_of(text: str, words: Iterable[str]) -> str | None:
    """The word that is spelt most like a text, if any is like it."""
    ranked = [(_distance(text.lower(), word.lower()), word) for word in words]
    distance, found = min(ranked, default=(99, ""))
    return found if distance <= max(2, len(text) // 2) else None


def _distance(one: str, other: str) -> int:
    """Levenshtein's, of texts that a person might have typed."""
    one, other = one[:40], other[:40]
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]
