"""What becomes of a request: its work is handed to the store and waited for, its refusal is counted
and, with its reason, kept for the set-up page.
"""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Scope

from lighttrace.errors import (
    BusyError,
    DiskError,
    IngestError,
    QueueFullError,
    StoreError,
    TooLargeError,
    UnavailableError,
)
from lighttrace.ingest import auth, outcomes, quotas
from lighttrace.ingest.familiar import Familiar
from lighttrace.ingest.pipeline import Work
from lighttrace.store import feedback
from lighttrace.store.keys import Key
from lighttrace.store.writes import EventWrite, FeedbackWrite, Outcome, Refusal
from lighttrace.web import replies
from lighttrace.web.bodies import Body
from lighttrace.web.replies import Reply
from lighttrace.web.state import Services

# Endpoints of families that are not kept yet: counted, and answered as if they were.
NOT_KEPT = {
    "minidump": "error",
    "integration/otlp/v1/traces": "span",
    "otlp/v1/traces": "span",
    "integration/otlp/v1/logs": "log_item",
}
CATEGORIES = {**NOT_KEPT, "embed/error-page": "feedback"} | dict.fromkeys(
    ("security", "csp-report", "nel"), "security"
)
OUTCOMES = {413: outcomes.TOO_LARGE, 429: outcomes.RATE_LIMITED}


@dataclass(slots=True)
class Asked:
    """One request, as far as it is understood."""

    scope: Scope
    headers: dict[bytes, bytes]
    endpoint: str
    body: Body
    project: int | None = None  # of the path
    found: auth.Credentials | None = None
    key: Key | None = None  # set when it may send

    def query(self) -> dict[str, str]:
        """The parameters of the address. Raises IngestError if there are too many."""
        try:
            return dict(parse_qsl(self.scope["query_string"].decode("latin-1"), max_num_fields=100))
        except ValueError as error:
            raise IngestError("The address has too many parameters.") from error

    @property
    def ip(self) -> str | None:
        client = self.scope.get("client")
        return client[0] if client else None

    @property
    def sdk(self) -> str | None:
        if self.found is not None and self.found.client:
            return self.found.client
        agent = self.headers.get(b"user-agent")
        return agent[:128].decode("latin-1") if agent else None


class Keeping:
    """`familiar` learns the groups of what was kept."""

    def __init__(self, services: Services, familiar: Familiar) -> None:
        self._services = services
        self._familiar = familiar
        self._words = outcomes.Words()

    async def settle(self, work: Work) -> Reply:
        """Hand everything to the store and wait for it. Raises IngestError if nothing was kept."""
        store = self._services.store
        store.count(*self._words.bounded(work.outcomes))
        for refusal in work.refusals:
            store.refuse(refusal)
        kept: list[str] = []
        full = 0
        waiting: list[tuple[EventWrite, asyncio.Future[Any]]] = []
        for write in work.events:
            try:
                waiting.append((write, store.submit(write)))
            except QueueFullError:
                full += 1
                self._lost(work, write, outcomes.RATE_LIMITED, "queue_full")
            except StoreError as error:
                self._lost(work, write, outcomes.RATE_LIMITED, "unavailable")
                raise unavailable() from error
        trouble: DiskError | None = None
        for write, future in waiting:
            try:
                await future
            except DiskError as error:
                trouble = error
                self._lost(work, write, outcomes.RATE_LIMITED, "unavailable")
            except StoreError:
                self._lost(work, write, outcomes.INVALID, "refused_by_database")
            else:
                kept.append(write.event.event_id)
                group = (write.project_id, write.grouping_version, write.hash)
                self._familiar.keep(group, work.origin.received_at)
        if trouble is not None:
            raise unavailable() from trouble
        if full and not kept:
            raise _queue_full()
        for said in work.feedback:
            await self._keep_feedback(work, said)
        for dropped in work.dropped:
            if dropped.outcome == outcomes.TOO_LARGE and not kept:
                raise TooLargeError(dropped.detail, reason="noted")
        limits = [*work.limits, quotas.QUEUE_FULL] if full else work.limits
        return replies.accepted(kept[0] if kept else None, limits)

    async def _keep_feedback(self, work: Work, said: FeedbackWrite) -> None:
        try:
            await self._services.store.write(feedback.save, said)
        except QueueFullError as error:
            raise _queue_full() from error
        except StoreError as error:
            raise unavailable() from error
        self._services.wake_alerts()
        work_done = Outcome(
            work.origin.project_id, work.origin.key_id, "feedback", outcomes.ACCEPTED
        )
        self._services.store.count(work_done)

    def _lost(self, work: Work, write: EventWrite, outcome: str, reason: str) -> None:
        origin = work.origin
        category = write.outcome_category
        self._services.store.count(
            Outcome(origin.project_id, origin.key_id, category, outcome, reason)
        )

    def note(self, asked: Asked, error: IngestError) -> None:
        """Remember a refusal under the project its address names; count it if the key is ours."""
        if error.reason in ("noted", "queue_full", "unavailable", "method"):
            return  # counted where it happened, or nothing was lost
        store = self._services.store
        outcome = OUTCOMES.get(error.status, outcomes.INVALID)
        key = asked.key
        if key is not None:
            category = CATEGORIES.get(asked.endpoint, "error")
            store.count(Outcome(key.project_id, key.id, category, outcome, error.reason))
        project = asked.project if key is None else key.project_id
        keeps = self._services.options(project).keep_addresses if project else True
        store.refuse(
            Refusal(
                project_id=project,
                reason=error.reason,
                detail=_explained(asked, error),
                outcome=outcome,
                ip=asked.ip if keeps else None,
                sdk=asked.sdk,
            )
        )


def _explained(asked: Asked, error: IngestError) -> str:
    """What the project's people are told; the client learns only that it was refused."""
    tail = f"…{asked.found.key[-4:]}" if asked.found else ""
    match error.reason:
        case "wrong_key":
            return f"The key in the DSN there ends in {tail}."
        case "wrong_project":
            return f"The key in the DSN there ends in {tail} and belongs to another project."
        case "disabled_key":
            return f"The key in the DSN there ends in {tail}; it is disabled."
        case "project_archived":
            return "The project is archived, so it takes no events."
        case "two_keys":
            return f"The request carries two different keys; one ends in {tail}."
    return error.detail


def unavailable() -> UnavailableError:
    return UnavailableError("The server cannot store anything just now: its disk is full or fails.")


def _queue_full() -> BusyError:
    busy = BusyError(
        "More events are waiting than the disk can take.", retry_after_s=quotas.QUEUE_FULL_S
    )
    busy.reason = "queue_full"
    return busy
