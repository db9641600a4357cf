"""What is written beside events and costs no batch of its own: outcomes, refusals, uses of keys,
tokens and uploaded files.

Gathered in memory from any thread, written with the writer's next batch or after a second. A crash
loses at most that second of what was not an event; the outcome of an event is in its transaction.
"""

import logging
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lighttrace.store import bundles, keys, outcomes, tokens
from lighttrace.store.database import Fault, Transaction, fault_of
from lighttrace.store.outcomes import Kind, Ledger
from lighttrace.store.refusals import Ring, Row
from lighttrace.store.writes import Outcome

log = logging.getLogger(__name__)

TOUCH_STEP_MS = 10_000  # "last used" of a key is this exact
TOKEN_STEP_MS = 5 * 60_000  # and of a token
BUNDLE_STEP_MS = 60 * 60_000  # of a bundle it is written once a day, whoever is told more often
MOST_BUNDLES = 10_000  # remembered
LONGEST_AGENT = 100


@dataclass(frozen=True, slots=True)
class Taken:
    """What one transaction is to write."""

    counts: Counter[Kind]
    refusals: list[Row]
    used: dict[int, int]  # key → ms
    tokens: dict[int, tokens.Use]
    bundles: dict[int, int]  # bundle → ms


class SideWork:
    def __init__(self) -> None:
        self.ledger = Ledger()
        self.ring = Ring()
        self._used: dict[int, int] = {}
        self._used_written: dict[int, int] = {}
        self._tokens: dict[int, tokens.Use] = {}
        self._tokens_written: dict[int, int] = {}
        self._bundles: dict[int, int] = {}
        self._bundles_written: dict[int, int] = {}

    def touch_key(self, key_id: int, now_ms: int) -> None:
        written = self._used_written.get(key_id)
        if written is None or not 0 <= now_ms - written < TOUCH_STEP_MS:
            self._used[key_id] = now_ms

    def touch_token(self, token_id: int, use: tokens.Use) -> None:
        written = self._tokens_written.get(token_id)
        if written is None or not 0 <= use.at - written < TOKEN_STEP_MS:
            agent = use.agent and use.agent[:LONGEST_AGENT]
            self._tokens[token_id] = tokens.Use(use.at, use.ip, agent)

    def touch_bundle(self, bundle_id: int, now_ms: int) -> None:
        written = self._bundles_written.get(bundle_id)
        if written is None or not 0 <= now_ms - written < BUNDLE_STEP_MS:
            self._bundles[bundle_id] = now_ms

    def __bool__(self) -> bool:
        return bool(self.ledger or self.ring or self._used or self._tokens or self._bundles)

    def take(self) -> Taken:
        used, self._used = self._used, {}
        of_tokens, self._tokens = self._tokens, {}
        of_bundles, self._bundles = self._bundles, {}
        return Taken(self.ledger.take(), self.ring.take(), used, of_tokens, of_bundles)

    def put_back(self, taken: Taken) -> None:
        """The transaction was rolled back."""
        self.ledger.put_back(taken.counts)
        self.ring.put_back(taken.refusals)
        self._used = taken.used | self._used
        self._tokens = taken.tokens | self._tokens
        self._bundles = taken.bundles | self._bundles

    def write(
        self, tx: Transaction, taken: Taken, of_batch: Iterable[Outcome], now_ms: int
    ) -> None:
        """Write what was taken and the outcomes of the batch's own events.

        A row SQLite refuses must not hold up events: what was taken is then given up, and said.
        """
        own = Ledger()
        own.count(of_batch, now_ms)
        outcomes.add(tx, own.take())
        tx.execute("SAVEPOINT sidework")
        try:
            outcomes.add(tx, taken.counts)
            self.ring.write(tx, taken.refusals)
            keys.touch(tx, taken.used)
            tokens.touch(tx, taken.tokens)
            bundles.touch(tx, taken.bundles)
        except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
            if fault_of(error) is not Fault.DATA:
                raise
            tx.execute("ROLLBACK TO sidework")
            log.error("outcomes and refusals of a second are lost", exc_info=error)
        tx.execute("RELEASE sidework")
        self._used_written.update(taken.used)
        self._tokens_written.update({token_id: it.at for token_id, it in taken.tokens.items()})
        if len(self._bundles_written) > MOST_BUNDLES:
            self._bundles_written.clear()
        self._bundles_written.update(taken.bundles)
