"""Events of a real browser, grouped and named as people wrote their code, whatever the build; and
maps that come after them.
"""

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lighttrace.event.grouping.rules import Rules
from lighttrace.ingest import late_maps
from lighttrace.sourcemaps.decode import decode
from lighttrace.store import reread
from lighttrace.store.bundles import Build
from lighttrace.web.maps import Maps
from tests.event.corpus import sample
from tests.store.uploads import Put, put_bundle
from tests.web.sending import add_projects, issues, send
from tests.web.served import Site

DATA = Path(__file__).parents[1] / "data/sourcemaps/browser"
ID = "4933f615-20c5-54a1-b1b9-65a2e8d1f4ad"
DAY_MS = 24 * 60 * 60 * 1000
BUILD = Build(1, "shop-web@7.0.1", "")


@pytest.fixture
def web(site: Site) -> Site:
    """With a project."""
    add_projects(site, "shop-web")
    return site


def upload(site: Site, *, name: str = "main.js", debug_id: str | None = ID) -> None:
    """What sentry-cli uploads of this build, already read."""
    read = decode((DATA / f"{name}.map").read_bytes())
    url = "~/assets/main.js"
    files = (
        Put(url, "script", (DATA / name).read_bytes(), debug_id, f"{url}.map"),
        Put(
            *(f"{url}.map", "map", read.table.to_bytes(), debug_id, None),
            sources={it.path: it.content for it in read.sources},
        ),
    )
    site.write(partial(put_bundle, name=name), (BUILD,), *files)


def crash(**over: Any) -> dict[str, Any]:
    raw = json.loads(sample("browser/checkout_error-03").payload)
    for place in raw["exception"]["values"][0]["stacktrace"]["frames"]:
        place["lineno"] += over.get("down", 0)
    return raw | over


def another_build(raw: dict[str, Any], event_id: str) -> dict[str, Any]:
    """The same fault where nothing is called as it was, at places that no build shares."""
    changed: dict[str, Any] = json.loads(json.dumps(raw).replace("main.js", "main.8f2c.js"))
    for frame in changed["exception"]["values"][0]["stacktrace"]["frames"]:
        if "vendor" not in frame["filename"]:
            frame["function"] = f"{frame['function']}9z"
    return changed | {"event_id": event_id}


def test_an_issue_is_named_by_what_people_wrote(web: Site) -> None:
    upload(web)
    send(web, crash())
    (issue,) = issues(web)
    assert issue.title == "TypeError"
    assert issue.culprit == "shippingLabel(src/checkout.tsx)"


def test_without_a_debug_id_release_dist_and_address_name_the_map(web: Site) -> None:
    upload(web, name="main.nodebugid.js", debug_id=None)
    raw = crash(down=-2, debug_meta={"images": []})
    send(web, raw)
    assert issues(web)[0].culprit == "shippingLabel(src/checkout.tsx)"


def test_a_new_build_of_the_same_code_stays_in_its_issue(web: Site) -> None:
    upload(web)
    send(web, crash())
    raw = another_build(crash(), "b" * 32)
    raw["debug_meta"]["images"][0]["code_file"] = "http://127.0.0.1:9001/assets/main.8f2c.js"
    send(web, raw)
    assert [issue.n for issue in issues(web)] == [2]


def test_an_event_is_kept_although_nothing_was_uploaded_for_it(web: Site) -> None:
    upload(web)
    raw = crash(release="shop-web@9.9.9")
    raw["debug_meta"]["images"][0]["debug_id"] = "0" * 32
    send(web, raw)
    (issue,) = issues(web)
    event = web.read(reread.event, web.read(newest, issue.id))
    assert event is not None
    why = event.exceptions[0].frames[-1].unmapped
    assert why is not None
    assert why.why == "no artifact with debug id 00000000-0000-0000-0000-000000000000"


def newest(db: Any, issue_id: int) -> int:
    from lighttrace.store import events

    return events.newest_rows(db, issue_id, 1)[0]


def test_maps_that_come_late_are_read_when_an_event_is_looked_at(web: Site) -> None:
    send(web, crash())
    (issue,) = issues(web)
    row = web.read(newest, issue.id)
    before = web.read(reread.event, row)
    upload(web)
    after = web.read(reread.event, row)
    assert before is not None
    assert after is not None
    assert before.exceptions[0].frames[-1].filename == "http://127.0.0.1:9001/assets/main.js"
    assert after.exceptions[0].frames[-1].filename == "src/checkout.tsx"


@pytest.mark.parametrize(("days", "expected"), [(1, [2]), (8, [1, 1])])
def test_maps_that_come_late_split_no_issue(web: Site, days: int, expected: list[int]) -> None:
    send(web, crash())
    web.clock.advance(days * DAY_MS)
    upload(web)
    send(web, crash(event_id="c" * 32))
    assert [issue.n for issue in issues(web)] == expected


def test_a_broken_map_hides_nothing_but_itself(web: Site) -> None:
    url = "~/assets/main.js"
    script = Put(url, "script", b"a()", ID, f"{url}.map")
    web.write(put_bundle, (BUILD,), script, Put(f"{url}.map", "map", b"no table", ID))
    send(web, crash())
    (issue,) = issues(web)
    event = web.read(reread.event, web.read(newest, issue.id))
    assert event is not None
    why = event.exceptions[0].frames[-1].unmapped
    assert why is not None
    assert why.why.startswith("the source map cannot be read: The table of this source map is dam")


def catch_up(site: Site) -> int:
    def grouping(project_id: int) -> Rules:
        return site.services.options(project_id).grouping

    portal = site.client.portal
    assert portal is not None
    return portal.call(late_maps.catch_up, site.services.store, grouping, site.clock.now_ms())


def test_issues_of_the_last_day_get_the_names_that_late_maps_bring(web: Site) -> None:
    send(web, crash())
    assert catch_up(web) == 0
    upload(web)
    assert catch_up(web) == 1
    assert [issue.culprit for issue in issues(web)] == ["shippingLabel(src/checkout.tsx)"]
    assert catch_up(web) == 0  # an upload is looked at once


def test_a_build_after_the_late_maps_finds_the_issue_of_the_one_before(web: Site) -> None:
    send(web, crash())
    upload(web)
    catch_up(web)
    raw = another_build(crash(), "b" * 32)
    raw["debug_meta"]["images"][0]["code_file"] = "http://127.0.0.1:9001/assets/main.8f2c.js"
    web.clock.advance(30 * DAY_MS)
    send(web, raw)
    assert [issue.n_ever for issue in issues(web)] == [2]


def test_late_maps_leave_alone_what_was_last_heard_of_before_yesterday(web: Site) -> None:
    send(web, crash())
    web.clock.advance(2 * DAY_MS)
    upload(web)
    assert catch_up(web) == 0


def test_a_page_shows_what_people_wrote_and_what_was_sent(web: Site) -> None:
    web.user()
    web.sign_in()
    upload(web)
    send(web, crash())
    page = web.client.get("/issues/SHOP-WEB-1").text
    assert "source-mapped by shop-web@7.0.1" in page
    assert "checkout.tsx:21:17" in page
    assert "toUpperCase" in page
    assert "1 frame without source: release shop-web@7.0.1 has no artifact ~/assets/ve" in page
    sent = web.client.get("/issues/SHOP-WEB-1?code=minified").text
    assert "main.js:3:655" in sent
    assert "checkout.tsx:21:17" not in sent
    assert ".toUpperCase()" in sent  # of the script, which was uploaded too
    part = {"HX-Request": "true", "HX-Target": "div#part-e0-5"}
    shown = web.client.get("/issues/SHOP-WEB-1?code=minified&show=e0-5", headers=part).text
    assert "toUpperCase" in shown


def test_events_that_come_together_after_a_start_are_all_made_readable(web: Site) -> None:
    upload(web)
    maps = Maps(web.services.store, web.clock)

    async def ask() -> list[bool]:
        return await asyncio.gather(*(maps.of(1, b'{"colno":1}') for _ in range(5)))

    assert web.client.portal is not None
    assert web.client.portal.call(ask) == [True] * 5
