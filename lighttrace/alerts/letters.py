"""Mails with a link that lets one person in: an invitation, a new password. They go out at once and
not through the outbox, where the link could be read.
"""

from email.utils import make_msgid

from lighttrace.alerts.compose import letter
from lighttrace.alerts.mail import host_of, send_one
from lighttrace.alerts.message import Mail
from lighttrace.alerts.shapes.text import cut, line
from lighttrace.settings.mail import Smtp

WHO = 100  # letters of a name


def invitation(
    to: str,
    link: str,
    maker: str,
    role: str,
    team: str,
    base_url: str,
    message_id: str,
    now_ms: int,
) -> Mail:
    """`team` is a slug, or empty."""
    who = cut(line(maker), WHO)
    context = {"link": link, "maker": who, "role": role, "team": team, "base_url": base_url}
    subject = f"{who} invites you to LightTrace"
    return letter("invitation", to, subject, message_id, now_ms, context)


def reset(to: str, link: str, base_url: str, message_id: str, now_ms: int) -> Mail:
    context = {"link": link, "base_url": base_url}
    return letter("reset", to, "A new password for LightTrace", message_id, now_ms, context)


async def send_invitation(
    smtp: Smtp, to: str, link: str, maker: str, role: str, team: str, base_url: str, now_ms: int
) -> None:
    """Raises DeliveryError."""
    own_id = make_msgid(domain=host_of(smtp))
    await send_one(smtp, invitation(to, link, maker, role, team, base_url, own_id, now_ms))


async def send_reset(smtp: Smtp, to: str, link: str, base_url: str, now_ms: int) -> None:
    """Raises DeliveryError."""
    await send_one(smtp, reset(to, link, base_url, make_msgid(domain=host_of(smtp)), now_ms))
