"""A deleted project is gone at once, what it held after it, and nothing of the others."""

from pathlib import Path

from lighttrace.clock import FixedClock
from lighttrace.store import (
    erasing,
    feedback,
    keys,
    merging,
    preferences,
    projects,
    refusals,
    teams,
    users,
)
from lighttrace.store.doctor import disagreements
from lighttrace.store.sight import ALL
from lighttrace.store.store import Store
from lighttrace.store.writes import FeedbackWrite, Refusal
from tests.store.make import NOON, add_project, an_event, one, rows, running

HOLDS = (
    *("event", "event_body", "issue", "issue_env", "grouphash", "group_text", "hash_person"),
    *("count_minute", "count_hour", "count_day", "feedback", "project_key", "project_team"),
    "project_preference",
)


async def filled(store: Store) -> None:
    """Ten events in three issues of each project, 1 and 2, with people, words, teams."""
    await store.write(add_project, 2, slug="api")
    team = await store.write(teams.add, "Billing", NOON)
    mira = await store.write(users.add, "mira@shop.example", "Mira", "owner", None, NOON)
    for number in range(20):
        project = 1 + number % 2
        group = f"g{number % 6 // 2}"
        await store.submit(
            an_event(project_id=project, group=group, user=f"u{number}", release="shop@1.0.0")
        )
    for project in (1, 2):
        event = await one(
            store, "select lower(hex(event_id)) from event where project_id = ? limit 1", project
        )
        said = FeedbackWrite(project, event, "Ada", "ada@example.com", "It broke", NOON)
        await store.write(feedback.save, said)
        await store.write(teams.set_of_project, project, [team.id])
        await store.write(preferences.put_of_projects, mira.id, {project: "none"})
        store.refuse(Refusal(project, "wrong_key", "…", "", "invalid", "192.0.2.7"))
    await store.write(lambda tx: None)


async def counts(store: Store) -> dict[str, int]:
    return {table: await one(store, f"select count(*) from {table}") for table in HOLDS}


async def test_what_a_deleted_project_held_goes_and_the_other_keeps_everything(
    store: Store,
) -> None:
    await filled(store)
    before = await counts(store)
    assert await store.write(projects.delete, 2, NOON)
    assert await store.read(erasing.gone) == [2]
    assert await erasing.sweep(store, NOON) > 20
    assert await counts(store) == {table: n // 2 for table, n in before.items()}
    assert await store.read(disagreements) == []
    assert await rows(store, "select distinct project_id from issue") == [(1,)]
    # of people only the newest row is left, and it says nothing
    assert await rows(store, "select shown from person where project_id = 2") == [(None,)]
    assert [it.project_id for it in await store.read(refusals.of_project, 2, 0)] == []
    assert await store.read(erasing.gone) == [] and await erasing.sweep(store, NOON) == 0


async def test_neither_its_number_nor_its_short_name_comes_back(store: Store) -> None:
    await store.write(add_project, 2, slug="api")
    [key] = await store.read(keys.of_project, 2)
    await store.write(projects.delete, 2, NOON)
    await erasing.sweep(store, NOON)
    made = await store.write(projects.add, "api", NOON)
    assert (made.id, made.slug) == (3, "api-2")
    assert await store.read(projects.by_slug, "api", ALL) is None
    assert store.keys.find(key.public) is None


async def test_merged_issues_and_an_event_that_was_on_its_way_go_too(store: Store) -> None:
    stored = [await store.submit(an_event(group=name)) for name in ("a", "b")]
    ids = [it.issue_id or 0 for it in stored]
    await store.write(merging.merge, ids[0], ids[1:], None, NOON)
    await store.write(projects.delete, 1, NOON)
    await store.submit(an_event(group="c"))
    await erasing.sweep(store, NOON)
    assert await one(store, "select count(*) from issue") == 0
    assert await one(store, "select count(*) from event") == 0
    assert await store.read(erasing.gone) == []


async def test_what_was_begun_is_finished_by_the_next_start(
    tmp_path: Path, clock: FixedClock
) -> None:
    path = tmp_path / "half.db"
    async with running(path, clock) as store:
        await filled(store)
        await store.write(projects.delete, 2, NOON)
    async with running(path, clock) as store:
        await erasing.sweep(store, NOON)
        assert await one(store, "select count(*) from issue where project_id = 2") == 0
        assert await store.read(erasing.gone) == []
