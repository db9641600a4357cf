"""From the link in the terminal to the first event."""

import re

import pytest

from lighttrace.store import invites, keys, projects, users
from lighttrace.store.sight import ALL
from lighttrace.store.writes import Refusal
from lighttrace.web import snippets
from tests.fresh import PASSWORD
from tests.web.served import NOW_MS, Site, served

HOUR_MS = 3_600_000


@pytest.fixture
def token(site: Site) -> str:
    made: str = site.write(invites.make_setup, site.clock.now_ms(), 24 * HOUR_MS)
    return made


def filled(token: str, **changes: str) -> dict[str, str]:
    form = {
        "name": "Mira",
        "email": "mira@example.com",
        "password": PASSWORD,
        "timezone": "Europe/Berlin",
    }
    return {"token": token, **form, **changes}


def test_the_link_makes_the_owner_signs_them_in_and_leads_to_the_first_project(
    site: Site, token: str
):
    page = site.client.get(f"/setup?token={token}")
    assert page.status_code == 200 and "You become the owner" in page.text
    answer = site.client.post("/setup", data=filled(token))
    assert (answer.status_code, answer.headers["location"]) == (303, "/setup/project")
    [owner] = site.read(users.every)
    assert (owner.email, owner.role, owner.options["timezone"]) == (
        "mira@example.com",
        "owner",
        "Europe/Berlin",
    )
    assert "What reports its errors first?" in site.client.get("/setup/project").text


def test_the_link_works_once(site: Site, token: str):
    site.client.post("/setup", data=filled(token))
    site.client.cookies.clear()
    assert "LightTrace is already set up" in site.client.get(f"/setup?token={token}").text
    answer = site.client.post("/setup", data=filled(token, email="mallory@example.com"))
    assert answer.status_code == 403
    assert len(site.read(users.every)) == 1


def test_the_link_does_not_work_when_somebody_has_an_account_already(site: Site, token: str):
    site.user()
    assert (
        site.client.post("/setup", data=filled(token, email="mallory@example.com")).status_code
        == 403
    )


@pytest.mark.parametrize("wrong", ["", "0" * 64, "x" * 5000])
def test_a_guessed_link_opens_nothing(site: Site, token: str, wrong: str):
    assert site.client.get("/setup", params={"token": wrong}).status_code == 403
    answer = site.client.post("/setup", data=filled(wrong))
    assert answer.status_code == 403 and "waits for its first account" in answer.text
    assert not site.read(users.any_exist)


def test_an_old_link_opens_nothing(site: Site, token: str):
    site.clock.advance(25 * HOUR_MS)
    assert site.client.get(f"/setup?token={token}").status_code == 403


def test_mistakes_are_said_beside_their_field_and_what_was_typed_stays(site: Site, token: str):
    answer = site.client.post("/setup", data=filled(token, email="mira", password="short"))
    assert answer.status_code == 422
    assert (
        "An address like mira@example.com" in answer.text
        and "5 of at least 12 characters" in answer.text
    )
    assert 'value="Mira"' in answer.text and "short" not in answer.text.replace("too short", "")
    assert not site.read(users.any_exist)


def test_an_invented_time_zone_is_not_kept(site: Site, token: str):
    site.client.post("/setup", data=filled(token, timezone="../../etc/passwd"))
    assert "timezone" not in site.read(users.every)[0].options


def test_a_project_is_made_with_a_key_and_its_dsn_is_shown(mira: Site):
    answer = mira.client.post(
        "/projects/new", data={"name": "shop-web", "platform": "javascript-react"}
    )
    assert answer.headers["location"] == "/setup/shop-web/sdk"
    page = mira.client.get("/setup/shop-web/sdk").text
    project = mira.read(projects.by_slug, "shop-web", ALL)
    [key] = mira.read(keys.of_project, project.id)
    dsn = f"http://{key.public}@testserver/{project.id}"
    assert f'<code id="dsn">{dsn}</code>' in page
    assert "npm install @sentry/react" in page and 'aria-current="page">React</a>' in page


@pytest.mark.parametrize("name", ["", "   ", "///", "—"])
def test_a_project_needs_a_name_one_can_read(mira: Site, name: str):
    answer = mira.client.post("/projects/new", data={"name": name, "platform": "python"})
    assert answer.status_code == 422 and "at least one letter or digit" in answer.text
    assert mira.read(projects.every, ALL) == []


def test_names_in_any_script_and_twice_the_same_are_welcome(mira: Site):
    for name in ("Käsetheke & Söhne <b>", "shop", "shop"):
        answer = mira.client.post("/projects/new", data={"name": name, "platform": "python"})
        assert answer.status_code == 303
        assert mira.client.get(answer.headers["location"]).status_code == 200
    assert len({project.slug for project in mira.read(projects.every, ALL)}) == 3


def test_an_unknown_project_has_no_set_up_page(mira: Site):
    assert mira.client.get("/setup/nothing/sdk").status_code == 404
    assert mira.client.post("/setup/nothing/test").status_code == 404


@pytest.fixture
def shop(mira: Site) -> Site:
    mira.client.post("/projects/new", data={"name": "shop", "platform": "python-django"})
    return mira


@pytest.mark.parametrize("sdk", snippets.SDKS, ids=lambda sdk: sdk.slug)
def test_every_sdk_has_a_tab_that_works_as_a_link(shop: Site, sdk: snippets.Sdk):
    page = shop.client.get(f"/setup/shop/sdk?sdk={sdk.slug}").text
    assert f'aria-current="page">{sdk.name}</a>' in page
    plain = page.split('<code id="snippet" hidden>')[1].split("</code>")[0]
    assert "@testserver/1" in plain and "shop@1.0.0" in plain
    assert "production" in plain and "component" in plain and "%" not in plain


def test_an_unknown_tab_falls_back_to_the_platform_of_the_project(shop: Site):
    assert 'aria-current="page">Django</a>' in shop.client.get("/setup/shop/sdk?sdk=cobol").text


def test_a_tab_asked_for_by_htmx_is_only_the_panel(shop: Site):
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#sdk"}
    part = shop.client.get("/setup/shop/sdk?sdk=go", headers=headers).text
    assert part.strip().startswith('<div class="panel" id="sdk">') and "<html" not in part


def test_while_nothing_has_come_the_page_listens_and_counts(shop: Site):
    page = shop.client.get("/setup/shop/sdk").text
    assert "Waiting for the first event" in page
    address = re.search(r'hx-get="(/setup/shop/beacon[^"]*)"', page)[1]
    shop.clock.advance(72_000)
    part = shop.client.get(address, headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert part.status_code == 200 and "hx-redirect" not in part.headers
    assert "Listening for 1 min" in part.text and "<html" not in part.text


def test_sending_one_ends_in_its_issue(shop: Site):
    answer = shop.client.post("/setup/shop/test")
    assert answer.status_code == 303
    assert re.fullmatch(r"/issues/SHOP-\w+", answer.headers["location"])
    page = shop.client.get(
        "/setup/shop/beacon", headers={"HX-Request": "true", "HX-Request-Type": "partial"}
    )
    assert page.headers["hx-redirect"] == answer.headers["location"]
    assert "Events arrive" in shop.client.get("/setup/shop/sdk").text


def test_the_test_event_comes_through_the_real_ingest_as_any_other(shop: Site):
    shop.client.post("/setup/shop/test")
    shop.client.post("/setup/shop/test")
    project = shop.read(projects.by_slug, "shop", ALL)
    assert project.first_event_at == NOW_MS
    [row] = shop.read(issues_of, project.id)
    assert (row.title, row.n, row.first_release) == ("KeyError", 2, "shop@1.0.0")


def issues_of(db, project_id):
    from lighttrace.store.issue_list import IssueQuery, search

    query = IssueQuery(
        project_ids=(project_id,),
        env=None,
        period_ms=None,
        state=None,
        sort="last_seen",
        cursor=None,
        now_ms=NOW_MS,
    )
    return search(db, query).rows


def test_with_every_key_disabled_the_page_says_so_instead_of_a_dsn(shop: Site):
    project = shop.read(projects.by_slug, "shop", ALL)
    [key] = shop.read(keys.of_project, project.id)
    shop.write(keys.set_disabled, key.id, project.id, NOW_MS)
    page = shop.client.get("/setup/shop/sdk").text
    assert "Every key of this project is disabled" in page and key.public not in page


def test_under_https_an_http_dsn_is_warned_about(tmp_path):
    with served(
        tmp_path,
        '[server]\nurl = "http://errors.example.com"\n',
        base_url="https://errors.example.com",
    ) as site:
        site.user()
        cookie = site.sign_in().cookies
        assert cookie
        site.client.post("/projects/new", data={"name": "shop", "platform": "python"})
        assert "Browsers will not send to this DSN" in site.client.get("/setup/shop/sdk").text


def refuse(site: Site, reason: str, detail: str, ip: str | None = "203.0.113.7") -> None:
    project = site.read(projects.by_slug, "shop", ALL)
    site.services.store.refuse(Refusal(project.id, reason, detail, ip=ip))
    site.write(lambda tx: None)  # refusals go to the disk with the next batch


def beacon(site: Site) -> str:
    text: str = site.client.get(
        "/setup/shop/beacon", headers={"HX-Request": "true", "HX-Request-Type": "partial"}
    ).text
    return text


def test_a_request_with_a_wrong_key_shows_what_to_compare(shop: Site):
    refuse(shop, "wrong_key", "The key in the DSN there ends in …ab2e.")
    shop.clock.advance(20_000)
    [key] = shop.read(keys.of_project, 1)
    text = " ".join(beacon(shop).split())
    assert "<b>1 request arrived with a wrong key</b> 20 s ago from 203.0.113.7." in text
    assert f"The key in the DSN there ends in …ab2e; yours ends in …{key.public[-4:]}." in text


def test_many_refusals_are_one_line_a_reason(shop: Site):
    for n in range(7):
        refuse(shop, "wrong_key", f"The key in the DSN there ends in …000{n}.", ip=f"203.0.113.{n}")
    for reason in ("no_key", "malformed_key", "method", "two_keys"):
        refuse(shop, reason, f"Detail of {reason}.", ip=None)
    text = beacon(shop)
    assert text.count('class="note') == 3
    shop.clock.advance(2 * HOUR_MS)
    assert "request" not in beacon(shop)


def test_what_strangers_send_is_shown_as_text(shop: Site):
    refuse(shop, "invalid", "<script>alert(1)</script>", ip="<b>")
    assert "<script" not in beacon(shop) and "<b>" not in beacon(shop).split("from ")[1]
