"""Which map a script has: by its debug id, by its URL in a build, or why none."""

from sqlite3 import Connection

import pytest

from lighttrace.store import artifacts, bundles, maps
from lighttrace.store.artifacts import Source
from lighttrace.store.bundles import Build
from lighttrace.store.database import transaction
from lighttrace.store.maps import FoundMap, Lack, NoMap
from tests.store.make import DAY, NOON, add_project
from tests.store.test_plans import asked
from tests.store.uploads import Put, put_bundle

ID = "1f9a4a52-4b2d-4e57-9d40-0d9a3a8f5c11"
BUILD = Build(1, "web@3.18.2", "b7")
SCRIPT = Put("~/assets/main.js", "script", b"a()", map_url="~/assets/main.js.map")
MAP = Put("~/assets/main.js.map", "map", b"table", sources={"src/a.ts": "one()", "src/b.ts": None})


def put(db: Connection, *files: Put, builds: tuple[Build, ...] = (BUILD,), at: int = NOON) -> int:
    with transaction(db) as tx:
        return put_bundle(tx, builds, *files, now_ms=at)


def found(db: Connection, url: str, build: Build = BUILD) -> FoundMap:
    answer = maps.by_url(db, build, url)
    assert isinstance(answer, FoundMap), answer
    return answer


def test_a_map_is_found_by_the_debug_id_of_its_script_whatever_the_release(db: Connection) -> None:
    put(
        db,
        Put("~/0.js", "script", b"a()", debug_id=ID),
        Put("~/0.js.map", "map", b"table", debug_id=ID),
        builds=(Build(1),),
    )
    answer = maps.by_debug_id(db, 1, ID)
    assert answer is not None and answer.script_id is not None
    assert artifacts.content(db, answer.id) == b"table"
    assert artifacts.content(db, answer.script_id) == b"a()"
    assert maps.by_debug_id(db, 1, ID.replace("-", "").upper()) == answer
    for other in (ID.replace("1", "2"), "main", "", "9" * 1000):
        assert maps.by_debug_id(db, 1, other) is None


def test_a_project_is_never_shown_the_files_of_another(db: Connection) -> None:
    with transaction(db) as tx:
        add_project(tx, 2, "api")
    put(db, Put("~/0.js.map", "map", b"table", debug_id=ID), SCRIPT, MAP)
    assert maps.by_debug_id(db, 2, ID) is None
    assert maps.by_url(db, Build(2, "web@3.18.2", "b7"), "/assets/main.js") == NoMap(Lack.RELEASE)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/assets/main.js",
        "https://cdn.example:8443/assets/main.js?v=2#top",
        "app:///assets/main.js",
        "/assets/main.js",
        "~/assets/main.js",
        "assets/main.js",
    ],
)
def test_a_map_is_found_by_url_whatever_the_host(db: Connection, url: str) -> None:
    put(db, SCRIPT, MAP)
    answer = found(db, url)
    assert artifacts.content(db, answer.id) == b"table"
    sources = artifacts.sources(db, answer.id)
    assert [it.path for it in sources] == ["src/a.ts", "src/b.ts"]
    assert sources[0].artifact_id is not None
    assert artifacts.content(db, sources[0].artifact_id) == b"one()"
    assert sources[1] == Source("src/b.ts", None)


def test_why_there_is_none(db: Connection) -> None:
    put(db, SCRIPT, MAP, Put("~/lost.js", "script", b"1", map_url="~/lost.js.map"))
    put(db, Put("~/plain.js", "script", b"2"))

    def why(url: str, build: Build = BUILD) -> object:
        return maps.by_url(db, build, url)

    assert why("/assets/main.js", Build(1, "web@4", "b7")) == NoMap(Lack.RELEASE)
    assert why("/assets/main.js", Build(1, "", "")) == NoMap(Lack.RELEASE)
    assert why("/assets/main.js", Build(1, "web@3.18.2")) == NoMap(Lack.DIST, ("b7",))
    assert why("/other/main.js") == NoMap(Lack.URL, ("b7",))
    assert why("/plain.js") == NoMap(Lack.NAMELESS)
    assert why("https://a.example/lost.js") == NoMap(Lack.MAP, map_url="~/lost.js.map")
    assert isinstance(why("http://[half/main.js"), NoMap)


def test_a_map_that_was_uploaded_alone_lies_beside_its_script(db: Connection) -> None:
    put(db, MAP)
    assert found(db, "https://shop.example/assets/main.js").script_id is None


def test_a_map_that_comes_in_another_upload_of_the_build_is_found(db: Connection) -> None:
    put(db, SCRIPT)
    assert maps.by_url(db, BUILD, "/assets/main.js") == NoMap(
        Lack.MAP, map_url="~/assets/main.js.map"
    )
    put(db, MAP)
    assert found(db, "/assets/main.js").script_id is not None


def test_the_newest_upload_of_a_url_counts(db: Connection) -> None:
    put(db, SCRIPT, MAP)
    newer = put(db, SCRIPT, Put(MAP.url, "map", b"newer"), at=NOON + 1)
    assert found(db, "/assets/main.js").bundle_id == newer
    put(db, SCRIPT, MAP, at=NOON + 2)  # a rollback: uploaded for the same release again
    assert artifacts.content(db, found(db, "/assets/main.js").id) == b"table"


def test_one_bundle_may_be_of_several_builds_and_projects(db: Connection) -> None:
    with transaction(db) as tx:
        add_project(tx, 2, "api")
    first = put(db, SCRIPT, MAP)
    again = put(db, SCRIPT, MAP, builds=(Build(2, "web@3.18.3"), Build(1, "web@3.18.3")))
    assert again == first
    for build in (BUILD, Build(1, "web@3.18.3"), Build(2, "web@3.18.3")):
        assert found(db, "/assets/main.js", build).bundle_id == first
    assert artifacts.sizes(db).files == 3  # script, map, and the one source that has a text


def test_a_broken_map_says_why(db: Connection) -> None:
    put(db, SCRIPT, Put(MAP.url, "map", error="It is no JSON."))
    answer = found(db, "/assets/main.js")
    assert answer.error == "It is no JSON." and artifacts.content(db, answer.id) is None


def test_nothing_of_a_bundle_is_found_before_all_of_it_was_read(db: Connection) -> None:
    with transaction(db) as tx:
        made = bundles.create(tx, b"1" * 20, [b"c" * 20], NOON)
        bundles.associate(tx, made.id, [BUILD], "tests", NOON)
        assert bundles.take(tx, NOON) is not None
        artifact_id, _ = artifacts.begin(tx, "map", b"2" * 20, 5, NOON)
        file = bundles.File("~/a.js.map", artifact_id, bytes.fromhex(ID.replace("-", "")))
        bundles.add_files(tx, made.id, 0, [file])
    assert maps.is_waiting(db, 1) and not maps.is_waiting(db, 2)
    assert maps.by_debug_id(db, 1, ID) is None
    assert maps.by_url(db, BUILD, "/a.js") == NoMap(Lack.RELEASE)
    with transaction(db) as tx:
        artifacts.finish(tx, artifact_id)
        bundles.settle(tx, made.id, 10, NOON)
    assert not maps.is_waiting(db, 1)
    assert found(db, "/a.js").id == artifact_id


@pytest.mark.parametrize("is_analysed", [False, True])
def test_a_map_is_looked_up_by_indexes(db: Connection, is_analysed: bool) -> None:
    for n in range(300):
        put(db, SCRIPT, Put(f"~/{n}.js.map", "map", b"%d" % n, debug_id=ID), at=NOON + n)
    if is_analysed:
        db.execute("analyze")

    def ask(db: Connection) -> None:
        assert maps.by_debug_id(db, 1, ID) is not None
        for url in ("/assets/main.js", "/7.js", "/none.js"):
            maps.by_url(db, BUILD, url)
        maps.is_waiting(db, 1)

    for statement in asked(db, ask):
        plan = [row[3] for row in db.execute(f"explain query plan {statement}")]
        scans = [it for it in plan if it.startswith("SCAN") and it != "SCAN CONSTANT ROW"]
        assert not scans, (statement, plan)


def test_use_is_written_down_once_a_day(db: Connection) -> None:
    bundle_id = put(db, SCRIPT, MAP)

    def used_at(at: int) -> int:
        with transaction(db) as tx:
            bundles.touch(tx, {bundle_id: at})
        return int(db.execute("select used_at from bundle").fetchone()[0])

    assert used_at(NOON + DAY // 2) == NOON
    assert used_at(NOON + 2 * DAY) == NOON + 2 * DAY
    assert used_at(NOON) == NOON + 2 * DAY
