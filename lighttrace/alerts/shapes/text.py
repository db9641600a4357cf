"""Texts of strangers, made to fit."""

import re
from collections.abc import Callable

# control characters, half surrogate pairs, marks that turn the direction of what follows
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
_GAPS = re.compile(r"\n{3,}")
INVISIBLE = "\u200b"  # a space of no width, behind an @ that must call nobody


def line(text: str) -> str:
    """On one line, without characters that cannot be seen."""
    return _SPACES.sub(" ", _UNSEEN.sub(" ", text)).strip()


def seen(text: str) -> str:
    """A line as it stands, with its spaces, but without characters that cannot be seen."""
    return _UNSEEN.sub(" ", text.expandtabs(4))


def prose(text: str) -> str:
    """What somebody wrote, on its lines, at most one of them empty at a time."""
    lines = (seen(one).rstrip() for one in text.strip().splitlines())
    return _GAPS.sub("\n\n", "\n".join(lines))


def code(text: str) -> str:
    """A line of code: its inner spaces stay; a backtick would end what shows it as code."""
    return seen(text).strip().replace("`", "'")


def cut(text: str, most: int) -> str:
    """At most so many characters, cut between words where there is a gap in the last half."""
    if len(text) <= most:
        return text
    if most < 1:
        return ""
    head = text[: most - 1]
    gap = head.rfind(" ", most // 2)
    return f"{(head[:gap] if gap > 0 else head).rstrip()}…"


def plain(text: str) -> str:
    return text


def fit(
    text: str,
    most: int,
    escape: Callable[[str], str] = plain,
    size: Callable[[str], int] = len,
) -> str:
    """A text, escaped, that has at most this size: what is cut is never an escape in its middle."""
    n = most
    while size(done := escape(cut(text, n))) > most:
        n = min(n - 1, n * most // size(done))
    return done


def backslashed(text: str) -> str:
    """Without a meaning in Markdown, and calling nobody."""
    return _MARKS.sub(r"\\\1", uncalled(text))


def uncalled(text: str) -> str:
    """Calling nobody: an @ behind a letter, as in a release or an address, calls nobody anyway."""
    return _CALL.sub(f"@{INVISIBLE}", text)


_CALL = re.compile(r"(?<![A-Za-z0-9_])@")
# What Markdown reads anywhere, what it reads at the beginning of a line, and the colon of an
# address, which would become a link by itself.
_MARKS = re.compile(r"([\\`*_~|<>\[\]#]|^[-+=]|:(?=//))")


def utf8_bytes(text: str) -> int:
    return len(text.encode())


def utf16_units(text: str) -> int:
    """How Telegram and JavaScript count."""
    return len(text.encode("utf-16-le")) // 2
