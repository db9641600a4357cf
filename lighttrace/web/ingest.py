"""What SDKs and browsers post: a raw ASGI application in front of the pages.

It reads and answers; what a body means is `lighttrace.ingest`'s. An answer of 200 is sent after
COMMIT and not before. Every refusal is counted and, with its reason, kept for the set-up page.
"""

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from lighttrace.errors import (
    AuthError,
    BusyError,
    DiskError,
    EnvelopeError,
    IngestError,
    QueueFullError,
    StoreError,
    TooLargeError,
    UnavailableError,
)
from lighttrace.ingest import auth, legacy, outcomes, pipeline, quotas
from lighttrace.ingest.envelope import parse_envelope
from lighttrace.ingest.familiar import Familiar
from lighttrace.ingest.origin import Origin
from lighttrace.ingest.pipeline import Work
from lighttrace.limits import LIMITS, Limits
from lighttrace.store import feedback
from lighttrace.store.keys import Key
from lighttrace.store.writes import EventWrite, FeedbackWrite, Outcome, Refusal
from lighttrace.web import dialog, replies
from lighttrace.web.bodies import Bodies, Body, GoneError
from lighttrace.web.replies import Reply
from lighttrace.web.state import Services

log = logging.getLogger(__name__)

_PATH = r"/api/(?:(?P<project>[^/]+)/)?(?P<endpoint>{endpoints})/?"
# Endpoints of families that are not kept yet: counted, and answered as if they were.
NOT_KEPT = {
    "minidump": "error",
    "integration/otlp/v1/traces": "span",
    "otlp/v1/traces": "span",
    "integration/otlp/v1/logs": "log_item",
}


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


class Ingest:
    """Answers what SDKs post below `/api/`, with the prefix and without; hands on the rest."""

    def __init__(self, app: ASGIApp, services: Services, limits: Limits = LIMITS) -> None:
        self._app = app
        self._services = services
        self._limits = limits
        self._handlers = {
            "envelope": self._envelope,
            "store": self._store,
            "security": self._report,
            "csp-report": self._report,
            "nel": self._report,
            **dict.fromkeys(NOT_KEPT, self._not_kept),
            "embed/error-page": self._dialog,
        }
        endpoints = "|".join(map(re.escape, self._handlers))
        prefix = re.escape(services.config.prefix)
        self._path = re.compile(f"(?:{prefix})?" + _PATH.format(endpoints=endpoints))
        self._bodies = Bodies(limits)
        self._words = outcomes.Words()
        self._familiar = Familiar()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._path.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await replies.answer(send, replies.PREFLIGHT)
            return
        headers = dict(scope["headers"])
        body = self._bodies.open(receive, headers)
        asked = Asked(scope, headers, found["endpoint"], body)
        try:
            self._authorise(asked, found["project"])
            reply = await self._handlers[asked.endpoint](asked)
        except IngestError as error:
            self._note(asked, error)
            reply = replies.refused(error)
        except GoneError:
            return
        except Exception:
            log.exception("answering a request to %s", asked.endpoint)
            reply = replies.refused(
                IngestError("Something is wrong in here; the server's log says what.", status=500)
            )
        finally:
            body.close()
        await replies.answer(send, reply)

    # Who is asking

    def _authorise(self, asked: Asked, project: str | None) -> None:
        """Find the key if the request itself carries one. An envelope may bring its own later."""
        method = asked.scope["method"]
        if method != "POST" and not (method == "GET" and asked.endpoint == "embed/error-page"):
            raise IngestError("Only POST is answered here.", status=405, reason="method")
        if project is not None:
            asked.project = auth.project_number(project)
        elif asked.endpoint not in ("store", "embed/error-page"):
            raise IngestError("The address names no project.", status=404, reason="no_project")
        if asked.endpoint == "embed/error-page":
            dsn = asked.query().get("dsn")
            asked.found = auth.of_dsn(dsn) if dsn else None
        else:
            asked.found = auth.credentials(
                asked.headers.get(b"x-sentry-auth"),
                asked.headers.get(b"authorization"),
                asked.scope["query_string"],
            )
        if asked.found is not None or asked.endpoint != "envelope":
            self._let_in(asked)

    def _let_in(self, asked: Asked) -> Key:
        """The key of the request, if it is one and belongs to the project of the address."""
        if asked.found is None:
            raise AuthError(auth.NOTHING, status=401, reason="no_key")
        try:
            key = self._services.store.keys.find(asked.found.key)
        except DiskError as error:
            raise _unavailable() from error
        if key is None:
            raise AuthError(auth.REFUSED, reason="wrong_key")
        if asked.project not in (None, key.project_id):
            raise AuthError(auth.REFUSED, reason="wrong_project")
        if not key.works(self._services.clock.now_ms()):
            asked.project = key.project_id
            raise AuthError(auth.REFUSED, reason="disabled_key")
        asked.key = key
        if key.archived:
            raise AuthError(auth.REFUSED, reason="project_archived")
        self._services.store.touch_key(key.id)
        return key

    def _origin(self, asked: Asked, key: Key) -> Origin:
        options = self._services.options(key.project_id)
        agent = asked.headers.get(b"user-agent", b"")
        return Origin(
            project_id=key.project_id,
            key_id=key.id,
            received_at=self._services.clock.now_ms(),
            ip=asked.ip if options.keep_addresses else None,
            # of a server's SDK it would only say which library posts
            user_agent=agent[:512].decode("latin-1") if agent.startswith(b"Mozilla/") else None,
            sdk=asked.sdk,
            scrub=options.scrub,
            familiar=self._familiar,
            rules=options.rules,
            grouping=options.grouping,
        )

    # What is asked

    async def _envelope(self, asked: Asked) -> Reply:
        body = await asked.body.unpack(is_trusted=asked.key is not None)
        envelope = parse_envelope(body, self._limits)
        if envelope.dsn is not None:
            asked.found = auth.agreed(asked.found, auth.of_dsn(envelope.dsn))
        key = asked.key or self._let_in(asked)
        origin = self._origin(asked, key)
        work = await self._bodies.work(
            len(body), pipeline.of_envelope, envelope, origin, self._limits
        )
        reply = await self._settle(work)
        if envelope.broken is not None:
            raise EnvelopeError(envelope.broken)
        return reply

    async def _store(self, asked: Asked) -> Reply:
        if legacy.ENVELOPE_TYPE in asked.headers.get(b"content-type", b""):
            return await self._envelope(asked)
        key = asked.key or self._let_in(asked)
        body = await asked.body.unpack(is_trusted=asked.key is not None)
        payload = legacy.event_payload(body, self._limits.envelope)
        origin = self._origin(asked, key)
        work = await self._bodies.work(
            len(payload), pipeline.of_store, payload, origin, self._limits
        )
        reply = await self._settle(work)
        if work.dropped:
            raise IngestError(work.dropped[0].detail, reason="noted")
        return reply

    async def _report(self, asked: Asked) -> Reply:
        key = asked.key or self._let_in(asked)
        body = await asked.body.unpack(is_trusted=asked.key is not None)
        query = asked.query()
        release, environment = query.get("sentry_release"), query.get("sentry_environment")
        origin = self._origin(asked, key)
        work = pipeline.of_report(body, origin, self._limits, release, environment)
        await self._settle(work)
        if work.dropped:
            raise IngestError(work.dropped[0].detail, reason="noted")
        return Reply(201)

    async def _not_kept(self, asked: Asked) -> Reply:
        key = asked.key or self._let_in(asked)
        await asked.body.read(self._limits.compressed_body)
        category = NOT_KEPT[asked.endpoint]
        self._services.store.count(Outcome(key.project_id, key.id, category, outcomes.UNSUPPORTED))
        # an empty message is a whole answer in both encodings of OTLP
        if asked.headers.get(b"content-type", b"").startswith(b"application/x-protobuf"):
            return Reply(200, content_type=b"application/x-protobuf")
        return replies.accepted(None)

    async def _dialog(self, asked: Asked) -> Reply:
        key = asked.key or self._let_in(asked)
        options = asked.query()
        about = dialog.about(options)
        if asked.scope["method"] == "GET":
            return Reply(200, dialog.script(options), replies.SCRIPT, dialog.NO_STORE)
        form = await asked.body.read(self._limits.dialog_form)
        work = Work(self._origin(asked, key))
        work.feedback.append(dialog.filled_in(form, about, key.project_id, work.origin.received_at))
        return await self._settle(work)

    # Keeping

    async def _settle(self, work: Work) -> Reply:
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
                raise _unavailable() from error
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
            raise _unavailable() from trouble
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
            raise _unavailable() from error
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

    def _note(self, asked: Asked, error: IngestError) -> None:
        """Remember a refusal under the project its address names; count it if the key is ours."""
        if error.reason in ("noted", "queue_full", "unavailable", "method"):
            return  # counted where it happened, or nothing was lost
        store = self._services.store
        outcome = _OUTCOMES.get(error.status, outcomes.INVALID)
        key = asked.key
        if key is not None:
            category = _CATEGORIES.get(asked.endpoint, "error")
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


_CATEGORIES = {**NOT_KEPT, "embed/error-page": "feedback"} | dict.fromkeys(
    ("security", "csp-report", "nel"), "security"
)
_OUTCOMES = {413: outcomes.TOO_LARGE, 429: outcomes.RATE_LIMITED}


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


def _unavailable() -> UnavailableError:
    return UnavailableError("The server cannot store anything just now: its disk is full or fails.")


def _queue_full() -> BusyError:
    busy = BusyError(
        "More events are waiting than the disk can take.", retry_after_s=quotas.QUEUE_FULL_S
    )
    busy.reason = "queue_full"
    return busy
