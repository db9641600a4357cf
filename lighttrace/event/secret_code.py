"""Secrets that stand in a program itself. Lines of code are stored and shown as they were sent;
this is for what is sent on to people and chats. Pure.
"""

import re
from collections.abc import Iterable, Iterator

from lighttrace.event.scrub import ScrubRules, verdicts_under
from lighttrace.event.secret_keys import SECRET
from lighttrace.event.secret_values import FILTERED, cleaned, open_gates

MOST = 1_000  # characters of a line that are looked at; what follows is left out
# A name, what closes it (`"key"`, `env["KEY"]`), a type maybe, what gives or compares, and a text,
# which may run on in the next line.
_GIVEN = re.compile(
    r"""(?<![\w$])([\w$\-]{1,64})
    (["'`]\s*,\s*|["'`]?\]?(?:\s*:\s*[\w.\[\]<>|]{1,40}|\s+string)?\s*(?::=|=>|[=!]?={1,2}|:)\s*)
    (?:[bfruBFRU]{1,2}(?=["'])|@(?="))?
    (\"{3}.*?(?:\"{3}|\Z)|'{3}.*?(?:'{3}|\Z)
    |"(?:[^"\\]|\\.)*(?:"|\Z)|'(?:[^'\\]|\\.)*(?:'|\Z)|`(?:[^`\\]|\\.)*(?:`|\Z))""",
    re.VERBOSE,
)
# a line of a key: long, and of letters of both kinds and digits
_BLOCK = re.compile(
    r"""(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)
    [\s"'`+(]*[A-Za-z0-9+/]{48,}={0,2}(?:\\n)?[\s"'`+\\,;)]*""",
    re.VERBOSE,
)
_NOTHING = frozenset(('""', "''", "``"))


def without_secrets(lines: Iterable[str], rules: ScrubRules) -> Iterator[str]:
    """The lines of one place in the code: the texts given to names of secrets, and whatever looks
    like one, as `[Filtered]`. As many lines as before.
    """
    if not rules.enabled:
        yield from lines
        return
    verdicts = verdicts_under(rules)

    def filtered(match: re.Match[str]) -> str:
        name, gives, text = match.groups()
        if text in _NOTHING or verdicts[name] != SECRET:
            return match[0]
        return f"{name}{gives}{text[0]}{FILTERED}{text[0]}"

    for line in lines:
        head = _GIVEN.sub(filtered, line[:MOST])
        if _BLOCK.fullmatch(head):
            yield FILTERED
        else:
            yield cleaned(head, open_gates(head.encode("utf-8", "replace")), verdicts)
