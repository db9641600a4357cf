"""Of single projects somebody wants other mails than of the others: said on the account's page and
in the settings of the project.
"""

import pytest

from lighttrace.store import preferences, projects, teams, users
from lighttrace.store.preferences import MOST_PROJECTS
from lighttrace.store.sight import ALL
from tests.web.served import Site

SAVE = "/account/messages/projects"


@pytest.fixture
def shop(mira: Site) -> Site:
    for name in ("shop-web", "fulfillment", "batch-jobs"):
        mira.write(projects.add, name, mira.clock.now_ms())
    return mira


def wanted(site: Site, email: str = "mira@example.com") -> dict[str, str]:
    """slug → what was said of it."""

    def look(db):
        user = users.by_email(db, email)
        assert user is not None
        slugs = dict(db.execute("select id, slug from project").fetchall())
        return {slugs[it]: of for it, of in preferences.of_projects(db, user.id).items()}

    found: dict[str, str] = site.read(look)
    return found


def said(page: str, label: str) -> str:
    """What the select of that name has chosen."""
    options = page.partition(f'name="{label}">')[2].partition("</select>")[0]
    return options.partition(" selected>")[2].partition("<")[0]


def test_something_else_is_said_of_a_project_and_taken_back(shop: Site):
    assert "One more …" not in shop.client.get("/account").text
    answer = shop.client.post(SAVE, data={"project": "fulfillment", "wants": "spike"})
    assert answer.headers["location"] == "/account?saved=projects#projects"
    shop.client.post(SAVE, data={"project": "batch-jobs", "wants": "none"})
    page = shop.client.get("/account").text
    assert (
        said(page, "of-fulfillment") == "only spikes" and said(page, "of-batch-jobs") == "nothing"
    )
    assert "One more …" in page and 'name="of-shop-web"' not in page

    shop.client.post(SAVE, data={"of-fulfillment": "", "of-batch-jobs": "mine", "project": ""})
    assert wanted(shop) == {"batch-jobs": "mine"}


def test_in_the_settings_of_a_project_it_is_said_of_that_one(shop: Site):
    at = "/settings/projects/shop-web"
    assert said(shop.client.get(at).text, "wants") == "as of the others"
    form = {"back": "settings", "project": "shop-web", "wants": "all"}
    assert shop.client.post(SAVE, data=form).headers["location"] == f"{at}?saved=projects#messages"
    page = shop.client.get(f"{at}?saved=projects").text
    assert said(page, "wants") == "everything" and "Saved." in page


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"project": "shop-web", "wants": "loud"}, 400),
        ({"of-shop-web": "none", "of-fulfillment": "x" * 5000}, 400),
        ({"project": "nowhere", "wants": "all", "of-shop-web": "all"}, 404),
        ({"project": "nowhere", "wants": "all", "back": "settings"}, 404),
    ],
)
def test_what_cannot_be_chosen_changes_nothing(shop: Site, form: dict[str, str], status: int):
    assert shop.client.post(SAVE, data=form).status_code == status
    assert wanted(shop) == {}


def test_who_does_not_see_a_project_says_nothing_of_it_and_keeps_what_they_said(shop: Site):
    """Bob was in the team of batch-jobs, and may come back to it."""
    bob = shop.user("bob@example.com", "member", "Bob")
    now_ms = shop.clock.now_ms()
    night = shop.write(teams.add, "Night", now_ms)
    project = shop.read(projects.every, ALL)[0]
    assert project.slug == "batch-jobs"
    shop.write(teams.set_of_project, project.id, [night.id])
    shop.write(teams.join, night.id, bob.id)
    shop.client.post("/logout")
    shop.sign_in("bob@example.com")
    shop.client.post(SAVE, data={"project": "batch-jobs", "wants": "none"})

    shop.write(teams.leave, night.id, bob.id)
    assert "batch-jobs" not in shop.client.get("/account").text
    assert shop.client.post(SAVE, data={"project": "batch-jobs", "wants": "all"}).status_code == 404
    assert shop.client.post(SAVE, data={"of-batch-jobs": "all"}).status_code == 303
    assert wanted(shop, "bob@example.com") == {"batch-jobs": "none"}
    assert wanted(shop) == {}

    shop.write(teams.join, night.id, bob.id)
    assert said(shop.client.get("/account").text, "of-batch-jobs") == "nothing"


def test_more_projects_than_one_can_keep_are_refused_with_a_sentence(shop: Site):
    def fill(tx):
        sql = (
            "insert into project(slug, name, short_prefix, salt, created_at) values(?1,?1,?1,x'',0)"
        )
        tx.executemany(sql, [(f"p{n}",) for n in range(MOST_PROJECTS)])
        user = users.by_email(tx, "mira@example.com")
        ids = [row[0] for row in tx.execute("select id from project where slug like 'p%'")]
        preferences.put_of_projects(tx, user.id, dict.fromkeys(ids, "none"))

    shop.write(fill)
    answer = shop.client.post(SAVE, data={"project": "shop-web", "wants": "all"})
    assert answer.headers["location"] == "/account?saved=projects-full#projects"
    assert "500 projects at most" in shop.client.get("/account?saved=projects-full").text
    every = {f"of-p{n}": "none" for n in range(MOST_PROJECTS)}
    assert shop.client.post(SAVE, data={**every, "of-p1": ""}).status_code == 303
    assert len(wanted(shop)) == MOST_PROJECTS - 1
    assert shop.client.post(SAVE, data={"project": "shop-web", "wants": "all"}).status_code == 303
    assert wanted(shop)["shop-web"] == "all"
