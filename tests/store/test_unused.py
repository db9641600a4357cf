"""Uploaded files go when nothing is read with them any more, and nothing that others need goes."""

from sqlite3 import Connection

import pytest

from lighttrace.clock import FixedClock
from lighttrace.store import artifacts, bundles, erasing, maps, projects, unused
from lighttrace.store.bundles import Build
from lighttrace.store.database import transaction
from lighttrace.store.store import Store
from tests.store.make import DAY, NOON, add_project, rows
from tests.store.test_maps import BUILD, MAP, SCRIPT
from tests.store.uploads import Put, put_bundle

ALL = ("bundle", "bundle_file", "bundle_build", "artifact", "artifact_piece", "map_source")
OTHER = Put("~/o.js.map", "map", b"other", sources={"src/a.ts": "one()", "src/c.ts": "three()"})


async def counts(store: Store) -> dict[str, int]:
    return {it: (await rows(store, f"select count(*) from {it}"))[0][0] for it in ALL}


async def put(store: Store, *files: Put, at: int = NOON, build: Build = BUILD) -> int:
    made: int = await store.write(
        lambda tx: put_bundle(tx, [build], *files, name=f"{at}{files}", now_ms=at)
    )
    return made


async def sweep(store: Store, now_ms: int, days: int = 90, max_bytes: int = 10**12) -> int:
    return await unused.sweep(store, now_ms, days, max_bytes)


async def test_what_no_event_was_read_with_for_ninety_days_goes(
    store: Store, clock: FixedClock
) -> None:
    await put(store, SCRIPT, MAP)
    assert await sweep(store, NOON + 90 * DAY) == 0
    assert await sweep(store, NOON + 90 * DAY + 1) > 5
    assert set((await counts(store)).values()) == {0}
    assert await sweep(store, NOON + 91 * DAY) == 0


async def test_what_is_used_stays_and_with_it_what_it_shares(store: Store) -> None:
    await put(store, SCRIPT, MAP)
    used = await put(store, OTHER, at=NOON + 1)
    await store.write(bundles.touch, {used: NOON + 80 * DAY})
    assert await sweep(store, NOON + 100 * DAY) > 0
    assert await counts(store) == {
        "bundle": 1, "bundle_file": 1, "bundle_build": 1, "artifact": 3, "artifact_piece": 3,
        "map_source": 2,
    }  # fmt: skip
    found = await store.read(maps.by_url, BUILD, "/o.js")
    assert isinstance(found, maps.FoundMap)
    for source in await store.read(artifacts.sources, found.id):
        assert source.artifact_id is not None
        assert await store.read(artifacts.content, source.artifact_id)


async def test_a_use_is_written_beside_events(store: Store, clock: FixedClock) -> None:
    bundle_id = await put(store, SCRIPT, MAP)
    clock.advance(3 * DAY)
    store.touch_bundle(bundle_id)
    await store.write(lambda tx: None)
    await store.write(lambda tx: None)
    assert await rows(store, "select used_at from bundle") == [(NOON + 3 * DAY,)]


async def test_the_same_upload_again_counts_as_use(store: Store) -> None:
    await put(store, SCRIPT, MAP)
    name = (await rows(store, "select sha1 from bundle"))[0][0]
    await store.write(bundles.receive, name, [], [BUILD], "t", NOON + 89 * DAY)
    assert await sweep(store, NOON + 100 * DAY) == 0


async def test_a_content_that_is_going_is_not_given_to_a_new_upload(store: Store) -> None:
    await put(store, SCRIPT, MAP)
    await store.write(unused.expire, NOON + 100 * DAY, 90)
    assert await store.write(unused.bite) > 0  # the bundle is gone, its contents are still there
    assert (await counts(store))["artifact"] == 3
    again = await put(store, SCRIPT, MAP, at=NOON + 100 * DAY)
    await sweep(store, NOON + 100 * DAY)
    found = await store.read(maps.by_url, BUILD, "/assets/main.js")
    assert isinstance(found, maps.FoundMap) and found.bundle_id == again
    assert await store.read(artifacts.content, found.id) == b"table"
    assert (await counts(store))["artifact"] == 3


async def test_nothing_goes_while_an_upload_is_read_that_may_need_it(store: Store) -> None:
    await put(store, SCRIPT, MAP)

    def begin(tx: Connection) -> int:
        made = bundles.receive(tx, b"1" * 20, [b"2" * 20], [BUILD], "t", NOON + 100 * DAY)
        assert bundles.take(tx, NOON)
        return made.id

    bundle_id = await store.write(begin)
    script_id = (await rows(store, "select id from artifact where kind = 'script'"))[0][0]
    assert await sweep(store, NOON + 100 * DAY) == 0
    again = [bundles.File("~/again.js", script_id)]
    await store.write(bundles.add_files, bundle_id, 0, again)
    await store.write(bundles.settle, bundle_id, 9, NOON)
    assert await sweep(store, NOON + 100 * DAY) > 0
    assert await rows(store, "select id, state from artifact") == [(script_id, "ready")]


async def test_a_large_one_goes_in_bites(store: Store) -> None:
    sources = {f"src/{n}.ts": f"text {n}" for n in range(500)}
    files = [Put(f"~/{n}.js", "script", b"%d" % n) for n in range(450)]
    await put(store, *files, Put("~/big.js.map", "map", b"table", sources=sources))
    await store.write(unused.expire, NOON + 100 * DAY, 90)
    bites = 0
    while count := await store.write(unused.bite):
        assert count <= unused.FILES + unused.ROWS + unused.SOURCES
        bites += 1
    assert 8 < bites < 30 and set((await counts(store)).values()) == {0}


async def test_the_sentence_of_a_failed_one_is_kept_for_a_day(store: Store) -> None:
    def fail(tx: Connection) -> None:
        made = bundles.receive(tx, b"1" * 20, [b"2" * 20], [BUILD], "t", NOON)
        assert bundles.take(tx, NOON)
        bundles.settle(tx, made.id, 9, NOON, "It is no zip.")

    await store.write(fail)
    assert await sweep(store, NOON + DAY) == 0
    assert await sweep(store, NOON + DAY + 1) > 0
    assert (await counts(store))["bundle"] == 0


async def test_those_of_a_deleted_project_go_with_it(store: Store) -> None:
    await store.write(add_project, 2, "api")
    await put(store, SCRIPT, MAP, build=Build(2, "web@1"))
    await put(store, OTHER)
    await store.write(projects.delete, 2, NOON)
    await erasing.sweep(store, NOON)
    assert await sweep(store, NOON) > 0
    assert await rows(store, "select url from bundle_file") == [("~/o.js.map",)]


@pytest.mark.parametrize("stored_share", [0.4, 0.6])
async def test_a_database_full_of_files_loses_those_that_are_unused_for_longest(
    store: Store, stored_share: float
) -> None:
    for n in range(4):
        await put(store, Put(f"~/{n}.js", "script", b"%d" % n), at=NOON + n)
    await store.write(lambda tx: tx.execute("update artifact set stored_bytes = 1000000"))
    removed = await sweep(store, NOON + 10, max_bytes=int(4_000_000 / stored_share))
    left = [url for (url,) in await rows(store, "select url from bundle_file order by url")]
    assert bool(removed) == (stored_share > 0.5)
    assert left == ["~/0.js", "~/1.js", "~/2.js", "~/3.js"][4 - len(left) :]
    assert len(left) == (4 if stored_share < 0.5 else 3)


def test_looking_for_what_is_due_reads_indexes(db: Connection) -> None:
    with transaction(db) as tx:
        put_bundle(tx, [BUILD], SCRIPT, MAP)
    values = {"unused": 0, "failed": 0}
    plan = [row[3] for row in db.execute(f"explain query plan {unused.IS_DUE}", values)]
    fine = ("SCAN CONSTANT ROW", "SCAN artifact USING INDEX artifact_gone")  # has only those
    assert [it for it in plan if it.startswith("SCAN") and it not in fine] == []
