"""An event as LightTrace understands it, whatever an SDK called things.

`normalize.normalise()` makes these; everything else only reads them. They are msgspec structs, not
dataclasses: an event has about twenty frames, and a frozen dataclass of seven fields takes 0.93 µs
to make where a struct takes 0.10 (docs/performance.md, "the way of an event"). Strings are already
free of NUL and of lone surrogates.
"""

from typing import Any, TypeAlias

import msgspec

Json: TypeAlias = Any  # what a JSON decoder returns: dict, list, str, int, float, bool or None
Raw: TypeAlias = dict[str, Json]

LEVELS = ("debug", "info", "warning", "error", "fatal")  # stored as 10 × index + 10: 10 … 50


class Cut(msgspec.Struct, frozen=True):
    """How much of a stack counts, by stack trace rules: `most` and `least` contributing frames."""

    most: int | None = None
    least: int | None = None
    inverted: bool = False  # the client sent the newest call first
    by: str = ""  # the rule, as it is written


class Ruled(msgspec.Struct, frozen=True):
    """What stack trace rules made of a frame. All frames of a stack have it, or none.

    `said`: what the SDK said of `in_app`, which now holds what counts. `group`: whether the frame
    is to count, None if no rule says so. `app_by`, `group_by`: the rules, as they are written.
    """

    said: bool | None = None
    group: bool | None = None
    app_by: str = ""
    group_by: str = ""
    cut: Cut | None = None  # the same for all frames of a stack


class Unmapped(msgspec.Struct, frozen=True):
    """Why a frame of minified code stayed as it was sent, and what to do: sentences for people."""

    why: str
    remedy: str


class Frame(msgspec.Struct, frozen=True):
    """One call. Oldest call first in a stack, the raising one last. `in_app` is what the SDK said,
    None if it did not.
    """

    function: str | None = None
    raw_function: str | None = None
    module: str | None = None
    filename: str | None = None
    abs_path: str | None = None
    lineno: int | None = None
    colno: int | None = None
    context_line: str | None = None
    pre_context: tuple[str, ...] = ()
    post_context: tuple[str, ...] = ()
    in_app: bool | None = None
    vars: dict[str, Json] | None = None
    platform: str | None = None
    package: str | None = None
    instruction_addr: str | None = None
    symbol_addr: str | None = None
    addr_mode: str | None = None
    source_link: str | None = None
    # `sourcemap` in here marks a frame the client mapped itself
    data: dict[str, Json] | None = None
    ruled: Ruled | None = None  # once stack trace rules have changed something in its stack
    # as it was sent, once a source map has made the frame readable; or why none has
    minified: "Frame | None" = None
    unmapped: Unmapped | None = None


class Mechanism(msgspec.Struct, frozen=True):
    type: str = "generic"
    handled: bool | None = None
    synthetic: bool | None = None
    description: str | None = None
    help_link: str | None = None
    source: str | None = None
    exception_id: int | None = None
    parent_id: int | None = None
    is_exception_group: bool | None = None
    data: dict[str, Json] | None = None
    meta: dict[str, Json] | None = None


class ExceptionValue(msgspec.Struct, frozen=True):
    """One link of a chain; root cause first, the one raised last comes last."""

    type: str | None = None
    value: str | None = None
    module: str | None = None
    thread_id: str | None = None
    mechanism: Mechanism | None = None
    frames: tuple[Frame, ...] = ()
    frames_omitted: int = 0  # cut out of the middle of a very long stack
    # module and type as they were sent, once a mapping has made them readable
    obfuscated: tuple[str | None, str] | None = None


class Thread(msgspec.Struct, frozen=True):
    id: str | None = None
    name: str | None = None
    crashed: bool = False
    current: bool = False
    main: bool = False
    state: str | None = None
    frames: tuple[Frame, ...] = ()


class Message(msgspec.Struct, frozen=True):
    """`template` as the programmer wrote it (None if the SDK sent only text), `formatted` as people
    read it.
    """

    formatted: str
    template: str | None = None


class User(msgspec.Struct, frozen=True):
    id: str | None = None
    email: str | None = None
    username: str | None = None
    name: str | None = None
    ip_address: str | None = None


class Remark(msgspec.Struct, frozen=True):
    """Something the server or SDK could not take as it was: shown on the event's page."""

    type: str
    name: str | None = None
    value: str | None = None


class Arrival(msgspec.Struct, frozen=True):
    """What the request around an event told us. Kept beside the body so that `normalise` gives the
    same event again.
    """

    received_at: int  # ms
    event_id: str | None = None  # 32 hex, of the envelope header; wins over the payload's
    sent_at: int | None = None  # ms
    # the peer, after trusted proxies; None where addresses are not to be kept
    ip_address: str | None = None
    user_agent: str | None = None


class Event(msgspec.Struct, frozen=True):
    event_id: str  # 32 lower-case hex
    received_at: int  # ms
    happened_at: int  # ms, corrected for the client's clock
    # what the client sent, scrubbed: breadcrumbs, extra, packages are read from here when shown
    raw: Raw
    kind: str = "default"  # error | csp | default
    platform: str = "other"
    level: str = "error"
    logger: str | None = None
    server_name: str | None = None
    release: str | None = None
    dist: str | None = None
    environment: str | None = None
    transaction: str | None = None
    message: Message | None = None
    exceptions: tuple[ExceptionValue, ...] = ()
    threads: tuple[Thread, ...] = ()
    frames: tuple[Frame, ...] = ()  # a stack trace of the event itself (messages, legacy clients)
    fingerprint: tuple[str, ...] = ()  # as the client sent it, `{{ default }}` included
    checksum: str | None = None  # 32 hex, legacy
    # the client's, cleaned; `tags.all_tags()` adds the derived ones
    tags: tuple[tuple[str, str], ...] = ()
    user: User | None = None
    request_url: str | None = None
    request_method: str | None = None
    contexts: dict[str, dict[str, Json]] = {}
    # effective_directive, blocked_uri, document_uri, …: dashes turned to underscores
    csp: dict[str, str] | None = None
    trace_id: str | None = None  # 32 hex
    span_id: str | None = None  # 16 hex
    sdk_name: str | None = None
    sdk_version: str | None = None
    remarks: tuple[Remark, ...] = ()

    @property
    def unhandled(self) -> bool:
        """Whether any exception says it was not handled; SDKs differ in which link of the chain
        carries it.
        """
        return any(
            e.mechanism is not None and e.mechanism.handled is False for e in self.exceptions
        )

    def without_parts(self) -> "Event":
        """The same event without its frames, contexts and what the client sent: some thousand
        objects that nobody needs once an event is on its way to the database. With 64 waiting they
        would fill the processor's cache (docs/performance.md, "Memory").
        """
        exceptions = tuple(msgspec.structs.replace(it, frames=()) for it in self.exceptions)
        return msgspec.structs.replace(
            self, raw={}, exceptions=exceptions, threads=(), frames=(), contexts={}
        )
