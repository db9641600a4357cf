"""What every handler can reach: the store, the configuration, the clock and the live hub.

The lifespan yields `{"services": services}`; handlers read it with `of(request)`.
"""

from asyncio import Semaphore
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from lighttrace.alerts.ping import Sign
from lighttrace.clock import Clock
from lighttrace.config import Config
from lighttrace.event.grouping.rules import NONE, Rules
from lighttrace.event.owners import NO_RULES, Rulebook
from lighttrace.event.scrub import ScrubRules
from lighttrace.settings.kinds import Sensitivity
from lighttrace.store.deleting import wait_for_quiet
from lighttrace.store.store import Store
from lighttrace.store.tag_stats import ProjectTallies
from lighttrace.supervise import Pulse
from lighttrace.uploads.assembly import Assembly, folder_of
from lighttrace.web.errands import Errands
from lighttrace.web.live import Live
from lighttrace.web.throttle import Throttle

if TYPE_CHECKING:
    from lighttrace.web.oidc import Provider


@dataclass(frozen=True, slots=True)
class ProjectOptions:
    """What the file says about one project, as ingest needs it."""

    scrub: ScrubRules = field(default_factory=ScrubRules)
    keep_addresses: bool = True
    rules: Rulebook = NO_RULES
    grouping: Rules = NONE
    spikes: Sensitivity = "default"


DEFAULT_OPTIONS = ProjectOptions()


@dataclass(slots=True)
class Services:
    """`config` and the options are replaced as a whole when the file is read again."""

    store: Store
    config: Config
    clock: Clock
    live: Live
    # by project id; filled when `[[project]]` of the file has been matched with the database
    project_options: dict[int, ProjectOptions] = field(default_factory=dict)
    # of those the file does not name: `[owners]` counts for all
    other_options: ProjectOptions = DEFAULT_OPTIONS
    throttle: Throttle = field(default_factory=Throttle)
    tallies: ProjectTallies = field(default_factory=ProjectTallies)  # of projects, for a minute
    forgotten: Throttle = field(default_factory=Throttle)  # of links to a new password
    errands: Errands = field(default_factory=Errands)
    wake_alerts: Callable[[], None] = lambda: None  # there is a message to send
    pulses: Callable[[], tuple[Pulse, ...]] = tuple  # of the loops, for the health page
    sign: Callable[[], Sign] = Sign  # the last one of life, to [alerts] ping_url
    loaded_at: int = 0  # when the file was read, ms
    tests: Throttle = field(default_factory=Throttle)  # of channels, by people

    uploads: Assembly = field(init=False)  # what is uploaded, and the loop that reads it
    # requests with files in memory at a time, 4 MiB each; the others wait
    upload_slots: Semaphore = field(default_factory=lambda: Semaphore(4))

    _provider: "Provider | None" = None

    def __post_init__(self) -> None:
        folder = folder_of(self.store.path)
        self.uploads = Assembly(self.store, folder, self.clock, partial(wait_for_quiet, self.store))

    def provider(self) -> "Provider | None":
        """That of `[sign_in.oidc]`, with what it has told us so far."""
        options = self.config.sign_in.oidc
        if options is None:
            return None
        if self._provider is None or self._provider.options != options:
            from lighttrace.web.oidc import Provider  # 12 MB that most servers do not need

            self._provider = Provider(options, self.clock)
        return self._provider

    def options(self, project_id: int) -> ProjectOptions:
        return self.project_options.get(project_id, self.other_options)


def of(request: HTTPConnection) -> Services:
    services = request.state.services
    assert isinstance(services, Services)
    return services
