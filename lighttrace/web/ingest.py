"""What SDKs and browsers post: a raw ASGI application in front of the pages.

It reads and answers; what a body means is `lighttrace.ingest`'s, what becomes of it `keeping`'s. An
answer of 200 is sent after COMMIT and not before.
"""

import logging
import re
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from lighttrace.errors import (
    AuthError,
    DiskError,
    EnvelopeError,
    IngestError,
)
from lighttrace.ingest import auth, legacy, outcomes, pipeline
from lighttrace.ingest.envelope import parse_envelope
from lighttrace.ingest.familiar import Familiar
from lighttrace.ingest.origin import Origin
from lighttrace.ingest.pipeline import Work
from lighttrace.limits import LIMITS, Limits
from lighttrace.store.keys import Key
from lighttrace.store.writes import Outcome
from lighttrace.web import dialog, replies
from lighttrace.web.bodies import Bodies, GoneError
from lighttrace.web.keeping import NOT_KEPT, Asked, Keeping, unavailable
from lighttrace.web.maps import Maps
from lighttrace.web.replies import Reply
from lighttrace.web.state import Services

log = logging.getLogger(__name__)

_PATH = r"/api/(?:(?P<project>[^/]+)/)?(?P<endpoint>{endpoints})/?"


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
        self._familiar = Familiar()
        self._keeping = Keeping(services, self._familiar)
        self._maps = Maps(services.store, services.clock)

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
            self._keeping.note(asked, error)
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
            raise unavailable() from error
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
        work = await self._work(body, pipeline.of_envelope, envelope, origin)
        reply = await self._keeping.settle(work)
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
        work = await self._work(payload, pipeline.of_store, payload, origin)
        reply = await self._keeping.settle(work)
        if work.dropped:
            raise IngestError(work.dropped[0].detail, reason="noted")
        return reply

    async def _work(
        self, body: bytes, read: Callable[..., Work], what: Any, origin: Origin
    ) -> Work:
        if await self._maps.of(origin.project_id, body):
            return await self._maps.work(read, what, origin, self._limits)
        return await self._bodies.work(len(body), read, what, origin, self._limits)

    async def _report(self, asked: Asked) -> Reply:
        key = asked.key or self._let_in(asked)
        body = await asked.body.unpack(is_trusted=asked.key is not None)
        query = asked.query()
        release, environment = query.get("sentry_release"), query.get("sentry_environment")
        origin = self._origin(asked, key)
        work = pipeline.of_report(body, origin, self._limits, release, environment)
        await self._keeping.settle(work)
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
        return await self._keeping.settle(work)
