"""`/alerts/test`: a mail to oneself, and for admins a message to a webhook, now and past the
outbox: what the other side says is told in plain words. A few in a while, as each asks somebody
outside.
"""

import math

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.alerts import mail, webhook
from lighttrace.errors import LightTraceError
from lighttrace.web import guards, links, said, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages import alerts
from lighttrace.web.render import render, wants_fragment

NO_SMTP = (
    "No mail can be sent: the file has no [smtp]. Name your mail server there (docs/mail.md), send "
    "SIGHUP, and try again."
)


async def to_me(request: Request) -> Response:
    """A mail to the address of whoever asks."""
    services, person = state.of(request), guards.person(request)
    config, now_ms = services.config, services.clock.now_ms()
    if config.smtp is None:
        return await _say(request, NO_SMTP, ok=False)
    if wait := _count(request):
        return await _say(request, wait, ok=False)
    try:
        answer = await mail.send_test(config.smtp, person.email, config.base_url, now_ms)
    except LightTraceError as error:
        return await _say(request, str(error), ok=False)
    return await _say(request, f"Sent to {person.email}. The mail server said: {answer}", ok=True)


async def to_webhook(request: Request) -> Response:
    """`/alerts/test/{channel}`: a message to a webhook of the file."""
    services, name = state.of(request), request.path_params["channel"]
    config, now_ms = services.config, services.clock.now_ms()
    hook = config.alerts.webhook(name)
    if hook is None:
        gone = "There is no webhook of that name in the file any more."
        return await _say(request, gone, ok=False)
    if wait := _count(request):
        return await _say(request, wait, ok=False)
    try:
        answer = await webhook.send_test(hook, config.base_url, now_ms)
    except LightTraceError as error:
        return await _say(request, str(error), ok=False)
    return await _say(request, f"Sent to {name}. It said: {answer}", ok=True)


def _count(request: Request) -> str:
    """Counts this test; why it may not be made, if so. All together may make as many as come from
    one address.
    """
    services, email = state.of(request), guards.person(request).email
    now_s = services.clock.monotonic_s()
    if wait_s := services.tests.wait_s(email, "", now_s):
        return f"Enough tests for now. Try again in {math.ceil(wait_s / 60)} min."
    services.tests.tried(email, "", now_s)
    return ""


async def _say(request: Request, words: str, *, ok: bool) -> Response:
    """Beside the button. Without a script: after a redirect that it was sent, else in place why it
    was not.
    """
    fragment = wants_fragment(request)
    if ok and not fragment:
        target = said.back(links.url(request, "/alerts"), "tested")
        return RedirectResponse(target, status_code=303)
    found = await alerts.context(request, alerts.Asked())
    found["tested"] = (ok, words)
    block = "channels" if fragment else None
    return render(request, "pages/alerts.html", 200 if ok else 422, block=block, **found)


PAGES = (
    Page("/alerts/test", to_me, Guard.MEMBER, ("POST",)),
    Page("/alerts/test/{channel}", to_webhook, Guard.ADMIN, ("POST",)),
)
