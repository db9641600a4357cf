"""Where something came from: what the request itself, its key and its project's options say."""

from collections.abc import Callable
from dataclasses import dataclass, field

from lighttrace.event.grouping.rules import NONE, Rules
from lighttrace.event.model import Event
from lighttrace.event.owners import NO_RULES, Rulebook
from lighttrace.event.scrub import ScrubRules
from lighttrace.ingest.familiar import Familiar


@dataclass(frozen=True, slots=True)
class Origin:
    """`ip`: the peer, None where the project keeps no addresses. `user_agent`: only of browsers."""

    project_id: int
    key_id: int
    received_at: int  # ms
    ip: str | None = None
    user_agent: str | None = None
    sdk: str | None = None  # sentry.python/2.75.0
    scrub: ScrubRules = field(default_factory=ScrubRules)
    familiar: Familiar = field(default_factory=Familiar)
    rules: Rulebook = NO_RULES
    grouping: Rules = NONE
    # makes frames of minified code readable; None: nothing was uploaded that could
    readable: Callable[[Event], Event] | None = None
