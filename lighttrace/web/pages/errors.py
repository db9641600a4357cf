"""Error pages: what happened, whose turn it is, the way on. None of them needs the database."""

import logging
import secrets

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lighttrace.errors import DiskError, StoreError
from lighttrace.web import links
from lighttrace.web.headers import LOGGED
from lighttrace.web.render import render

log = logging.getLogger(__name__)

# The same words for "never was" and "not yours to see": the page must not tell which.
NOT_FOUND = (
    "There is nothing here, or not for you.",
    "The address may be mistyped, or what it named was deleted.",
)
WORDS = {
    400: (
        "That request made no sense here.",
        "The form or the address is broken. Nothing was changed.",
    ),
    401: ("You are signed out.", "Sign in and go on where you were."),
    403: ("You may see this but not do it.", "Nothing was changed."),
    404: NOT_FOUND,
    405: ("That is not how this address works.", "Nothing was changed."),
    409: ("That cannot be done.", "Nothing was changed."),
    413: (
        "That was too much at once.",
        "The form is larger than this page takes. Nothing was changed.",
    ),
    429: ("Too many tries.", "Wait a little, then go on."),
    503: (
        "LightTrace cannot answer just now.",
        "It is starting, stopping or very busy. Nothing that was accepted is lost.",
    ),
}


async def http(request: Request, error: Exception) -> Response:
    """An HTTPException, or the refusal of a form from elsewhere. A detail of our own replaces the
    title.
    """
    assert isinstance(error, HTTPException)
    status = error.status_code
    title, text = WORDS.get(status, WORDS[400] if status < 500 else WORDS[503])
    if status in (403, 409, 429, 503) and error.detail and " " in error.detail:
        title = error.detail
        if status == 403 and "nothing was changed" in title.lower():
            text = "If it was you, it works from the page itself."
    return _answer(request, status, title, text, dict(error.headers or {}))


async def store(request: Request, error: Exception) -> Response:
    """The store could not do it now: full disk, full queue, stopped writer."""
    log.warning("%s %s: %s", request.method, request.url.path, error)
    if isinstance(error, DiskError):
        title, text = (
            "The disk is full, so nothing was changed.",
            "Pages stay readable. LightTrace goes on by itself.",
        )
    else:
        title, text = "LightTrace is busy, so nothing was changed.", "Try again in a moment."
    return _answer(request, 503, title, text, {"Retry-After": "10"})


async def failed(request: Request, error: Exception) -> Response:
    """A bug of ours. The reader gets an id, the log gets the same id with the traceback."""
    request_id = "req-" + secrets.token_hex(4)
    log.error("%s: %s %s failed", request_id, request.method, request.url.path, exc_info=error)
    request.scope[LOGGED] = True
    title, text = (
        "LightTrace failed on this page. Your events are not affected.",
        "Ingest runs apart from the pages.",
    )
    return _answer(request, 500, title, text, {}, request_id)


async def not_found(request: Request) -> Response:
    raise HTTPException(404)


def _answer(
    request: Request,
    status: int,
    title: str,
    text: str,
    headers: dict[str, str],
    request_id: str = "",
) -> Response:
    if "/api/" in request.url.path:
        return JSONResponse(
            {"detail": title, **({"id": request_id} if request_id else {})}, status, headers
        )
    again = links.here(request) if status >= 500 and request.method == "GET" else ""
    return render(
        request,
        "pages/error.html",
        status,
        block="said" if request.headers.get("hx-request") == "true" else None,
        headers=headers,
        title=title,
        text=text,
        code=status,
        request_id=request_id,
        again=again,
    )


HANDLERS = {HTTPException: http, StoreError: store, Exception: failed}
