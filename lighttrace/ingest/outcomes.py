"""What became of things, and what they are called: the categories of rate limits.

Every dropped item is counted; see docs/protocol.md, "What is counted".
"""

from collections.abc import Iterable
from dataclasses import replace

from lighttrace.store.writes import Outcome

ACCEPTED = "accepted"
INVALID = "invalid"
TOO_LARGE = "too_large"
UNSUPPORTED = "unsupported"
FILTERED = "filtered"
RATE_LIMITED = "rate_limited"
CLIENT_DISCARD = "client_discard"

# item type → category. A type that is not here is unknown: newer SDKs send what we cannot know yet.
CATEGORIES = {
    "event": "error",
    "form_data": "error",
    "unreal_report": "error",
    "transaction": "transaction",
    "span": "span",
    "otel_span": "span",
    "log": "log_item",
    "otel_log": "log_item",
    "session": "session",
    "sessions": "session",
    "check_in": "monitor",
    "feedback": "feedback",
    "user_report": "feedback",
    "attachment": "attachment",
    "client_report": "internal",
    "profile": "profile",
    "profile_chunk": "profile_chunk",
    "replay_event": "replay",
    "replay_recording": "replay",
    "replay_video": "replay",
    "trace_metric": "trace_metric",
    "statsd": "metric_bucket",
    "metric_buckets": "metric_bucket",
    "metric_meta": "metric_bucket",
    "raw_security": "security",
    "security": "security",
    "nel": "security",
}
UNKNOWN = "unknown"

REASONS = {
    "queue_overflow", "cache_overflow", "buffer_overflow", "ratelimit_backoff", "network_error",
    "sample_rate", "before_send", "event_processor", "ignored", "invalid", "send_error",
    "internal_sdk_error", "insufficient_data", "backpressure", "no_parent_span",
}  # fmt: skip
REPORTED_CATEGORIES = set(CATEGORIES.values()) | {
    "default", "log_byte", "trace_metric_byte", "metric", "attachment_item", "profile_chunk_ui",
    "span_indexed", "transaction_processed", "transaction_indexed", "profile_indexed",
    "user_report_v2", "profile_duration", "profile_duration_ui",
}  # fmt: skip
OTHER = "other"
OWN_WORDS = 50  # words no table knows, per project; after that they are counted as `other`
OWN_PROJECTS = 1000


class Words:
    """Words of clients that end up in the ledger's key: new ones pass until there are too many.

    Without a bound, a client that invents reasons would fill the ledger with rows.
    """

    def __init__(self) -> None:
        self._own: dict[int, set[str]] = {}

    def bounded(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """The same outcomes, with surplus words of client reports replaced by `other`."""
        return [
            outcome
            if outcome.source == "server"
            else replace(
                outcome,
                category=self._word(outcome.project_id, outcome.category, REPORTED_CATEGORIES),
                reason=self._word(outcome.project_id, outcome.reason, REASONS),
            )
            for outcome in outcomes
        ]

    def _word(self, project_id: int, word: str, known: set[str]) -> str:
        if not word or word in known:
            return word
        own = self._own.get(project_id)
        if own is None:
            if len(self._own) >= OWN_PROJECTS:
                return OTHER
            own = self._own[project_id] = set()
        if word not in own:
            if len(own) >= OWN_WORDS:
                return OTHER
            own.add(word)
        return word
