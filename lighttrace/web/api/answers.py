"""What every answer of the API has in common: JSON, times, refusals as one sentence, pages.

Errors are `{"detail": "…"}`, which is what Sentry's tools print. Lists carry a `Link` header with
`previous` and `next`; `results` says whether there is anything on that side.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.event.model import Json
from lighttrace.web import links, state

Handler = Callable[[Request], Awaitable[Response]]
ROWS = 100  # on a page, and at most
LAST_MS = 253_402_300_799_999  # the end of the year 9999, after which ISO 8601 has no words


class Refused(Exception):
    """A request that cannot be answered as asked; `detail` is the sentence for its sender."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


NOTHING_THERE = Refused(404, "The requested resource does not exist")


def answering(handler: Handler) -> Handler:
    """The handler, with its refusals as answers."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except Refused as refused:
            return answer({"detail": refused.detail}, refused.status)

    return answered


def answer(value: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(value), status, headers, "application/json")


def time(at_ms: int) -> str:
    """ISO 8601 in UTC, as Sentry writes it. Clients say what they like: clocks stop at the ends."""
    seconds, ms = divmod(min(max(at_ms, 0), LAST_MS), 1000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms:03}Z"


def moment_ms(text: str) -> int | None:
    """A time in ISO 8601, in UTC where it names no zone; None if it is none."""
    try:
        at = datetime.fromisoformat(text[:40])
    except ValueError:
        return None
    at_ms = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    return at_ms if 0 <= at_ms <= LAST_MS else None


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a page: the cursor that leads there, and whether anything is there."""

    cursor: str
    results: bool


NO_NEWER, NO_OLDER = Side("0:0:1", False), Side("0:0:0", False)


def page(
    request: Request, rows: Json, previous: Side = NO_NEWER, following: Side = NO_OLDER
) -> Response:
    """A list, with the way to its neighbours. Cursors are three numbers, as Sentry's are."""
    base = links.public(request, state.of(request).config)
    path = str(request.scope["path"]).removeprefix(str(request.scope.get("root_path", "")))
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "cursor"]
    parts = []
    for rel, side in (("previous", previous), ("next", following)):
        url = f"{base}{quote(path)}?{urlencode([*query, ('cursor', side.cursor)])}"
        results = "true" if side.results else "false"
        parts.append(f'<{url}>; rel="{rel}"; results="{results}"; cursor="{side.cursor}"')
    return answer(rows, headers={"Link": ", ".join(parts)})


def refuse_filters(request: Request, *names: str) -> None:
    """Filters of Sentry that a list does not have: left out, they would have found too much."""
    for name in names:
        if any(request.query_params.getlist(name)):
            raise Refused(400, f"{name} is not understood here.")


def asked_rows(request: Request) -> int:
    """How many rows a page shall have: `limit` or `per_page`, at most ROWS."""
    text = request.query_params.get("limit") or request.query_params.get("per_page") or str(ROWS)
    number = number_of(text)
    if number is None or number == 0:
        raise Refused(400, "limit must be a number from 1 to 100.")
    return min(number, ROWS)


def asked_cursor(request: Request) -> tuple[int, int, bool] | None:
    """The cursor of the request: two numbers, and whether it leads back."""
    text = request.query_params.get("cursor", "")
    if not text:
        return None
    parts = [number_of(part) for part in text.split(":")] if len(text) <= 60 else []
    match parts:
        case [int(key), int(row), 0 | 1 as back]:
            return key, row, back == 1
    raise Refused(400, "cursor must be one that an answer gave.")


def number_of(text: str) -> int | None:
    """A whole number that fits a column, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
