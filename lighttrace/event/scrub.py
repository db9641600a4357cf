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
KEY = 200  # characters of a key that are looked at; longer ones are not remembered
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
# parts of an event in which a key is a package or a place, not the name of a value
WHOLE_PARTS = frozenset(["modules", "debug_meta", "_meta"])
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
        *WHOLE_PARTS,
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
    r"""(?<![\w.\-])([\w.\-]{1,64})=(?!\[Filtered\])("[^"]{0,4096}"|'[^']{0,4096}'|[^\s&;,"'<>)\]}]{1,4096})"""
)
_CARD = re.compile(r"(?<![\w.\-])\d(?:[ -]?\d){12,40}(?![\w\-])")
_PEM = re.compile(r"-----BEGIN [A-Z ]{1,40}-----.*?(?:-----END [A-Z ]{1,40}-----|\Z)", re.DOTALL)
_JWT = re.compile(r"\beyJ[\w\-]{8,}\.[\w\-]{8,}\.?[\w\-]*")
# "basic" and "token" are words too: what follows must not look like one
_SCHEME = re.compile(
    r"\b((?i:Bearer)|(?i:Basic|Token)(?=\s+[\w\-.~+/=]{0,200}?(?:[0-9+/=]|[a-z][A-Z]|[A-Z]{2})))"
    r"\s+[\w\-.~+/=]{6,}"
)
_USERINFO = re.compile(
    r"(\b[a-z][a-z0-9+.\-]{1,20}://[^\s/:@]{0,128}):[^\s/@]{1,256}@", re.IGNORECASE
)
_DIGITS = bytes(0x30 if 0x30 <= code <= 0x39 else code for code in range(256))
_CARD_DIGITS = b"0" * 13
_ZEROS = re.compile(b"0*")
_CARD_TRIES = 200  # a payload full of digits is not searched for one that is no card
_GROUP = re.compile(r"\d+")
_VALUES = bytes(code - 0x30 if 0x30 <= code <= 0x39 else 0 for code in range(256))
_DOUBLED = bytes(2 * value - 9 * (value > 4) for value in _VALUES)

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
    walk = _Walk(
        _verdicts_under(rules), _open_gates(payload) if rules.enabled else (), rules.enabled
    )
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
        self.stems = (*_STEMS, *sorted(self._extra - {""}))

    def __missing__(self, key: str) -> int:
        verdict = _judge(key, self._rules, self._extra, self._safe)
        if len(self) < VERDICTS and len(key) <= KEY:
            self[key] = verdict
        return verdict


@lru_cache(maxsize=64)
def _verdicts_under(rules: ScrubRules) -> _Verdicts:
    return _Verdicts(rules)


@dataclass(slots=True)
class _Walk:
    verdicts: _Verdicts
    gates: tuple[tuple[str, Callable[[str], str]], ...]
    reads_text: bool
    hits: list[Path] = field(default_factory=list)

    def mapping(self, value: dict[str, Json], path: Path, depth: int) -> None:
        if depth > DEPTH:
            raise EventError(f"The event nests deeper than {DEPTH} levels.")
        verdicts = self.verdicts
        gates = self.gates
        reads_text = self.reads_text
        is_pair = len(value) == 2 and "key" in value and "value" in value
        if is_pair and type(value["key"]) is str and verdicts[value["key"]] == SECRET:
            self._replace(value, "value", (path, "value"))
        for key, item in value.items():
            kind = type(item)
            if kind is not str and kind is not dict and kind is not list:
                continue
            judged = verdicts[key]
            if judged == LEAVE:
                # code is text; something with keys of its own is data under the same name
                is_code = kind is str or (kind is list and item and type(item[0]) is str)
                if is_code or (path is None and key in WHOLE_PARTS):
                    continue
            elif judged:
                if not (is_pair and key == "key"):
                    self._replace(value, key, (path, key))
                continue
            if kind is str:
                if reads_text and len(item) > 7 and (gates or "=" in item or ":" in item):
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
                if self.reads_text and len(item) > 7 and (self.gates or "=" in item or ":" in item):
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
        if _mentions(clean, self.verdicts.stems):
            clean = _quoted(_assigned(clean, self.verdicts), self.verdicts)
        if clean != item:
            owner[key] = clean
            self.hits.append((path, key))


def _judge(key: str, rules: ScrubRules, extra: frozenset[str], safe: frozenset[str]) -> int:
    lower = key[:KEY].lower()
    if lower in LEFT_ALONE or lower in safe:
        return LEAVE if lower in LEFT_ALONE else ORDINARY
    if not rules.keep_addresses and lower.replace("http_", "").replace("_", "-") in _DASHED:
        return ADDRESS
    if not rules.enabled:
        return ORDINARY
    words = [word.lower() for word in _SEGMENTS.findall(key[:KEY])]
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
    """Whether any digits of the event, blanks and dashes aside, are a card number by their check
    digit.
    """
    shape = payload.translate(_DIGITS, b" -")
    end = shape.find(_CARD_DIGITS)
    if end < 0:
        return False
    digits = payload.translate(None, b" -")
    tries = 0
    while (begin := shape.find(_CARD_DIGITS, end)) >= 0:
        run = _ZEROS.match(shape, begin)
        end = run.end() if run else begin + 1  # matches always
        if shape[begin - 1 : begin] == b".":
            continue  # the decimals of a fraction
        for start in range(begin, end - 12):
            if 0x32 <= digits[start] <= 0x36:
                tries += 1
                if tries > _CARD_TRIES:
                    return True
                for stop in range(start + 13, min(start + 19, end) + 1):
                    if _is_card(digits[start:stop]):
                        return True
    return False


def _card(match: re.Match[str]) -> str:
    """A run of digits without the card numbers in it; a date and a code may follow one."""
    run = match[0]
    if _is_card("".join(_GROUP.findall(run)).encode()):
        return FILTERED
    groups = [(found.start(), found.end()) for found in _GROUP.finditer(run)]
    out = []
    kept = first = 0
    while first < len(groups):
        last = _last_of_card(run, groups, first)
        if last is not None:
            out += [run[kept : groups[first][0]], FILTERED]
            kept = groups[last][1]
            first = last
        first += 1
    return "".join((*out, run[kept:]))


def _last_of_card(run: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The group a card number ends with that begins with this one: of four digits or more, the
    others of three or more.
    """
    start, end = groups[first]
    if end - start < 4 or not "2" <= run[start] <= "6":
        return None
    number = ""
    for index in range(first, len(groups)):
        start, end = groups[index]
        if end - start < 3 or len(number) + end - start > 19:
            return None
        number += run[start:end]
        if _is_card(number.encode()):
            return index
    return None


def _is_card(number: bytes) -> bool:
    """The Luhn check of card numbers, whose first digit is 2 to 6: other long numbers are ids and
    times.
    """
    if not 13 <= len(number) <= 19 or not 0x32 <= number[0] <= 0x36:
        return False
    plain, doubled = number[::-2].translate(_VALUES), number[-2::-2].translate(_DOUBLED)
    return (sum(plain) + sum(doubled)) % 10 == 0


def _mentions(text: str, stems: tuple[str, ...]) -> bool:
    lower = text[:STRING].lower()
    for stem in stems:  # noqa: SIM110  (any() with a generator costs three times as much)
        if stem in lower:
            return True
    return False


def _assigned(text: str, verdicts: _Verdicts) -> str:
    """`password=x` in query strings, cookies, form bodies, log lines."""

    def filtered(match: re.Match[str]) -> str:
        return f"{match[1]}={FILTERED}" if verdicts[match[1]] == SECRET else match[0]

    head, rest = text[:STRING], text[STRING:]
    return _ASSIGNED.sub(filtered, head) + rest if "=" in head else text


def _quoted(text: str, verdicts: _Verdicts) -> str:
    """`{'password': 'x'}`: maps that reached us as text, as Python's local variables do."""

    def filtered(match: re.Match[str]) -> str:
        quote, key = match[1], match[2]
        if verdicts[key] != SECRET:
            return match[0]
        return f"{quote}{key}{quote}: {quote}{FILTERED}{quote}"

    head, rest = text[:STRING], text[STRING:]
    return _QUOTED.sub(filtered, head) + rest if ":" in head else text


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
