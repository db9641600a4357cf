"""Which function each frame of a mapped stack is in, by the names people gave them.

The text of the source says it (`scopes.py`). A map without texts has names of identifiers only; but
what a frame's position stands at is what is called there, so its original name is that of the
function of the frame that it calls. Right when it gives a name, None when unsure. See
docs/source-maps.md, "Functions".
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from lighttrace.sourcemaps.table import Token

_RENAMED = re.compile(r"(?:new )?[\w$]{1,3}")  # by a minifier; properties it leaves alone


class Call(NamedTuple):
    """A frame as far as names go: what its position maps to (None: it has no map), and the function
    as the SDK sent it, of the minified code.
    """

    token: Token | None
    function: str | None


def names(calls: Sequence[Call]) -> list[str | None]:
    """The function of each frame, in the order given: the oldest call first, as events have them.

    None: it has no name, or none that is certain; the one of the minified code says nothing then.
    For a frame without a map too, whose own name stays what it is.
    """
    callers = (None, *calls)
    return [_name(caller, call) for caller, call in zip(callers, calls, strict=False)]


def _name(caller: Call | None, call: Call) -> str | None:
    if call.token is None or call.token.source < 0:
        return None
    if call.token.function is not None:
        return call.token.function or None
    return _called(caller, call) if caller else None


def _called(caller: Call, callee: Call) -> str | None:
    """The name by which `caller` calls, if that can be the callee's own.

    What is not renamed is a property, and the name it is called by that of a parameter; and a frame
    that waits stands where it waits, not where it called.
    """
    if caller.token is None or not _RENAMED.fullmatch(callee.function or ""):
        return None
    return None if (caller.function or "").startswith("async ") else caller.token.name
