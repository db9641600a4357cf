"""Passwords as they are kept: argon2id, slow enough for a thief, quick enough for a login.

19 MiB, two passes, one lane is OWASP's smallest recommendation: 30 ms here, where the library's
default takes 250. At most two are worked on at once (40 MiB); the others wait in line.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_LANES = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")


def hash_password(password: str) -> str:
    """What to store instead of the password."""
    return _HASHER.hash(password)


def verify_password(password: str, stored: str | None) -> bool:
    """Whether it is the one. `stored` None (no such person, no password yet) takes as long as a
    wrong password, so that the time tells nobody who has an account.
    """
    try:
        return _HASHER.verify(stored or _nobodys(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


async def hash_async(password: str) -> str:
    """`hash_password` without holding up the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_LANES, hash_password, password)


async def fits(password: str, stored: str | None) -> bool:
    """`verify_password` without holding up the event loop."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_LANES, verify_password, password, stored)


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _HASHER.hash("")
