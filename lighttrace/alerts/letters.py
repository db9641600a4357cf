"""Mails with a link that lets one person in: an invitation, a new password. They go out at once and
not through the outbox, where the link could be read.
"""

from email.utils import make_msgid

from lighttrace.alerts.compose import letter
from lighttrace.alerts.mail import host_of, send_one
from lighttrace.settings.mail import Smtp


async def send_invitation(
    smtp: Smtp, to: str, link: str, maker: str, role: str, team: str, base_url: str, now_ms: int
) -> None:
    """`team` is a slug, or empty. Raises DeliveryError."""
    subject = f"{maker} invites you to LightTrace"
    context = {"link": link, "maker": maker, "role": role, "team": team, "base_url": base_url}
    message_id = make_msgid(domain=host_of(smtp))
    await send_one(smtp, letter("invitation", to, subject, message_id, now_ms, context))


async def send_reset(smtp: Smtp, to: str, link: str, base_url: str, now_ms: int) -> None:
    """Raises DeliveryError."""
    subject = "A new password for LightTrace"
    context = {"link": link, "base_url": base_url}
    message_id = make_msgid(domain=host_of(smtp))
    await send_one(smtp, letter("reset", to, subject, message_id, now_ms, context))
