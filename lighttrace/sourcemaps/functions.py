"""Which function each frame of a mapped stack is in, by the names people gave them.

The identifier that a frame's position stands at is what is called there: its original name is the
name of the function of the frame that it calls. Right when it gives a name, None when unsure. See
docs/source-maps.md, "Functions".
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from lighttrace.sourcemaps.table import Token

_UNNAMED = re.compile(r"(?:.*[. ])?(?:\?|<anonymous>|<unknown>|Anonymous function|anonymous|eval)?")


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
    if not calls:
        return []
    return [None, *(_called(caller, callee) for caller, callee in pairwise(calls))]


def _called(caller: Call, callee: Call) -> str | None:
    """The name by which `caller` calls. A function without a name, even minified, was handed to the
    caller as an argument: there it has the name of a parameter, which is none of its own.
    """
    if caller.token is None or callee.token is None or _UNNAMED.fullmatch(callee.function or ""):
        return None
    if (caller.function or "").startswith("async "):  # its position is what it waits for
        return None
    return caller.token.name
