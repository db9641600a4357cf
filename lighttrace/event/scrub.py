"""Secrets out, before grouping, before storing, before any mail. Pure over the decoded payload,
which it may change.

Two questions: does a *key* name a secret, and does a *value* look like one. Keys are split on case
and punctuation, matched as whole words, and the verdict is remembered: `monkey` stays,
`userPassword` goes. Values are asked nothing unless the bytes of the whole event hold something
suspicious (one `translate` and a few `in`), so an ordinary string meets no regular expression.
Numbers and booleans stay. Source code is left alone. The lists belong to the grouping version.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from lighttrace.errors import EventError
from lighttrace.event.model import Json, Raw

FILTERED = "[Filtered]"
DEPTH = 120
REMARKS = 100  # places named in `_meta`; more would only make the body grow
VERDICTS = 20_000  # keys remembered; they come from outside, so there is a bound
STRING = 16_384  # of a longer string only this much is searched for `password=…`

# one of these words anywhere in a key
WORDS = frozenset(
    [
        "password",
        "passwords",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "secrets",
        "token",
        "credential",
        "credentials",
        "csrf",
        "xsrf",
        "jwt",
        "apikey",
        "apisecret",
        "csrftoken",
        "xsrftoken",
        "csrfmiddlewaretoken",
        "stripetoken",
        "accesstoken",
        "refreshtoken",
        "idtoken",
        "authtoken",
        "privatekey",
        "secretkey",
        "authorization",
        "phpsessid",
        "jsessionid",
        "sessionid",
        "cardnumber",
        "creditcard",
        "cvv",
        "cvc",
        "iban",
    ]
)
# these only as the complete key
WHOLE = frozenset(["key", "session", "auth", "card", "sid", "pin", "bearer"])
# these next to each other
PAIRS = frozenset(
    tuple(pair.split())
    for pair in [
        "api key",
        "private key",
        "secret key",
        "access key",
        "signing key",
        "encryption key",
        "session id",
        "session key",
        "session cookie",
        "auth key",
        "auth code",
        "auth header",
        "x auth",
        "proxy auth",
        "card number",
        "credit card",
        "debit card",
        "security code",
        "set cookie",
        "mysql pwd",
        "php sessid",
    ]
)
# code and ids: a pattern in here is the program, not its data
LEFT_ALONE = frozenset(
    [
        "context_line",
        "pre_context",
        "post_context",
        "function",
        "raw_function",
        "module",
        "filename",
        "event_id",
        "trace_id",
        "span_id",
        "parent_span_id",
        "debug_id",
        "timestamp",
        "modules",
        "debug_meta",
        "_meta",
    ]
)
ADDRESS_KEYS = frozenset(
    [
        "ip_address",
        "remote_addr",
        "x-forwarded-for",
        "x-real-ip",
        "forwarded",
        "true-client-ip",
        "cf-connecting-ip",
        "x-client-ip",
    ]
)

ORDINARY, SECRET, LEAVE, ADDRESS = range(4)
_SEGMENTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_STEMS = tuple(
    [
        "pass",
        "pwd",
        "secret",
        "token",
        "key",
        "auth",
        "cred",
        "csrf",
        "xsrf",
        "jwt",
        "sess",
        "sid",
        "card",
        "cv",
        "iban",
        "bearer",
        "pin",
    ]
)
_QUOTED = re.compile(
    r"""(["'])([\w.\- ]{1,64})\1\s*:\s*"""
    r"""("(?:[^"\\]|\\.){0,4096}"|'(?:[^'\\]|\\.){0,4096}'|b'[^']{0,4096}')"""
)
_ASSIGNED = re.compile(
    r"""(?<![\w.\-])([\w.\-]{1,64})=("[^"]{0,4096}"|'[^']{0,4096}'|[^\s&;,"'<>)\]}]{1,4096})"""
)
_CARD = re.compile(r"(?<![\w.\-])\d(?:[ -]?\d){12,18}(?![\w\-])")
_PEM = re.compile(r"-----BEGIN [A-Z ]{1,40}-----.*?(?:-----END [A-Z ]{1,40}-----|\Z)", re.DOTALL)
_JWT = re.compile(r"\beyJ[\w\-]{8,}\.[\w\-]{8,}\.?[\w\-]*")
_SCHEME = re.compile(r"\b(Bearer|Basic|Token)\s+[\w\-.~+/=]{6,}", re.IGNORECASE)
_USERINFO = re.compile(
    r"(\b[a-z][a-z0-9+.\-]{1,20}://[^\s/:@]{0,128}):[^\s/@]{1,256}@", re.IGNORECASE
)
_DIGITS = bytes(0x30 if 0x30 <= code <= 0x39 else code for code in range(256))
_CARD_DIGITS = b"0" * 13

Path = tuple["Path", str | int] | None


@dataclass(frozen=True, slots=True)
class ScrubRules:
    """`extra_keys` are secret too, as words or complete names; `safe_keys` never are, as complete
    names.
    """

    enabled: bool = True
    extra_keys: tuple[str, ...] = ()
    safe_keys: tuple[str, ...] = ()
    keep_addresses: bool = True


@dataclass(frozen=True, slots=True)
class Scrubbed:
    raw: Raw
    changed: bool


def scrub(raw: Raw, rules: ScrubRules, payload: bytes) -> Scrubbed:
    """Replace what is secret by `[Filtered]`. `payload`: the bytes `raw` was decoded from, for the
    gates.

    Raises EventError if the event nests deeper than any SDK does.
    """
    if not rules.enabled and rules.keep_addresses:
        return Scrubbed(raw, False)
    walk = _Walk(_verdicts_under(rules), _open_gates(payload) if rules.enabled else ())
    try:
        walk.mapping(raw, None, 0)
    except RecursionError as error:
        raise EventError(f"The event nests deeper than {DEPTH} levels.") from error
    if walk.hits:
        _remark(raw, walk.hits)
    return Scrubbed(raw, bool(walk.hits))


class _Verdicts(dict[str, int]):
    """Verdicts on keys under one set of rules; a new key is judged when it is looked up."""

    def __init__(self, rules: ScrubRules) -> None:
        self._rules = rules
        self._extra = frozenset(key.lower() for key in rules.extra_keys)
        self._safe = frozenset(key.lower() for key in rules.safe_keys)

    def __missing__(self, key: str) -> int:
        verdict = _judge(key, self._rules, self._extra, self._safe)
        if len(self) < VERDICTS:
            self[key] = verdict
        return verdict


@lru_cache(maxsize=64)
def _verdicts_under(rules: ScrubRules) -> _Verdicts:
    return _Verdicts(rules)


@dataclass(slots=True)
class _Walk:
    verdicts: _Verdicts
    gates: tuple[tuple[str, Callable[[str], str]], ...]
    hits: list[Path] = field(default_factory=list)

    def mapping(self, value: dict[str, Json], path: Path, depth: int) -> None:
        if depth > DEPTH:
            raise EventError(f"The event nests deeper than {DEPTH} levels.")
        verdicts = self.verdicts
        gates = self.gates
        is_pair = len(value) == 2 and "key" in value and "value" in value
        if is_pair and type(value["key"]) is str and verdicts[value["key"]] == SECRET:
            self._replace(value, "value", (path, "value"))
        for key, item in value.items():
            kind = type(item)
            if kind is not str and kind is not dict and kind is not list:
                continue
            judged = verdicts[key]
            if judged:
                if judged != LEAVE and not (is_pair and key == "key"):
                    self._replace(value, key, (path, key))
            elif kind is str:
                if len(item) > 7 and (gates or "=" in item or ":" in item):
                    self._text(value, key, item, path)
            elif kind is dict:
                self.mapping(item, (path, key), depth + 1)
            else:
                self.sequence(item, (path, key), depth + 1)

    def sequence(self, value: list[Json], path: Path, depth: int) -> None:
        if depth > DEPTH:
            raise EventError(f"The event nests deeper than {DEPTH} levels.")
        if len(value) == 2 and type(value[0]) is str:
            judged = self.verdicts[value[0]]
            if judged in (SECRET, ADDRESS):
                self._replace(value, 1, (path, 1))
                return
        for index, item in enumerate(value):
            kind = type(item)
            if kind is str:
                if len(item) > 7 and (self.gates or "=" in item or ":" in item):
                    self._text(value, index, item, path)
            elif kind is dict:
                self.mapping(item, (path, index), depth + 1)
            elif kind is list:
                self.sequence(item, (path, index), depth + 1)

    def _replace(self, owner: Json, key: str | int, path: Path) -> None:
        item = owner[key]
        if item and type(item) in (str, dict, list) and item != FILTERED and item != "{{auto}}":
            owner[key] = FILTERED
            self.hits.append(path)

    def _text(self, owner: Json, key: str | int, item: str, path: Path) -> None:
        clean = item
        for needle, check in self.gates:
            if needle in clean:
                clean = check(clean)
        if "://" in clean and "@" in clean:
            clean = _USERINFO.sub(rf"\1:{FILTERED}@", clean)
        if _mentions_secret(clean):
            clean = _quoted(_assigned(clean))
        if clean != item:
            owner[key] = clean
            self.hits.append((path, key))


def _judge(key: str, rules: ScrubRules, extra: frozenset[str], safe: frozenset[str]) -> int:
    lower = key[:200].lower()
    if lower in LEFT_ALONE or lower in safe:
        return LEAVE if lower in LEFT_ALONE else ORDINARY
    if not rules.keep_addresses and lower.replace("http_", "").replace("_", "-") in _DASHED:
        return ADDRESS
    if not rules.enabled:
        return ORDINARY
    words = [word.lower() for word in _SEGMENTS.findall(key[:200])]
    is_secret = (
        lower in WHOLE
        or lower in extra
        or not WORDS.isdisjoint(words)
        or not extra.isdisjoint(words)
        or any(pair in PAIRS for pair in pairwise(words))
    )
    return SECRET if is_secret else ORDINARY


_DASHED = frozenset(key.replace("_", "-") for key in ADDRESS_KEYS)


def _open_gates(payload: bytes) -> tuple[tuple[str, Callable[[str], str]], ...]:
    """The checks that can find anything in this event, each with what a string must hold to be
    asked.
    """
    gates: list[tuple[str, Callable[[str], str]]] = []
    if b"-----BEGIN " in payload:
        gates.append(("-----BEGIN ", lambda text: _PEM.sub(FILTERED, text)))
    if b"eyJ" in payload:
        gates.append(("eyJ", lambda text: _JWT.sub(FILTERED, text)))
    if b"earer " in payload or b"asic " in payload:
        gates.append((" ", lambda text: _SCHEME.sub(rf"\1 {FILTERED}", text)))
    if _may_hold_card(payload):
        gates.append(("", lambda text: _CARD.sub(_card, text) if len(text) > 12 else text))
    return tuple(gates)


def _may_hold_card(payload: bytes) -> bool:
    """Whether any run of digits in the event, blanks and dashes aside, is a card number by its
    check digit.
    """
    shape = payload.translate(_DIGITS, b" -")
    start = shape.find(_CARD_DIGITS)
    if start < 0:
        return False
    digits = payload.translate(None, b" -")
    while start >= 0:
        end = start + 13
        while shape[end : end + 1] == b"0":
            end += 1
        if end - start <= 19 and _is_card(digits[start:end].decode()):
            return True
        start = shape.find(_CARD_DIGITS, end)
    return False


def _card(match: re.Match[str]) -> str:
    return FILTERED if _is_card("".join(filter(str.isdigit, match[0]))) else match[0]


def _is_card(number: str) -> bool:
    """The Luhn check of card numbers, whose first digit is 2 to 6: other long numbers are ids and
    times.
    """
    digits = [int(char) for char in number]
    doubled = (digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2])
    return 2 <= digits[0] <= 6 and (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def _mentions_secret(text: str) -> bool:
    lower = text[:STRING].lower()
    for stem in _STEMS:  # noqa: SIM110  (any() with a generator costs three times as much)
        if stem in lower:
            return True
    return False


def _assigned(text: str) -> str:
    """`password=x` in query strings, cookies, form bodies, log lines."""
    head, rest = text[:STRING], text[STRING:]
    return _ASSIGNED.sub(_filter_assigned, head) + rest if "=" in head else text


def _filter_assigned(match: re.Match[str]) -> str:
    return f"{match[1]}={FILTERED}" if _names_secret(match[1]) else match[0]


def _quoted(text: str) -> str:
    """`{'password': 'x'}`: maps that reached us as text, as Python's local variables do."""
    head, rest = text[:STRING], text[STRING:]
    return _QUOTED.sub(_filter_quoted, head) + rest if ":" in head else text


def _filter_quoted(match: re.Match[str]) -> str:
    quote, key = match[1], match[2]
    return f"{quote}{key}{quote}: {quote}{FILTERED}{quote}" if _names_secret(key) else match[0]


@lru_cache(maxsize=4096)
def _names_secret(key: str) -> bool:
    return _judge(key, ScrubRules(), frozenset(), frozenset()) == SECRET


def _remark(raw: Raw, hits: list[Path]) -> None:
    """Say in `_meta` where something was, in the form SDKs use: `{"": {"rem": [[rule, "s"]]}}`."""
    meta = raw.get("_meta")
    root = meta if type(meta) is dict else {}
    for hit in hits[:REMARKS]:
        node = root
        for step in _steps(hit):
            inner = node.get(step)
            if type(inner) is not dict:
                inner = node[step] = {}
            node = inner
        node.setdefault("", {"rem": [["@lighttrace:secret", "s"]]})
    raw["_meta"] = root


def _steps(path: Path) -> list[str]:
    steps = []
    while path is not None:
        path, step = path
        steps.append(str(step))
    return steps[::-1]
