"""Events of obfuscated Java, grouped, named and shown as people wrote their code; and mappings that
come after them.
"""

from typing import Any

import pytest

from lighttrace.sourcemaps import retrace
from lighttrace.store import debug_files
from lighttrace.store.bundles import Build
from lighttrace.store.database import Transaction
from tests.sourcemaps.test_jvm import DATA, SOURCES, UUIDS, payload
from tests.store.uploads import Put, put_bundle
from tests.web.sending import add_projects, issues, send
from tests.web.served import Site
from tests.web.test_maps import catch_up


@pytest.fixture
def web(site: Site) -> Site:
    """With a project."""
    add_projects(site, "shop")
    return site


def upload(site: Site, *builds: str) -> None:
    """Mappings as sentry-cli and the plugin of Gradle upload them, already read."""

    def put(tx: Transaction, debug_id: str, *files: Put) -> None:
        bundle_id = put_bundle(tx, [Build(1)], *files, name=debug_id, now_ms=site.clock.now_ms())
        debug_files.name_it(tx, 1, debug_id, bundle_id, "mapping.txt", site.clock.now_ms())

    for build in builds:
        table = retrace.build((DATA / f"{build}.mapping.txt").read_bytes())
        site.write(put, UUIDS[build], Put("~/mapping.txt", "mapping", table))
    sources = [
        Put(f"~/com/shop/{it.stem}.jvm", "source", it.read_bytes())
        for it in (DATA / "src/com/shop").iterdir()
    ]
    site.write(put, SOURCES, *sources)


def crash(build: str, event_id: str = "a") -> dict[str, Any]:
    return payload(build, event_id=event_id * 32)


def test_an_issue_is_named_by_what_people_wrote(web: Site) -> None:
    upload(web, "build1")
    send(web, crash("build1"))
    (issue,) = issues(web)
    assert issue.title == "PaymentError"
    assert "plus" in (issue.culprit or "")


def test_a_new_build_of_the_same_code_stays_in_its_issue(web: Site) -> None:
    upload(web, "build1", "build2")
    send(web, crash("build1"))
    send(web, crash("build2", "b"))
    assert [issue.n for issue in issues(web)] == [2]


def test_mappings_that_come_late_name_the_issue_and_find_the_next_build(web: Site) -> None:
    send(web, crash("build1"))
    assert [issue.title for issue in issues(web)] == ["c"]
    upload(web, "build1", "build2")
    assert catch_up(web) == 1
    assert [issue.title for issue in issues(web)] == ["PaymentError"]
    send(web, crash("build2", "b"))
    assert [issue.n_ever for issue in issues(web)] == [2]


def test_a_page_shows_what_people_wrote_and_what_was_sent(web: Site) -> None:
    web.user()
    web.sign_in()
    upload(web, "build1")
    send(web, crash("build1"))
    page = web.client.get("/issues/SHOP-1").text
    assert "Money.plus" in page
    assert "Money.java:12" in page
    assert "inlined" in page
    assert "negative amount" in page
    assert "PaymentError" in page
    sent = web.client.get("/issues/SHOP-1?code=minified").text
    assert "SourceFile:12" in sent
    assert "Money.java:12" not in sent


def test_a_page_says_which_mapping_is_missing(web: Site) -> None:
    web.user()
    web.sign_in()
    send(web, crash("build1"))
    page = web.client.get("/issues/SHOP-1").text
    assert f"no mapping with the UUID {UUIDS['build1']} was uploaded" in page
    assert f"sentry-cli upload-proguard --uuid {UUIDS['build1']} mapping.txt" in page


def test_an_exception_without_a_stack_gets_its_name_as_well(web: Site) -> None:
    raw = crash("build1")
    del raw["exception"]["values"][0]["stacktrace"]
    send(web, raw)
    upload(web, "build1")
    assert catch_up(web) == 1
    assert [issue.title for issue in issues(web)] == ["PaymentError"]
