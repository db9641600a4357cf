"""Every error LightTrace raises on purpose.

LightTraceError
├── ConfigError            the TOML file is wrong; carries every problem at once; exit code 2
├── StartError             the program cannot start here (port, folder, lock, version); exit code 1
├── IngestError            a request of an SDK is refused; carries status and the sentence it is
answered with │   ├── AuthError          401 nothing found, 400 malformed, 403 everything else
│   ├── BodyError          400 cannot be decompressed or read
│   ├── EnvelopeError      400 not even the envelope header can be read
│   ├── TooLargeError      413
│   ├── BusyError          429 queue or in-flight budget full; carries `retry_after_s`
│   └── UnavailableError   503 disk full, I/O error
├── EventError             one payload is not an event; its item is dropped, nothing else
├── SourceMapError         an uploaded source map cannot be used; the sentence says why
├── BundleError            the same of a whole bundle of files, or of how it came
├── UploadsFullError       there is no room for what is uploaded; later there may be
├── QueryError             a search that cannot be understood; carries the place and the remedy
├── RuleError              a line of a rule language cannot be read; also a ValueError
├── StoreError
│   ├── QueueFullError     the writer has more to do than it may hold
│   ├── TakenError         a name that must be unique is taken; the message says which
│   ├── RefusedError       a rule about people and rights forbids it; the message says which
│   └── DiskError          SQLite could not write: disk full, I/O error, busy for too long
├── OutwardError           an address outside must not be asked, or does not answer
├── SignInError            somebody cannot sign in by the provider; the sentence says why, for them
└── DeliveryError          a message could not be handed over; `permanent` says whether trying again
can help
"""

from dataclasses import dataclass


class LightTraceError(Exception):
    """The root of the tree above."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the configuration: where (`path`, and `line` if known), what was expected, an
    example.
    """

    path: str
    message: str
    example: str = ""
    line: int | None = None


class ConfigError(LightTraceError):
    """Everything that is wrong with a configuration file, not only the first thing."""

    def __init__(self, source: str, problems: list[Problem]) -> None:
        super().__init__(f"{source}: {len(problems)} problem(s)")
        self.source = source
        self.problems = problems


class StartError(LightTraceError):
    """One plain sentence that says why the program cannot start and what to do."""


class IngestError(LightTraceError):
    """A refused request. `detail` is the sentence the client is answered with; `reason` is the
    outcome's short name.
    """

    status = 400
    reason = "invalid"

    def __init__(
        self, detail: str, *, status: int | None = None, reason: str | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        if status is not None:
            self.status = status
        if reason is not None:
            self.reason = reason


class AuthError(IngestError):
    status = 403
    reason = "auth"


class BodyError(IngestError):
    reason = "body"


class EnvelopeError(IngestError):
    reason = "envelope"


class TooLargeError(IngestError):
    status = 413
    reason = "too_large"


class BusyError(IngestError):
    status = 429
    reason = "busy"

    def __init__(self, detail: str, *, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class UnavailableError(IngestError):
    status = 503
    reason = "unavailable"


class EventError(LightTraceError):
    """A payload that is not an event. The message says why, in a sentence for people."""


class SourceMapError(LightTraceError):
    """A map that cannot be used. The message says why, in a sentence for people."""


class BundleError(LightTraceError):
    """Uploaded files that cannot be used. The message says why, in a sentence for people."""


class UploadsFullError(LightTraceError):
    """The sentence is for whoever uploads."""


class QueryError(LightTraceError):
    """A search that cannot be understood, in a sentence. The mistake is at `start` up to `end` of
    its text; `instead` is what may have been meant there.
    """

    def __init__(self, sentence: str, start: int, end: int, instead: str | None = None) -> None:
        super().__init__(sentence)
        self.start = start
        self.end = end
        self.instead = instead


class RuleError(LightTraceError, ValueError):
    """A rule that cannot be read: what is wrong in it, and the nearest right word."""


class StoreError(LightTraceError):
    pass


class QueueFullError(StoreError):
    pass


class TakenError(StoreError):
    pass


class RefusedError(StoreError):
    pass


class DiskError(StoreError):
    pass


class SignInError(LightTraceError):
    pass


class OutwardError(LightTraceError):
    """A sentence without the secret parts of the address; `code` is its short name."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class DeliveryError(LightTraceError):
    """`permanent`: trying again cannot help. `channel_down`: other messages would fare no better
    now. `retry_after_s`: how long the channel asked us to wait.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        channel_down: bool = False,
        code: str = "",
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.channel_down = channel_down
        self.code = code
        self.retry_after_s = retry_after_s
