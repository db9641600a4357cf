"""What a secret looks like as a value: tokens, keys, card numbers, and `password=…` inside a text.

Values are asked nothing unless the bytes of the whole event hold something suspicious (one
`translate` and a few `in`), so an ordinary string meets no regular expression.
"""

import re
from collections.abc import Callable

from lighttrace.event.secret_keys import SECRET, Verdicts

FILTERED = "[Filtered]"
STRING = 16_384  # of a longer string only this much is searched for `password=…`
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

Gates = tuple[tuple[str, Callable[[str], str]], ...]


def cleaned(text: str, gates: Gates, verdicts: Verdicts) -> str:
    """A text without the secrets in it."""
    for needle, check in gates:
        if needle in text:
            text = check(text)
    if "://" in text and "@" in text:
        text = _USERINFO.sub(rf"\1:{FILTERED}@", text)
    if _mentions(text, verdicts.stems):
        text = _quoted(_assigned(text, verdicts), verdicts)
    return text


def open_gates(payload: bytes) -> Gates:
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


def _assigned(text: str, verdicts: Verdicts) -> str:
    """`password=x` in query strings, cookies, form bodies, log lines."""

    def filtered(match: re.Match[str]) -> str:
        return f"{match[1]}={FILTERED}" if verdicts[match[1]] == SECRET else match[0]

    head, rest = text[:STRING], text[STRING:]
    return _ASSIGNED.sub(filtered, head) + rest if "=" in head else text


def _quoted(text: str, verdicts: Verdicts) -> str:
    """`{'password': 'x'}`: maps that reached us as text, as Python's local variables do."""

    def filtered(match: re.Match[str]) -> str:
        quote, key = match[1], match[2]
        if verdicts[key] != SECRET:
            return match[0]
        return f"{quote}{key}{quote}: {quote}{FILTERED}{quote}"

    head, rest = text[:STRING], text[STRING:]
    return _QUOTED.sub(filtered, head) + rest if ":" in head else text
