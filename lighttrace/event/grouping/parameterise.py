# ruff: noqa: E501  (a table: one pattern, one line)
"""Texts without what varies: `no such order: 17` and `no such order: 21` are one message. One pass
of one alternation.

The order of the patterns is the point: what an earlier one takes, a later one cannot break. Nothing
in here may be slow on hostile text: no quantifier within a quantifier but over bounded, separated
pieces (bench/grouping.py).
"""

import re
from functools import lru_cache

LENGTH = 8192
REMEMBERED = 512  # longer texts are not worth the memory

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:\s?[AaPp]\.?[Mm]\b\.?)?"
_ZONE = r"(?:\s?(?:(?:GMT|UTC)?[+-]\d\d:?\d\d|Z\b|[A-Z]{3,4}\b))?"
_TLD = (
    "com|net|org|edu|gov|mil|int|io|co|ai|cloud|dev|info|biz|eu|de|fr|nl|uk|ch|at|se|dk|fi|es|pt|pl|cz|be|ie|us|ca|au|nz|"
    "jp|cn|kr|br|mx|ru|ua|za|tr|example|test|internal|local|lan|localdomain"
)
_H = "[0-9a-fA-F]"

PATTERNS = (
    # LT: a status tells errors apart, so it stays
    ("keep", r"(?<![A-Za-z])(?:[Ss]tatus(?:[ _-]?[Cc]ode)?|HTTP(?:/\d(?:\.\d)?)?)[ :=]{1,3}[1-5]\d\d(?!\w)"),
    ("email", r"(?<![\w.%+\-])[\w.%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,8}"),
    ("url", r"(?<!\w)(?:wss?|https?|ftp|file)://[^\s\"'<>()\[\]{}|\\^`]*"),
    ("tmp_path", r"(?<![\w/])(?:/private)?/(?:tmp|var/tmp|var/folders)/[^\s\"',;:)\]}>]+"
                 r"|(?<!\w)[A-Za-z]:\\[^\s\"']{0,200}?\\[Tt]emp\\[^\s\"',;)\]}>]+"),
    ("home", r"(?<![\w/])/(?:home|Users)/[^\s/\\\"':,;)]+|(?<!\w)[A-Za-z]:\\Users\\[^\s/\\\"':,;)]+"),
    ("hostname", rf"(?<![\w.@/\-])(?:(?:[a-z0-9\-]{{1,63}}\.){{1,8}}(?:{_TLD})|(?:[A-Z0-9\-]{{1,63}}\.){{1,8}}(?:{_TLD.upper()}))"
                 r"(?![\w(\-]|\.\w)"),
    ("ip", r"(?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w]|\.\d)"
           rf"|(?<![\w:])(?=[0-9a-fA-F:]{{0,39}}\d)(?:(?:{_H}{{1,4}}:){{7}}{_H}{{1,4}}"
           rf"|(?:{_H}{{1,4}}(?::{_H}{{1,4}}){{0,6}})?::(?:{_H}{{1,4}}(?::{_H}{{1,4}}){{0,6}})?)(?![\w:])"),
    ("traceparent", r"(?<!\w)(?:00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}|1-[0-9a-f]{8}-[0-9a-f]{24})(?!\w)"),
    ("uuid", rf"(?<![0-9a-zA-Z]){_H}{{8}}-{_H}{{4}}-{_H}{{4}}-{_H}{{4}}-{_H}{{12}}(?![0-9a-zA-Z])"),
    ("sha256", rf"(?<![0-9a-zA-Z]){_H}{{64}}(?![0-9a-zA-Z])"),
    ("sha1", rf"(?<![0-9a-zA-Z]){_H}{{40}}(?![0-9a-zA-Z])"),
    ("md5", rf"(?<![0-9a-zA-Z]){_H}{{32}}(?![0-9a-zA-Z])"),
    ("date", rf"(?<![\w.\-])\d{{4}}-\d\d-\d\d(?:[T ]{_CLOCK}{_ZONE})?(?!\d)"
             r"|(?<!\w)\d{8}T\d{6}Z?(?!\w)"
             rf"|(?<![\w/])\d{{4}}/\d\d/\d\d(?:[T ]{_CLOCK}{_ZONE})?(?![\d/])"
             rf"|(?<!\w){_DAY}\s{_MONTH}\s{{1,2}}\d{{1,2}}\s(?:\d{{4}}\s{_CLOCK}{_ZONE}(?:\s\([^()]{{1,40}}\))?|{_CLOCK}\s\d{{4}})"
             rf"|(?<!\w)(?:{_DAY},?\s)?\d{{1,2}}[ \-]{_MONTH}[ \-]\d{{2,4}}(?:\s{_CLOCK}{_ZONE})?(?!\w)"
             rf"|(?<!\w){_MONTH}\.?\s\d{{1,2}},?\s\d{{4}}(?:,?\s{_CLOCK}{_ZONE})?(?!\w)"
             rf"|(?<![\w:.]){_CLOCK}(?![\w:])"
             r"|(?<!\w)datetime\.(?:datetime|date|time)\([^()]{1,100}\)"),
    ("duration", r"(?<![\w.])\d+(?:\.\d+)?\s?(?:ns|us|µs|μs|ms|s|secs?|seconds?|milliseconds?|microseconds?|nanoseconds?"
                 r"|mins?|minutes?|h|hrs?|hours?|days?)(?!\w)"),
    ("hex", r"(?<![0-9a-zA-Z])0[xX][0-9a-fA-F]+(?!\w)"
            r"|(?<![0-9a-zA-Z])(?=[0-9]{0,127}[a-f])(?=[a-f]{0,127}[0-9])[0-9a-f]{8,128}(?![0-9a-zA-Z])"
            r"|(?<![0-9a-zA-Z])(?=[0-9]{0,127}[A-F])(?=[A-F]{0,127}[0-9])[0-9A-F]{8,128}(?![0-9a-zA-Z])"),
    ("git_sha", r"(?<![0-9a-zA-Z])(?=[0-9]{0,6}[a-f])(?=[a-f]{0,6}[0-9])[0-9a-f]{7}(?![0-9a-zA-Z])"),
    ("random_id", r"(?<![0-9a-zA-Z])(?=[0-9]{0,200}[A-Za-z])(?=[A-Za-z]{0,200}[0-9][A-Za-z]{0,200}[0-9][A-Za-z]{0,200}[0-9])"
                  r"[0-9A-Za-z]{14,}"),
    ("version", r"(?<![\w.])v?\d+\.\d+\.\d+(?:\.\d+){0,3}(?:[\-+][0-9A-Za-z.]{1,40})?(?!\w)"),
    ("float", r"(?:(?<![\w.])-)?(?<![\w.])\d+\.\d+(?:[eE][+\-]?\d+)?(?![A-Za-z\d])|(?<![\w.])-?\d+[eE][+\-]?\d+(?!\w)"),
    ("int", r"(?<![\w\-])-\d+(?![A-Za-z\d])|(?<![A-Za-z\d])\d+(?![A-Za-z\d])"),
    ("quoted_str", r"(?<==)(?:'[^'\n]{0,1024}'|\"[^\"\n]{0,1024}\")"),
    ("bool", r"(?<==)(?:True|true|False|false)(?!\w)"),
)  # fmt: skip
_ALL = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in PATTERNS))
_ANYTHING = re.compile(r"[0-9@=]|://|/(?:home|Users|tmp|var)|:\\|[a-zA-Z]\.[a-zA-Z]|::")
_USER = re.compile(r"((?:home|Users)[/\\]).*", re.DOTALL)


def parameterise(text: str) -> str:
    """The first two lines that say something, with tokens like `<int>` and `<uuid>` for what
    varies.
    """
    return _remembered(text) if len(text) <= REMEMBERED else _parameterise(text)


def _parameterise(text: str) -> str:
    head = _two_lines(text[:LENGTH])
    if _ANYTHING.search(head) is None:
        return head
    return _ALL.sub(_token, head)


_remembered = lru_cache(maxsize=4096)(_parameterise)


def _two_lines(text: str) -> str:
    lines = [line for line in text.split("\n") if line.strip()]
    head = "\n".join(lines[:2]).strip()
    return head + "..." if len(lines) > 2 else head


def _token(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "keep":
        return match[0]
    if kind == "home":
        return _USER.sub(r"\1<user>", match[0])
    return f"<{kind}>"
