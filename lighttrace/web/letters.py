"""Links that let somebody in: as a page shows them to be handed over, and as they are mailed."""

import logging

from starlette.requests import HTTPConnection

from lighttrace.alerts import letters
from lighttrace.errors import DeliveryError
from lighttrace.store.invites import Invitation
from lighttrace.web import links, state
from lighttrace.web.state import Services

log = logging.getLogger(__name__)


def invitation_link(request: HTTPConnection, secret: str) -> str:
    """The address to hand over, by the host that this person came by."""
    return f"{links.public(request, state.of(request).config)}/invite/{secret}"


def reset_link(request: HTTPConnection, secret: str) -> str:
    return f"{links.public(request, state.of(request).config)}/reset/{secret}"


async def mail_invitation(services: Services, invitation: Invitation, secret: str) -> str:
    """Mail an invitation to its address. Returns why it did not go out, in a sentence, or nothing.

    Mails never name the host of the request, which whoever sends it can make up.
    """
    config = services.config
    if config.smtp is None or invitation.email is None:
        return "This server sends no mail ([smtp] is not set)." if config.smtp is None else ""
    try:
        await letters.send_invitation(
            config.smtp,
            invitation.email,
            f"{config.base_url}/invite/{secret}",
            invitation.maker,
            invitation.role,
            invitation.team.slug if invitation.team else "",
            config.base_url,
            services.clock.now_ms(),
        )
    except DeliveryError as error:
        log.warning("an invitation could not be mailed: %s", error)
        return str(error)
    return ""


async def mail_reset(services: Services, email: str, secret: str) -> str:
    """The same for a new password."""
    config = services.config
    if config.smtp is None:
        return "This server sends no mail ([smtp] is not set)."
    link, now_ms = f"{config.base_url}/reset/{secret}", services.clock.now_ms()
    try:
        await letters.send_reset(config.smtp, email, link, config.base_url, now_ms)
    except DeliveryError as error:
        log.warning("a link to a new password could not be mailed: %s", error)
        return str(error)
    return ""
