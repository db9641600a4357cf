"""How often somebody may try a password: five wrong ones per account, twenty per address, then a
pause.

In memory: a restart forgives, which gains an attacker nothing worth having. Bounded: the oldest
entries give way. Counting is by the e-mail as typed, whether or not it exists, so that the answers
are the same for both. No clock: `now_s` is monotonic.
"""

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass

PER_ACCOUNT = 5
PER_ADDRESS = 20  # an office behind one address has more than one person who mistypes
PAUSE_S = 15 * 60
ENTRIES = 10_000


@dataclass(slots=True)
class _Tries:
    count: int
    last_s: float  # the pause runs from the last one


class Throttle:
    def __init__(self) -> None:
        self._tries: OrderedDict[tuple[str, str], _Tries] = OrderedDict()

    def wait_s(self, email: str, address: str, now_s: float) -> int:
        """Seconds until another try is allowed; 0: go on."""
        account_s = self._left_s(_account(email), PER_ACCOUNT, now_s)
        return max(account_s, self._left_s(_address(address), PER_ADDRESS, now_s))

    def tried(self, email: str, address: str, now_s: float) -> int:
        """Count a try before it is checked, so that a hundred at once are not all let through.

        Returns how many are left for this account if this one is wrong.
        """
        self._count(_address(address), now_s)
        return max(0, PER_ACCOUNT - self._count(_account(email), now_s))

    def succeeded(self, email: str, address: str) -> None:
        """The right password clears the account. The address only gets this try back: one known
        password must not buy guesses.
        """
        self._tries.pop(_account(email), None)
        tries = self._tries.get(_address(address))
        if tries is not None:
            tries.count = max(0, tries.count - 1)

    def _left_s(self, key: tuple[str, str], allowed: int, now_s: float) -> int:
        tries = self._tries.get(key)
        if tries is None or tries.count < allowed:
            return 0
        return max(0, math.ceil(tries.last_s + PAUSE_S - now_s))

    def _count(self, key: tuple[str, str], now_s: float) -> int:
        tries = self._tries.get(key)
        if tries is None or now_s - tries.last_s >= PAUSE_S:
            tries = self._tries[key] = _Tries(0, now_s)
        tries.count += 1
        tries.last_s = now_s
        self._tries.move_to_end(key)
        if len(self._tries) > ENTRIES:
            self._tries.popitem(last=False)
        return tries.count


def _account(email: str) -> tuple[str, str]:
    return "account", email.strip().lower()[:320]


def _address(address: str) -> tuple[str, str]:
    """IPv6 is counted by /64: one customer has at least that many addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "address", address[:64]
    if parsed.version == 6:
        return "address", str(ipaddress.ip_network((parsed, 64), strict=False))
    return "address", address
