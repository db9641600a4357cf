"""Mappings and bundles of sources under the ids that events name them by."""

import re
from functools import partial

import pytest

from lighttrace.store import debug_files, unused
from lighttrace.store.bundles import Build
from lighttrace.store.database import Transaction
from lighttrace.store.debug_files import DebugFile
from lighttrace.store.store import Store
from tests.store.make import NOON, rows
from tests.store.uploads import Put, put_bundle

UUID = "0d5a2f7e-61c3-4b8e-9f0a-7f2b9d4c1e01"
OTHER = "0d5a2f7e-61c3-4b8e-9f0a-7f2b9d4c1e02"
MAPPING = Put("~/mapping.txt", "mapping", b"table")
DAY_MS = 24 * 60 * 60 * 1000


def put(tx: Transaction, debug_id: str, *files: Put, name: str, at: int = NOON) -> int:
    bundle_id = put_bundle(tx, [Build(1)], *files, name=name, now_ms=at)
    debug_files.name_it(tx, 1, debug_id, bundle_id, "mapping.txt", at)
    return bundle_id


async def found(store: Store, debug_id: str, project_id: int = 1) -> DebugFile | None:
    return await store.read(debug_files.mapping, project_id, debug_id)


async def test_a_mapping_is_found_by_any_of_its_ids_in_its_project(store: Store) -> None:
    bundle_id = await store.write(partial(put, name="one"), UUID, MAPPING)
    assert await store.write(partial(put, name="one"), OTHER, MAPPING) == bundle_id
    for spelling in (UUID, UUID.upper(), OTHER.replace("-", "")):
        it = await found(store, spelling)
        assert it is not None
        assert (it.bundle_id, it.error) == (bundle_id, None)
    assert await found(store, UUID, project_id=2) is None
    assert await found(store, "0" * 32) is None
    assert await found(store, "no uuid") is None


async def test_the_newest_upload_of_an_id_counts(store: Store) -> None:
    old = Put("~/mapping.txt", "mapping", b"old")
    first = await store.write(partial(put, name="old"), UUID, old)
    second = await store.write(partial(put, name="new", at=NOON + 1), UUID, MAPPING)
    it = await found(store, UUID)
    assert it is not None
    assert it.bundle_id == second
    await store.write(partial(put, name="old", at=NOON + 2), UUID, old)
    it = await found(store, UUID)
    assert it is not None
    assert it.bundle_id == first


async def test_sources_are_found_by_where_they_lie(store: Store) -> None:
    pay = Put("~/com/shop/Pay.jvm", "source", b"class Pay {}")
    await store.write(partial(put, name="sources"), UUID, pay)
    assert await store.read(debug_files.source, 1, UUID, pay.url) is not None
    assert await store.read(debug_files.source, 1, UUID, "~/com/shop/Payment.jvm") is None
    assert await store.read(debug_files.source, 2, UUID, pay.url) is None
    assert await found(store, UUID) is None


async def test_an_id_goes_with_its_file(store: Store) -> None:
    await store.write(partial(put, name="one"), UUID, MAPPING)
    assert await unused.sweep(store, NOON + 91 * DAY_MS, 90, 2**40) > 0
    assert await found(store, UUID) is None
    assert await rows(store, "select count(*) from debug_file") == [(0,)]


@pytest.mark.parametrize("statement", [debug_files.MAPPING, debug_files.SOURCE])
@pytest.mark.parametrize("is_analysed", [False, True])
async def test_debug_files_are_looked_up_by_indexes(
    store: Store, statement: str, is_analysed: bool
) -> None:
    for n in range(50):
        await store.write(partial(put, name=str(n), at=NOON + n), UUID, MAPPING)
    if is_analysed:
        await store.write(lambda tx: tx.execute("analyze").rowcount)
    plain = re.sub(r"\?\d?", "null", statement)
    plan = [it[3] for it in await rows(store, f"explain query plan {plain}")]
    assert not [it for it in plan if it.startswith("SCAN") or "AUTOMATIC" in it], plan
