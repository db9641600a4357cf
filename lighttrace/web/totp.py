"""Codes of an authenticator (RFC 6238: six digits, 30 s, SHA-1, as every app has it), spare codes,
and the picture an app is set up by. Pure but for the random bits; that a code counts only once is
the store's to see to.
"""

import base64
import secrets
from dataclasses import dataclass

import pyotp
import segno

STEP_MS = 30_000
DRIFT = 1  # steps that a phone's clock may be off, either way
SPARE_CODES = 10
SECRET_BYTES = 20  # 160 bits, as the RFC recommends; no padding in base 32
DIGITS = frozenset("0123456789")
BASE32 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def new_secret() -> str:
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def is_secret(text: str) -> bool:
    """Whether it could be one of ours: it comes back from a form."""
    return len(text) == SECRET_BYTES * 8 // 5 and set(text) <= BASE32


def step_of(secret: str, code: str, now_ms: int) -> int | None:
    """The step whose code this is: now's, or one beside it. None: it is no code of this secret."""
    if len(code) != 6 or not set(code) <= DIGITS:
        return None
    totp = pyotp.TOTP(secret)
    now = now_ms // STEP_MS
    steps = range(now - DRIFT, now + DRIFT + 1)
    fits = [step for step in steps if secrets.compare_digest(totp.generate_otp(step), code)]
    return fits[-1] if fits else None


def new_spare_codes() -> list[str]:
    """`k3f9a-x2m7q`: 50 bits each."""
    made = (base64.b32encode(secrets.token_bytes(7)).decode().lower() for _ in range(SPARE_CODES))
    return [f"{code[:5]}-{code[5:10]}" for code in made]


def cleaned(typed: str) -> str:
    """A code as it is compared: people type spaces, and spare codes without the dash."""
    code = "".join(typed.split()).replace("-", "").lower()[:40]
    return code if len(code) == 6 else f"{code[:5]}-{code[5:]}"


@dataclass(frozen=True, slots=True)
class Picture:
    """A QR code: `size` modules each way with their quiet zone, `path` in SVG's words."""

    size: int
    path: str


QUIET = 4  # modules of white around it, as the standard wants


def picture(secret: str, email: str, issuer: str) -> Picture:
    """What an authenticator scans. `issuer` is what it lists the code under."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=email[:100], issuer_name=issuer[:60])
    rows = segno.make(uri, error="m", micro=False).matrix
    path = []
    for y, row in enumerate(rows, QUIET):
        x = 0
        while x < len(row):
            if not row[x]:
                x += 1
                continue
            end = x
            while end < len(row) and row[end]:
                end += 1
            path.append(f"M{x + QUIET} {y}h{end - x}v1h{x - end}z")
            x = end
    return Picture(len(rows) + 2 * QUIET, "".join(path))


def spaced(secret: str) -> str:
    """For typing: in groups of four."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
