"""Open pages hear what changed: a little at a time, never without end, and nothing of other
projects.
"""

import asyncio
import json

from lighttrace.store.writes import Committed
from lighttrace.web.live import IDS, SUBSCRIBERS, Live
from tests.web.served import Site


def batch(*issues: int, project: int = 1) -> Committed:
    return Committed(issue_ids=frozenset(issues), project_ids=frozenset({project}))


def events(text: str) -> list[tuple[str, str]]:
    out = []
    for message in text.strip().split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in message.splitlines() if not line.startswith(":")
        )
        if "event" in fields:
            out.append((fields["event"], fields["data"]))
    return out


async def opened(live: Live, project: int | None = None, **options):
    stream = live.stream(None if project is None else frozenset({project}), gap_s=0.0, **options)
    assert "retry" in await anext(stream)
    return stream


async def test_a_page_is_told_which_issues_changed_and_that_it_was_the_first_event():
    live = Live()
    stream = await opened(live, 1)
    live.committed(batch(7, 5))
    assert events(await anext(stream)) == [
        ("project-1-first", "1"),
        ("issues-changed", '{"ids": [5, 7], "all": false}'),
    ]
    live.committed(batch(9))
    assert events(await anext(stream)) == [("issues-changed", '{"ids": [9], "all": false}')]


async def test_a_page_of_one_project_hears_nothing_of_another():
    live = Live()
    stream = await opened(live, 1, heartbeat_s=0.01)
    live.committed(batch(7, project=2))
    assert events(await anext(stream)) == []


async def test_batches_that_come_while_a_page_is_not_reading_become_one_message():
    live = Live()
    stream = await opened(live)
    for issue in range(10):
        live.committed(batch(issue))
    names = [name for name, _ in events(await anext(stream))]
    assert names == ["project-1-first", "issues-changed"]


async def test_a_storm_is_told_without_ids():
    live = Live()
    stream = await opened(live)
    live.committed(batch(*range(IDS + 1)))
    told = dict(events(await anext(stream)))
    assert json.loads(told["issues-changed"]) == {"ids": [], "all": True}


async def test_a_page_that_opens_after_the_first_event_is_told_at_once():
    live = Live()
    stream = await opened(live, 3, already_first=True)
    assert events(await anext(stream)) == [("project-3-first", "3")]


async def test_quiet_streams_show_that_they_live_and_end_after_their_time():
    live = Live()
    stream = await opened(live, heartbeat_s=0.001, life_s=0.005)
    rest = [text async for text in stream]
    assert rest and all(text.startswith(":") for text in rest)
    assert len(live) == 0


async def test_streams_end_when_the_server_stops_and_no_new_ones_begin():
    live = Live()
    stream = await opened(live)
    waiting = asyncio.create_task(anext(stream, None))
    await asyncio.sleep(0)
    live.close()
    assert await waiting is None
    assert live.full
    assert len(live) == 0


async def test_there_are_never_more_streams_than_the_server_can_hold():
    live = Live()
    streams = [await opened(live) for _ in range(SUBSCRIBERS)]
    assert live.full
    await streams[0].aclose()
    assert not live.full
    for stream in streams[1:]:
        await stream.aclose()


def test_a_stream_of_an_unknown_project_is_not_found(mira: Site):
    assert mira.client.get("/live?project=nothing").status_code == 404


def test_when_there_are_too_many_streams_the_page_is_told_to_come_back(mira: Site):
    mira.services.live.close()
    answer = mira.client.get("/live")
    assert answer.status_code == 503 and answer.headers["retry-after"] == "30"
