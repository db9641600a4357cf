"""What was just done, said once: as a toast beside a fragment, or in the address after a redirect.

A plain form is answered with 303, and the page it leads to says what happened. `?done=` carries
the words' name, a number and the token of the undo; anything else in it is ignored.
"""

import re

from starlette.requests import Request

from lighttrace.web import format, links

WORDS = {
    "resolved": "resolved",
    "archived": "archived",
    "reopened": "reopened",
    "acknowledged": "acknowledged",
    "unacknowledged": "no longer acknowledged",
    "assigned": "assigned",
    "unassigned": "assigned to nobody",
    "undone": "put back",
    "merged": "merged",
    "unmerged": "taken out again",
    "split": "split off",
    "deleted": "deleted",
    "discarded": "deleted, and what comes of it is dropped",
}
INSTEAD = {
    "late": "Too late: this can no longer be undone.",
    "unseen": "Nothing assigned: they cannot see the project. Who can is said by its teams.",
    "nobody": "There is nobody of that name to assign it to.",
    "muted": "Muted. What it keeps back is counted on the page of alerts.",
    "unmuted": "No longer muted.",
    "unmutable": "Nothing was muted: a mute needs something to mute, and an end within a year.",
    "tested": "A test is sent, and was taken.",
    "kept": "The search is saved.",
    "renamed": "The search has another name.",
    "forgotten": "The search is deleted.",
    "start": "Your issues begin with this search now.",
    "everything": "Your issues begin with all of them again.",
}
NOTHING = "Nothing to change: it was so already."
_DONE = re.compile(r"([a-z]{1,20})\.(\d{1,6})(?:\.([0-9a-f]{32}))?")
_PARAM = re.compile(r"(^|&)done=[^&]*")


def words(what: str, count: int) -> str:
    """12 issues archived"""
    if what not in WORDS:
        return INSTEAD.get(what, NOTHING)
    return f"{format.plural(count, 'issue')} {WORDS[what]}"


def back(target: str, what: str, count: int = 0, token: str = "") -> str:
    """`target`, an address of ours, saying what was done."""
    path, _, query = target.partition("#")[0].partition("?")
    rest = _PARAM.sub("", query).strip("&")
    done = f"done={what}.{count}" + (f".{token}" if token else "")
    return f"{path}?{rest + '&' if rest else ''}{done}"


def toasts(request: Request) -> tuple[tuple[str, str], ...]:
    """(text, address of the undo) of what this address says was done."""
    found = _DONE.fullmatch(request.query_params.get("done", ""))
    if found is None:
        return ()
    what, count, token = found.groups()
    return ((words(what, int(count)), undo_url(request, token) if token else ""),)


def undo_url(request: Request, token: str) -> str:
    return links.url(request, f"/undo/{token}")
