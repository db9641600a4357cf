"""What was uploaded for a project, which map a script would be read with, and how to upload."""

import re
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import pytest

from lighttrace.store import audit, bundles, maps, unused
from lighttrace.store.audit import Wanted
from lighttrace.store.bundles import Build
from lighttrace.store.maps import Lack, NoMap
from tests.store.uploads import Put, put_bundle
from tests.web.sending import add_projects
from tests.web.served import NOW_MS, Site, served
from tests.web.test_issue_page import part, text_of
from tests.web.test_maps import ID, crash, upload

AT = "/settings/projects/shop-web/uploads"
SCRIPT = "https://shop.example/assets/main.js"


@pytest.fixture
def web(tmp_path: Path):
    with served(tmp_path) as site:
        site.user()
        site.sign_in()
        add_projects(site, "shop-web", "blog")
        yield site


def put(site: Site, *builds: Build, name: str = "", at: int = NOW_MS) -> int:
    files = (
        Put("~/a.js", "script", b"a()", map_url="~/a.js.map"),
        Put("~/a.js.map", "map", b"broken", error="The map is not JSON"),
        Put("~/vendor.js", "script", b"v()"),
    )
    made: int = site.write(partial(put_bundle, name=name, now_ms=at), builds, *files)
    return made


def fail(site: Site, build: Build) -> None:
    made = site.write(bundles.receive, b"f" * 20, [], [build], "sentry-cli/3.6.0", NOW_MS)
    site.write(bundles.take, NOW_MS)
    site.write(bundles.settle, made.id, 0, NOW_MS, "The archive is not a zip.")


def shown(site: Site, **asked: str) -> str:
    answer = site.client.get(f"{AT}?{urlencode(asked)}" if asked else AT)
    assert answer.status_code == 200, answer.text
    return " ".join(text_of(answer.text).split())


def test_an_empty_page_says_what_to_do_with_the_projects_own_values(web: Site) -> None:
    said = shown(web)
    assert "Nothing is uploaded yet" in said and "Upload the source maps of a build" in said
    assert "SENTRY_URL=http://testserver SENTRY_ORG=lighttrace SENTRY_PROJECT=shop-web" in said
    assert "lighttrace sourcemaps upload dist --project shop-web" in said


def test_each_upload_says_its_build_its_state_and_what_went_wrong(web: Site) -> None:
    put(web, Build(1, "shop@1", "b7"))
    fail(web, Build(1, "shop@2"))
    web.write(bundles.receive, b"w" * 20, [], [Build(1, "shop@3")], "curl/8.5", NOW_MS + 1)
    said = shown(web)
    assert "shop@1 dist b7 Ready 3 12 B now tests/1.0 not yet" in said
    assert "shop@2 Failed The archive is not a zip. – now sentry-cli/3.6.0 –" in said
    assert said.index("shop@3 Waiting") < said.index("shop@2 Failed")


def test_uploads_of_other_projects_are_not_listed_nor_looked_into(web: Site) -> None:
    put(web, Build(2, "secret@1"))
    said = shown(web, url="/a.js", release="secret@1")
    assert "by release no: nothing was uploaded for secret@1" in said.lower()
    assert "Ready" not in said and "Nothing is uploaded yet" in said


def test_a_long_list_is_read_page_by_page(web: Site) -> None:
    for number in range(27):
        put(web, Build(1, f"shop@{number}"), name=str(number), at=NOW_MS + number // 3)
    first = web.client.get(AT).text
    (older,) = re.findall(r'href="([^"]+)">Older', first)
    second = web.client.get(older.replace("&amp;", "&")).text
    seen = [re.findall(r'class="mono">(shop@\d+)</span>', html) for html in (first, second)]
    assert [len(it) for it in seen] == [25, 2] and len({*seen[0], *seen[1]}) == 27
    assert "Newest" in second and "Older" not in second
    for hostile in ("?at=x&bundle=1", "?at=9&bundle=" + "9" * 40, "?at=-1"):
        assert web.client.get(AT + hostile).status_code == 200


def test_a_script_is_found_by_its_debug_id(web: Site) -> None:
    upload(web)
    said = shown(web, debug_id=ID.upper())
    assert "It would be read with ~/assets/main.js.map" in said
    assert "By debug id yes: a map has it, so release, dist and address do not matter" in said


def test_a_position_becomes_the_place_people_wrote(web: Site) -> None:
    upload(web)
    call = crash()["exception"]["values"][0]["stacktrace"]["frames"][-1]
    at = {"line": str(call["lineno"]), "column": str(call["colno"])}
    said = shown(web, url=SCRIPT, release="shop-web@7.0.1", **at)
    assert "By debug id none is given" in said
    assert "By release yes: files were uploaded for shop-web@7.0.1" in said
    assert "The same dist yes: no dist" in said
    assert "shippingLabel" in said and "src/ checkout.tsx:" in said
    said = shown(web, url=SCRIPT, release="shop-web@7.0.1", line="9", column="1")
    assert "The position is not known: line 9, column 1 is outside the map." in said


@pytest.mark.parametrize(
    ("asked", "step", "remedy"),
    [
        ({"release": "shop@2"}, "nothing was uploaded for shop@2", "Upload the source maps"),
        ({"release": "shop@1"}, "no dist is asked for, uploaded is “b7”", "must be the same"),
        (
            {"release": "shop@1", "dist": "b7", "url": "https://x.example/js/a.js"},
            "no file is called https://x.example/js/a.js nor ~/js/a.js",
            "Scripts of this build are called ~/a.js , ~/vendor.js .",
        ),
        (
            {"release": "shop@1", "dist": "b7", "url": "/vendor.js"},
            "the script names none, and none lies beside it",
            "sourceMappingURL",
        ),
        ({"release": "shop@1", "dist": "b7"}, "The map is not JSON", "Upload the map again."),
        ({"debug_id": "main"}, "main is no UUID", ""),
        ({"debug_id": ID}, f"no map of this project has {ID}", "is not the one whose source maps"),
        ({}, "By release none is given", "sentry-cli sourcemaps inject"),
    ],
)
def test_it_says_where_it_fails_and_what_to_do(
    web: Site, asked: dict[str, str], step: str, remedy: str
) -> None:
    put(web, Build(1, "shop@1", "b7"))
    said = shown(web, **{"url": "/a.js"} | asked)
    assert "It would stay minified" in said and step in said and remedy in said


def test_what_is_typed_is_shown_as_text_and_asked_for_alone_by_htmx(web: Site) -> None:
    query = urlencode({"url": "<b>/a.js", "release": '"><i>', "line": "1e9", "column": "0"})
    answer = web.client.get(f"{AT}?{query}", headers=part("div#checked"))
    assert answer.text.lstrip().startswith('<div id="checked"')
    assert "<b>/" not in answer.text and "<i>" not in answer.text


def test_a_member_takes_an_upload_back_and_only_of_that_build(web: Site) -> None:
    web.user("mem@example.com", "member", "Mem")
    web.sign_in("mem@example.com")
    made = put(web, Build(1, "shop@1"), Build(1, "shop@2"))
    answer = web.client.post(f"{AT}/{made}/delete", data={"release": "shop@1", "dist": ""})
    assert answer.headers["location"] == f"{AT}?saved=withdrawn"
    said = shown(web)
    assert "shop@1" not in said and "shop@2 Ready" in said
    assert web.read(maps.by_url, Build(1, "shop@1"), "/a.js") == NoMap(Lack.RELEASE)
    (entry,) = web.read(audit.page, Wanted(None, "upload", 0, None), 5)
    assert (entry.user, entry.subject, entry.detail["release"]) == ("Mem", "shop-web", "shop@1")
    assert web.client.post(f"{AT}/{made}/delete", data={"release": "shop@1"}).status_code == 404
    web.client.post(f"{AT}/{made}/delete", data={"release": "shop@2"})
    assert web.write(unused.expire, NOW_MS, 90) == 1


def test_viewers_look_but_must_not_delete(web: Site) -> None:
    web.user("vic@example.com", "viewer", "Vic")
    web.sign_in("vic@example.com")
    made = put(web, Build(1, "shop@1"))
    assert "Delete" not in shown(web)
    assert web.client.post(f"{AT}/{made}/delete", data={"release": "shop@1"}).status_code == 403
