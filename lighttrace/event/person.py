"""Who was affected: one stable key for counting, one text for showing."""

from dataclasses import dataclass
from hashlib import blake2b

from lighttrace.event.model import Event


@dataclass(frozen=True, slots=True)
class Person:
    """`key`: 8 bytes, equal for the same person of a project. `shown`: the best name there is."""

    key: bytes
    shown: str


def person(event: Event) -> Person | None:
    """By id, else username, else e-mail, else address: the order every SDK documents."""
    user = event.user
    if user is None:
        return None
    for kind in ("id", "username", "email", "ip_address"):
        value: str | None = getattr(user, kind)
        if value:
            digest = blake2b(f"{kind}:{value}".encode(), digest_size=8).digest()
            return Person(digest, user.email or user.username or user.name or value)
    return None
