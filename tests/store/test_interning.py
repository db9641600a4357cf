"""Names from outside are bounded, whatever an SDK sends."""

from array import array

import pytest

from lighttrace.clock import FixedClock
from lighttrace.store import interning, text_index
from lighttrace.store.interning import BUCKET_MARK, Release
from lighttrace.store.store import Store
from tests.store.make import an_event, held, one, rows, running

EVENTS_WITH = f"select rowid & {text_index.ROW_MASK} from event_fts_0 where event_fts_0 match ?"


async def test_tags_are_counted_and_kept_as_numbers(store: Store) -> None:
    for browser in ("Firefox", "Safari", "Firefox"):
        await store.submit(an_event(tags=(("browser", browser), ("os", "Linux"))))
    found = await rows(
        store, "select name, value, n from tag_value join tag_key k on k.id = key_id order by 1, 2"
    )
    assert found == [("browser", "Firefox", 2), ("browser", "Safari", 1), ("os", "Linux", 3)]
    packed = await one(store, "select tags from event where id = 2")
    values = dict(await rows(store, "select id, value from tag_value"))
    assert [values[i] for i in array("I", packed)] == ["Safari", "Linux"]


async def test_too_many_values_of_a_key_share_buckets(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interning, "MOST_VALUES", 5)
    monkeypatch.setattr(interning, "BUCKETS", 3)
    async with held(store):
        for n in range(40):
            store.submit(an_event(tags=(("order", f"A-{n}"),)))
    await store.write(lambda tx: None)
    found = await rows(store, "select value, n from tag_value order by id")
    own = [(value, n) for value, n in found if not value.startswith(BUCKET_MARK)]
    assert own == [(f"A-{n}", 1) for n in range(5)]
    assert len(found) <= 5 + 3 and sum(n for _, n in found) == 40
    token = text_index.token("order", "A-39")  # the true value is still what is searched by
    assert await rows(store, EVENTS_WITH, token) == [(40,)]


async def test_values_stay_bounded_after_a_restart(
    store: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interning, "MOST_VALUES", 2)
    for n in range(4):
        await store.submit(an_event(tags=(("order", f"A-{n}"),)))
    path = store.path
    await store.close()
    async with running(path, clock) as again:
        await again.submit(an_event(tags=(("order", "A-9"),)))
        count = "select count(*) from tag_value where value >= 'A'"
        assert await one(again, count) == 2


async def test_too_many_tag_keys_are_searchable_but_not_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interning, "MOST_TAG_KEYS", 2)
    await store.submit(an_event(tags=tuple((f"k{n}", "v") for n in range(4))))
    assert await rows(store, "select name from tag_key") == [("k0",), ("k1",)]
    assert len(await one(store, "select tags from event")) == 8
    token = text_index.token("k3", "v")
    assert await rows(store, EVENTS_WITH, token) == [(1,)]


async def test_too_many_environments_become_other(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interning, "MOST_ENVIRONMENTS", 2)
    for name in ("production", "dev", "pr-1", "pr-2", "", "dev"):
        await store.submit(an_event(environment=name))
    found = await rows(
        store, "select name, n from issue_env join environment on id = env_id order by 1"
    )
    assert found == [("", 1), ("(other)", 2), ("dev", 2), ("production", 1)]


async def test_past_the_bound_a_release_is_not_tracked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interning, "MOST_RELEASES", 1)
    for version in ("s@1", "s@2", "s@1"):
        await store.submit(an_event(release=version))
    assert await rows(store, "select release_id from event") == [(1,), (None,), (1,)]


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        (Release(1, "shop", b"\2"), Release(2, "shop", b"\1")),
        (Release(2, "shop", None), Release(1, "shop", b"\7")),
        (Release(2, "shop", b"\1"), Release(1, "web", b"\7")),
        (Release(2, "shop", b"\1"), Release(1, "shop", b"\1")),
    ],
    ids=["by version", "one has no order", "packages differ", "same version twice"],
)
def test_which_of_two_releases_is_later(later: Release, earlier: Release) -> None:
    assert later.is_later_than(earlier)
    assert not earlier.is_later_than(later)
