"""`/settings/system`: whether the server does what it is for, for admins: how soon messages were
handed over, what waits, and how ingest, database and loops are doing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from lighttrace import __version__
from lighttrace.alerts.news import age
from lighttrace.store import alert_ages, alert_history, artifacts
from lighttrace.store.alert_ages import Channel, Outbox, Taken
from lighttrace.store.alert_history import Became
from lighttrace.store.artifacts import Sizes
from lighttrace.store.database import Reader
from lighttrace.store.sendings import Ages
from lighttrace.store.sight import ALL
from lighttrace.web import age_chart, channel_words, state
from lighttrace.web.channel_words import Way
from lighttrace.web.format import DAY
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.settings import frame
from lighttrace.web.render import render

ALIVE_MS = 7 * DAY  # an older line says nothing any more


@dataclass(frozen=True, slots=True)
class Found:
    """Of the last day."""

    taken: list[Taken]
    became: Became
    outbox: Outbox
    channels: Mapping[str, Channel]
    uploads: Sizes  # of all times


@dataclass(frozen=True, slots=True)
class Road:
    """One kind of channel: how many messages went that way, and how old they were by then."""

    words: str
    ages: Ages

    @property
    def p50(self) -> str:
        return _said(self.ages.p50_ms)

    @property
    def p95(self) -> str:
        return _said(self.ages.p95_ms)

    @property
    def is_slow(self) -> bool:
        return (self.ages.p95_ms or 0) > age_chart.PROMISED_MS


async def show(request: Request) -> Response:
    services = state.of(request)
    config, now_ms = services.config, services.clock.now_ms()
    found = await services.store.read(_find, now_ms)
    mails = [it for it in found.taken if not it.by_hook]
    hooks = [it for it in found.taken if it.by_hook]
    ways: list[Way] = channel_words.ways(config, found.channels, services.sign())
    return render(
        request,
        "pages/system.html",
        **frame(request, "System"),
        roads=[
            Road("Mail", alert_ages.ages(mails)),
            Road("Webhooks", alert_ages.ages(hooks)),
        ],
        found=found,
        ways=ways,
        alive=config.alerts.alive is not None,
        health=services.store.health(),
        pulses=sorted(services.pulses(), key=lambda it: it.name),
        artifact_days=config.store.artifact_days,
        path=str(config.store.path),
        running=__version__,
        loaded_at=services.loaded_at,
    )


def _find(db: Reader, now_ms: int) -> Found:
    return Found(
        alert_ages.taken(db, ALL, now_ms - DAY),
        alert_history.became(db, ALL, now_ms - DAY),
        alert_ages.outbox(db, now_ms - ALIVE_MS),
        alert_ages.channels(db),
        artifacts.sizes(db),
    )


def _said(ms: int | None) -> str:
    return "–" if ms is None else age(ms / 1000)


PAGES = (Page("/settings/system", show, Guard.ADMIN, name="system"),)
