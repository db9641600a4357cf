"""The composition root: store, loops and pages put together, and how they start and end.

Everything is made in `App`, so a wrong folder or database is said before anything listens; it runs
from the lifespan's beginning to its end.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.types import ASGIApp

from lighttrace import config as configuration
from lighttrace import jobs
from lighttrace.alerts import rules, trouble
from lighttrace.alerts.counting import Counting
from lighttrace.alerts.loop import Alerts, sender_host
from lighttrace.alerts.ping import Ping
from lighttrace.alerts.routine import Routine
from lighttrace.alerts.spikes import stir
from lighttrace.alerts.spikes.watch import Watch
from lighttrace.alerts.unknown import unknown_names
from lighttrace.clock import Clock, SystemClock
from lighttrace.config import Config
from lighttrace.errors import StoreError
from lighttrace.event import useragent
from lighttrace.event.scrub import ScrubRules
from lighttrace.ingest import ownership
from lighttrace.ingest.again import JudgeAgain
from lighttrace.ingest.late_maps import LateMaps
from lighttrace.settings.kinds import Sensitivity
from lighttrace.store import audit, invites, projects, users
from lighttrace.store.database import Transaction
from lighttrace.store.migrate import Progress
from lighttrace.store.store import Store
from lighttrace.supervise import Beat, Loop, Supervisor
from lighttrace.web import highlight, routes
from lighttrace.web.ingest import Ingest
from lighttrace.web.live import Live
from lighttrace.web.state import ProjectOptions, Services

log = logging.getLogger(__name__)

SETUP_LINK_MS = 24 * 60 * 60 * 1000  # a server that is forgotten half set up must not stay open
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


class App:
    """`asgi` is what a server runs. `setup_token`: of the one-time link, None once there are users.

    Raises StartError if the database cannot be had. `on_fatal` is told the sentence the process has
    to end with.
    """

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock,
        copy: bool = True,
        progress: Progress | None = None,
        on_fatal: Callable[[str], None] = log.critical,
    ) -> None:
        store = Store.open(
            config.store.path,
            clock=clock,
            synchronous=config.store.synchronous,
            copy=copy,
            progress=progress,
        )
        self._supervisor = Supervisor(clock, on_fatal=on_fatal)
        self.services = Services(store, config, clock, Live(), pulses=self._supervisor.pulses)
        self._on_fatal = on_fatal
        self.setup_token: str | None = None
        self.asgi: ASGIApp = Ingest(routes.site(config, self._lifespan), self.services)
        self._owners = JudgeAgain(store, lambda it: self.services.options(it).rules, clock)
        self._late_maps = LateMaps(store, lambda it: self.services.options(it).grouping, clock)
        self._alerts = Alerts(store, lambda: self.services.config, clock)
        self._routine = Routine(
            store,
            lambda: self.services.config,
            clock,
            lambda: sender_host(self.services.config),
            self._alerts.wake,
        )
        self._ping = Ping(store, lambda: self.services.config, clock, self._supervisor.pulses)
        self._counting = Counting(rules.policy(config))
        store.watch(self._counting)
        self.services.wake_alerts = self._alerts.wake
        self.services.sign = lambda: self._ping.sign
        self.services.loaded_at = clock.now_ms()
        self._spikes = Watch(store, self._sensitivity, clock, self._alerts.wake)
        store.on_commit += [
            self.services.live.committed,
            self._alerts.committed,
            self._spikes.committed,
        ]
        store.on_fatal.append(on_fatal)

    def _sensitivity(self, project_id: int) -> Sensitivity:
        return self.services.options(project_id).spikes

    @asynccontextmanager
    async def _lifespan(self, app: Any) -> AsyncIterator[dict[str, Services]]:
        services = self.services
        await services.store.start()
        try:
            try:
                await self._take_over(services.config)
                self.setup_token = await services.store.write(_open_door, services.clock.now_ms())
            except StoreError as error:
                self._on_fatal(str(error))
                raise
            for loop in (
                Loop("alerts", self._alerts.run),
                Loop("spikes", self._spikes.run),
                Loop("warm-up", _warm_up),
                Loop("owners", self._owners.run),
                Loop("late maps", self._late_maps.run),
                Loop("stirring", self._look_for_stirring),
                Loop("trouble", self._look_for_trouble),
                Loop("uploads", services.uploads.run),
                *jobs.timetable(
                    services.store,
                    lambda: services.config,
                    services.clock,
                    self._routine,
                    self._ping,
                ),
            ):
                self._supervisor.start(loop)
            yield {"services": services}
        finally:
            services.live.close()
            await services.errands.stop()
            await self._supervisor.stop()
            await services.store.close()

    async def _look_for_stirring(self, beat: Beat) -> None:
        services = self.services
        await stir.watch(services.store, self._sensitivity, services.clock, self._alerts.wake, beat)

    async def _look_for_trouble(self, beat: Beat) -> None:
        services = self.services
        await trouble.watch(
            services.store,
            lambda: rules.policy(services.config),
            self._alerts.wake,
            services.clock,
            beat,
        )

    async def reload(self) -> tuple[str, ...]:
        """Read the file again; what can change live does, wholly or not at all.

        Returns the settings that wait for the next start. Raises ConfigError.
        """
        old = self.services.config
        new, waits = configuration.reloaded(old, configuration.load(old.source))
        await self._take_over(new)
        self.services.config = new
        self.services.loaded_at = self.services.clock.now_ms()
        if new.source is not None:
            now_ms, name = self.services.clock.now_ms(), new.source.name
            with suppress(StoreError):  # it is in force, whether that can be written down or not
                await self.services.store.write(_note_reload, name, now_ms)
        return waits

    async def _take_over(self, config: Config) -> None:
        """Match `[[project]]` with the database; what the file says of each counts from now on."""
        services = self.services
        options: dict[int, ProjectOptions] = {}
        for one in config.projects:
            project = await services.store.write(
                projects.ensure, one.slug, one.name, one.platform, services.clock.now_ms()
            )
            if project is None:
                log.warning("[[project]] %s is ignored: the project was deleted", one.slug)
                continue
            scrubbed = ScrubRules(
                enabled=one.scrub.enabled,
                extra_keys=one.scrub.keys,
                safe_keys=one.scrub.safe_keys,
                keep_addresses=one.keep_addresses,
            )
            owned = config.rulebook(one.slug)
            options[project.id] = ProjectOptions(
                scrubbed,
                one.keep_addresses,
                owned,
                config.grouping_rules(one.slug),
                config.spikes(one.slug),
            )
        services.project_options = options
        self._counting.take(rules.policy(config))
        services.other_options = ProjectOptions(
            rules=config.rulebook(""),
            grouping=config.grouping_rules(""),
            spikes=config.spikes(""),
        )
        for look in (ownership.unknown_owners, unknown_names):
            for missing in await services.store.read(look, config):
                log.warning("%s", missing)


def create_app(config: Config, *, clock: Clock | None = None) -> App:
    """The whole of LightTrace over the database that the file names."""
    return App(config, clock=clock or SystemClock())


def _open_door(tx: Transaction, now_ms: int) -> str | None:
    """A set-up link while nobody can sign in."""
    if users.any_exist(tx):
        return None
    return invites.make_setup(tx, now_ms, SETUP_LINK_MS)


def _note_reload(tx: Transaction, name: str, now_ms: int) -> None:
    audit.note(tx, audit.COMMAND, "settings.reload", name, now_ms)


async def _warm_up(beat: Beat) -> None:
    """What is slow the first time: the list of browsers (300 ms) and the lexers of code."""
    beat()
    await asyncio.to_thread(useragent.parse, AGENT)
    await asyncio.to_thread(highlight.warm)
