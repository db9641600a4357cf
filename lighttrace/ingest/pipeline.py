"""Items become work for the store: each goes to the module of its family, none hurts another.

Pure: what was accepted, counted and turned away is a value; `web.ingest` submits and answers.
"""

import logging
from dataclasses import dataclass, field

import msgspec

from lighttrace.errors import EventError
from lighttrace.ingest import client_reports, outcomes, quotas, security, user_reports
from lighttrace.ingest.envelope import Envelope, Item
from lighttrace.ingest.errors import OtherFamilyError, event_write
from lighttrace.ingest.origin import Origin
from lighttrace.limits import Limits
from lighttrace.store.writes import EventWrite, FeedbackWrite, Outcome, Refusal

log = logging.getLogger(__name__)

CLIENT_REPORTS = 100  # of one envelope


@dataclass(frozen=True, slots=True)
class Dropped:
    """One thing that is not kept although it was meant to be: the client is told why."""

    outcome: str  # invalid | too_large
    detail: str


@dataclass(slots=True)
class Work:
    """What one request came to. The events in it are counted by the store, everything else here."""

    origin: Origin
    events: list[EventWrite] = field(default_factory=list)
    feedback: list[FeedbackWrite] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    limits: list[quotas.RateLimit] = field(default_factory=list)
    client_reports: int = 0
    client_report_bytes: int = 0

    def count(self, category: str, outcome: str, reason: str = "", n: int = 1) -> None:
        origin = self.origin
        self.outcomes.append(
            Outcome(origin.project_id, origin.key_id, category, outcome, reason, n)
        )

    def drop(
        self,
        category: str,
        outcome: str,
        detail: str,
        reason: str = "",
        event_id: str | None = None,
    ) -> None:
        """Count a loss and leave a note of it, for "where did my event go?"."""
        self.count(category, outcome, reason or outcome)
        self.dropped.append(Dropped(outcome, detail))
        self.refusals.append(
            Refusal(
                project_id=self.origin.project_id,
                reason=reason or outcome,
                detail=detail,
                category=category,
                outcome=outcome,
                ip=self.origin.ip,
                sdk=self.origin.sdk,
                event_id=event_id,
            )
        )


def of_envelope(envelope: Envelope, origin: Origin, limits: Limits) -> Work:
    """Everything an envelope holds."""
    work = Work(origin)
    is_alone = sum(1 for item in envelope.items if item.type == "event") == 1
    header_id = envelope.event_id
    for item in envelope.items:
        if item.type == "event":
            _event(work, item.payload, limits, envelope.sent_at, header_id, is_alone)
            header_id = None  # only one event can be meant by it
        else:
            _item(work, item, limits, envelope.event_id)
    return work


def of_store(payload: bytes, origin: Origin, limits: Limits) -> Work:
    """The one event of the legacy endpoint."""
    work = Work(origin)
    _event(work, payload, limits, None, None, True)
    return work


def of_report(
    payload: bytes, origin: Origin, limits: Limits, release: str | None, environment: str | None
) -> Work:
    """A report a browser sent by itself."""
    work = Work(origin)
    _security(work, payload, limits, release, environment)
    return work


def _event(
    work: Work,
    payload: bytes,
    limits: Limits,
    sent_at: int | None,
    header_id: str | None,
    is_alone: bool,
    category: str = "error",
) -> None:
    if len(payload) > limits.event:
        detail = f"The event has {len(payload):,} bytes; {limits.event:,} are the limit."
        work.drop(category, outcomes.TOO_LARGE, detail, event_id=header_id)
        return
    try:
        work.events.append(
            event_write(
                payload, work.origin, sent_at=sent_at, header_id=header_id, is_alone=is_alone
            )
        )
    except OtherFamilyError as other:
        work.count(other.category, outcomes.UNSUPPORTED)
    except EventError as error:
        work.drop(category, outcomes.INVALID, str(error), event_id=header_id)
    except Exception:
        log.exception("reading an event of project %d", work.origin.project_id)
        detail = "The event could not be read; the server's log says why."
        work.drop(category, outcomes.INVALID, detail, "internal", event_id=header_id)


def _item(work: Work, item: Item, limits: Limits, about: str | None) -> None:
    category = outcomes.CATEGORIES.get(item.type, outcomes.UNKNOWN)
    try:
        match item.type:
            case "client_report":
                _client_report(work, item.payload, limits)
            case "user_report":
                _user_report(work, item.payload, limits, about)
            case "raw_security" | "security":
                _security(work, item.payload, limits, None, None)
            case "attachment":
                work.count("attachment", outcomes.UNSUPPORTED, n=max(1, len(item.payload)))
                work.count("attachment_item", outcomes.UNSUPPORTED)
            case _:
                work.count(category, outcomes.UNSUPPORTED, n=item.count())
                never = quotas.NEVER_KEPT.get(item.type)
                if never is not None:
                    work.limits.append(never)
    except EventError as error:
        work.drop(category, outcomes.INVALID, str(error), event_id=about)
    except Exception:
        log.exception("reading a %.40r of project %d", item.type, work.origin.project_id)
        detail = "The item could not be read; the server's log says why."
        work.drop(category, outcomes.INVALID, detail, "internal", event_id=about)


def _client_report(work: Work, payload: bytes, limits: Limits) -> None:
    work.client_reports += 1
    work.client_report_bytes += len(payload)
    if work.client_reports > CLIENT_REPORTS or work.client_report_bytes > limits.client_report:
        work.drop("internal", outcomes.TOO_LARGE, "There are too many client reports.")
        return
    work.outcomes += client_reports.read(payload, work.origin)


def _user_report(work: Work, payload: bytes, limits: Limits, about: str | None) -> None:
    if len(payload) > limits.user_report:
        detail = f"The report has {len(payload):,} bytes; {limits.user_report:,} are the limit."
        work.drop("feedback", outcomes.TOO_LARGE, detail, event_id=about)
        return
    origin = work.origin
    work.feedback.append(user_reports.user_report(payload, origin.project_id, origin.received_at))


def _security(
    work: Work, payload: bytes, limits: Limits, release: str | None, environment: str | None
) -> None:
    if len(payload) > limits.security_report:
        detail = f"The report has {len(payload):,} bytes; {limits.security_report:,} are the limit."
        work.drop("security", outcomes.TOO_LARGE, detail)
        return
    try:
        reports = security.read(
            payload,
            release=release,
            environment=environment,
            user_agent=work.origin.user_agent,
        )
    except EventError as error:
        work.drop("security", outcomes.INVALID, str(error))
        return
    if reports.filtered:
        work.count("security", outcomes.FILTERED, "browser_extension", reports.filtered)
    if reports.unsupported:
        work.count("security", outcomes.UNSUPPORTED, n=reports.unsupported)
    for raw in reports.events:
        _event(work, msgspec.json.encode(raw), limits, None, None, True, "security")
