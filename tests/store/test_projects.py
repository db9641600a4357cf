"""Projects get slugs people can type, and keep them."""

from dataclasses import replace
from sqlite3 import Connection

import pytest

from lighttrace.errors import TakenError
from lighttrace.store import keys, projects
from lighttrace.store.sight import ALL
from tests.store.make import NOON


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Shop Web", "shop-web"),
        ("  Käse & Söhne  ", "kase-sohne"),
        ("日本語", "project"),
        ("2024", "project-2024"),
        ("a" * 80, "a" * 50),
        ("../../etc", "etc"),
    ],
)
def test_a_slug_is_what_can_be_typed_of_the_name(name: str, slug: str) -> None:
    assert projects.slug_of(name) == slug


def test_a_new_project_has_a_key_and_is_found_by_slug_and_id(db: Connection) -> None:
    project = projects.add(db, "Shop  Web", NOON, platform="javascript")
    assert (project.slug, project.name, project.short_prefix) == (
        "shop-web",
        "Shop Web",
        "SHOP-WEB",
    )
    assert projects.by_slug(db, "shop-web", ALL) == projects.by_id(db, project.id, ALL) == project
    assert [len(key.public) for key in keys.of_project(db, project.id)] == [32]
    assert project.first_event_at is None


def test_a_second_project_of_the_same_name_gets_a_number(db: Connection) -> None:
    slugs = [projects.add(db, "Web", NOON).slug for _ in range(3)]
    assert slugs == ["web", "web-2", "web-3"]


def test_a_slug_that_was_asked_for_is_given_or_refused_never_changed(db: Connection) -> None:
    with pytest.raises(TakenError, match="already a project shop"):
        projects.add(db, "Another", NOON, slug="shop")


def test_the_file_makes_a_missing_project_once_and_may_rename_it(db: Connection) -> None:
    first = projects.ensure(db, "api", "API", "python", NOON)
    assert first is not None
    again = projects.ensure(db, "api", "API", "python", NOON + 1)
    assert again == first and len(keys.of_project(db, first.id)) == 1
    renamed = projects.ensure(db, "api", "The API", None, NOON + 2)
    assert renamed is not None
    assert (renamed.id, renamed.name, renamed.platform) == (first.id, "The API", "python")


def test_a_deleted_project_is_nowhere_but_keeps_its_slug(db: Connection) -> None:
    old = projects.add(db, "Web", NOON)
    db.execute("update project set deleted_at = 1 where id = ?", (old.id,))
    assert projects.by_slug(db, "web", ALL) is projects.by_id(db, old.id, ALL) is None
    assert "web" not in [project.slug for project in projects.every(db, ALL)]
    assert projects.add(db, "Web", NOON).slug == "web-2"


def test_a_project_is_renamed_archived_and_taken_back(db: Connection) -> None:
    shop = projects.by_slug(db, "shop", ALL)
    assert shop is not None
    renamed = projects.rename(db, shop, " The   Shop ")
    assert (renamed.name, renamed.slug, renamed.short_prefix) == ("The Shop", "shop", "SHOP")
    assert projects.rename(db, renamed, "  ").name == "The Shop"
    assert projects.archive(db, shop.id, NOON) and not projects.archive(db, shop.id, NOON + 1)
    assert projects.by_id(db, shop.id, ALL) == replace(renamed, archived_at=NOON)
    assert [key.archived for key in keys.every(db)] == [True]
    assert projects.unarchive(db, shop.id) and not projects.unarchive(db, shop.id)
    assert [key.archived for key in keys.every(db)] == [False]


def test_the_file_does_not_bring_a_deleted_project_back(db: Connection) -> None:
    shop = projects.by_slug(db, "shop", ALL)
    assert shop is not None
    assert projects.delete(db, shop.id, NOON) and not projects.delete(db, shop.id, NOON)
    assert not projects.archive(db, shop.id, NOON)
    assert keys.every(db) == []
    assert projects.ensure(db, "shop", "Shop", None, NOON) is None
