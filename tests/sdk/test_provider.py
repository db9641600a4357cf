"""Signing in by a real provider of OpenID Connect, through our pages."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from lighttrace.cli import cli
from lighttrace.store import audit, identities, invites, sessions, teams, users
from lighttrace.store.audit import Wanted
from tests.fresh import PASSWORD
from tests.sdk.company import Browser, Company, a_key, company
from tests.web.served import Site, config_of, served

pytestmark = pytest.mark.sdk
MINUTE = 60_000


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, node_modules: Path) -> Iterator[Company]:
    """A provider that nobody changes."""
    with company(tmp_path_factory.mktemp("provider")) as running:
        yield running


@pytest.fixture
def own(tmp_path: Path, node_modules: Path) -> Iterator[Company]:
    """A provider of the test's own."""
    with company(tmp_path) as running:
        yield running


@contextmanager
def site_of(path: Path, provider: Company, *lines: str, **options: Any) -> Iterator[Site]:
    with served(path, provider.toml(*lines), **options) as site:
        assert hasattr(site.clock, "set")
        site.clock.set(time.time_ns() // 1_000_000)  # the provider's clock is the machine's
        yield site


@pytest.fixture
def site(tmp_path: Path, shared: Company) -> Iterator[Site]:
    with site_of(tmp_path, shared) as site:
        yield site


@pytest.fixture
def house(tmp_path: Path, own: Company) -> Iterator[tuple[Site, Company]]:
    """A site, and a provider that may be stopped and changed."""
    with site_of(tmp_path, own) as site:
        yield site, own


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def sign_in(site: Site, who: str | Browser, start: str = "/login/oidc") -> Any:
    """All the way; returns the answer of our callback."""
    browser = who if isinstance(who, Browser) else Browser(who)
    away = site.client.get(start)
    assert away.status_code == 303, away.text
    return site.client.get(path_of(browser.follow(away.headers["location"])))


def refused(answer: Any) -> str:
    assert answer.status_code == 403, (answer.status_code, answer.headers.get("location"))
    found = re.search(r'You are not signed in</h1>\s*<p class="dim">(.*?)</p>', answer.text)
    assert found is not None, answer.text
    return found[1]


def out(site: Site) -> None:
    site.client.post("/logout")


def test_the_first_time_makes_an_account_and_the_second_finds_it(site: Site):
    site.user()
    assert "Continue with company login" in site.client.get("/login").text
    tove = Browser("tove")
    answer = sign_in(site, tove, "/login/oidc?next=/issues%3Fquery%3Dx")
    assert (answer.status_code, answer.headers["location"]) == (303, "/issues?query=x")
    page = site.client.get("/account").text
    assert "tove@example.com, member" in page and "by company login" in page
    assert 'name="old"' not in page  # no password to change
    out(site)
    assert site.client.get("/account").status_code == 303

    assert sign_in(site, tove).headers["location"] == "/"
    assert len(site.read(users.every)) == 2
    logged = [it.action for it in site.read(audit.page, Wanted(), 20)]
    assert logged.count("user.add") == logged.count("user.identity") == 1
    assert logged.count("sign_in.new") == 2


def test_an_account_is_found_by_its_address_once_and_then_by_the_subject(
    house: tuple[Site, Company],
):
    site, provider = house
    site.user("TOVE@example.com", "owner", "Tove")
    assert sign_in(site, "tove").status_code == 303
    assert "owner" in site.client.get("/account").text
    out(site)
    provider.people["tove"]["email"] = "tove.new@example.com"
    provider.restart()
    assert sign_in(site, "tove").status_code == 303
    assert [it.email for it in site.read(users.every)] == ["TOVE@example.com"]
    out(site)

    provider.people["other"] = {"email": "tove@example.com", "email_verified": True}
    provider.restart()
    assert "belongs to somebody else at the provider" in refused(sign_in(site, "other"))


def test_the_wrong_domain_is_refused_and_logged(site: Site):
    assert "Addresses in other.example are not let in" in refused(sign_in(site, "eve"))
    assert site.read(users.by_email, "eve@other.example") is None
    assert site.client.get("/account").status_code == 303


def test_the_wrong_group_is_refused(tmp_path: Path, shared: Company):
    with site_of(tmp_path, shared, 'allowed_groups = ["developers"]') as site:
        assert "none of the groups" in refused(sign_in(site, "eve"))
        assert sign_in(site, "tove").status_code == 303


def test_groups_and_addresses_may_come_from_userinfo(tmp_path: Path, node_modules: Path):
    with (
        company(tmp_path, claims_at_userinfo=True) as provider,
        site_of(tmp_path, provider, 'allowed_groups = ["developers"]') as site,
    ):
        assert sign_in(site, "tove").status_code == 303
        assert site.read(users.by_email, "tove@example.com").name == "Tove"


def test_an_address_that_is_not_verified_opens_nothing(tmp_path: Path, shared: Company):
    with site_of(tmp_path, shared) as site:
        site.user("samir@example.com", "owner", "Samir")
        assert "not verified your address samir@example.com" in refused(sign_in(site, "samir"))
    believed = ('allowed_domains = ["example.com"]', "unverified_email = true")
    with site_of(tmp_path, shared, *believed) as site:
        assert sign_in(site, "samir").status_code == 303


def test_groups_make_admins_and_unmake_them(tmp_path: Path, own: Company):
    lines = ('allowed_domains = ["example.com"]', 'admin_groups = ["lighttrace-admins"]')
    with site_of(tmp_path, own, *lines) as site:
        sign_in(site, "jonas")
        assert site.read(users.by_email, "jonas@example.com").role == "admin"
        before = dict(site.client.cookies)
        site.client.cookies.clear()
        own.people["jonas"]["groups"] = []
        own.restart()
        sign_in(site, "jonas")
        assert site.read(users.by_email, "jonas@example.com").role == "member"
        site.client.cookies.clear()
        site.client.cookies.update(before)
        assert site.client.get("/account").status_code == 303  # that session ended
        changes = [it.detail for it in site.read(audit.page, Wanted(kind="user"), 20)]
        assert {"was": "admin", "now": "member", "by": "provider"} in changes


def test_groups_do_not_touch_an_owner(tmp_path: Path, shared: Company):
    lines = ('allowed_domains = ["example.com"]', 'admin_groups = ["lighttrace-admins"]')
    with site_of(tmp_path, shared, *lines) as site:
        site.user("tove@example.com", "owner", "Tove")
        sign_in(site, "tove")
        assert site.read(users.by_email, "tove@example.com").role == "owner"


def test_with_nobody_an_invitation_is_needed(tmp_path: Path, shared: Company):
    with site_of(tmp_path, shared, 'allowed_domains = ["*"]', 'role = "nobody"') as site:
        site.user()
        assert "Ask an admin for an invitation" in refused(sign_in(site, "tove"))
        team = site.write(teams.add, "Catalog", 0)
        now_ms = site.clock.now_ms()
        secret = site.write(invites.invite, "eve@other.example", "viewer", team.id, 1, now_ms)
        assert f"/login/oidc?invite={secret}" in site.client.get(f"/invite/{secret}").text
        start = f"/login/oidc?invite={secret}"
        assert "This invitation is for eve@other.example" in refused(sign_in(site, "tove", start))
        assert sign_in(site, "eve", start).status_code == 303
        eve = site.read(users.by_email, "eve@other.example")
        assert eve.role == "viewer" and site.read(teams.of_user, eve.id) == [team]
        assert site.client.get(f"/invite/{secret}").status_code == 404


def test_an_address_that_was_only_claimed_goes_to_its_true_owner(site: Site):
    site.user()
    now_ms = site.clock.now_ms()
    secret = site.write(invites.invite, None, "member", None, 1, now_ms)
    form = {"name": "Eve", "email": "tove@example.com", "password": PASSWORD}
    assert site.client.post(f"/invite/{secret}", data=form).status_code == 303
    eve = dict(site.client.cookies)
    site.client.cookies.clear()

    assert sign_in(site, "tove").status_code == 303
    tove = site.read(users.by_email, "tove@example.com")
    assert site.read(users.password_hash, tove.id) is None
    assert not site.read(identities.is_claimed, tove.id)
    assert len(site.read(sessions.of_user, tove.id)) == 1
    site.client.cookies.clear()
    site.client.cookies.update(eve)
    assert site.client.get("/account").status_code == 303


def test_a_closed_account_stays_closed(site: Site):
    sign_in(site, "tove")
    site.write(lambda tx: tx.execute("update user set disabled_at = 1") and None)
    assert "Your account here is closed" in refused(sign_in(site, "tove"))


def test_keys_may_change_at_any_time(house: tuple[Site, Company]):
    site, provider = house
    assert sign_in(site, "tove").status_code == 303
    provider.keys = [a_key("second")]
    provider.restart()
    site.clock.advance(MINUTE)
    assert sign_in(site, "tove").status_code == 303


def test_other_signatures_and_secrets_in_a_form_will_do(tmp_path: Path, node_modules: Path):
    with (
        company(
            tmp_path,
            keys=[a_key("rsa"), a_key("curve", "ES256")],
            id_token_signed_response_alg="ES256",
            token_endpoint_auth_method="client_secret_post",
        ) as provider,
        site_of(tmp_path, provider) as site,
    ):
        # the discovery lists both ways; this client may only use the form
        where = site.services.provider()
        assert where is not None
        original = where._read
        where._read = lambda said: original(  # type: ignore[method-assign]
            {**said, "token_endpoint_auth_methods_supported": ["client_secret_post"]}
        )
        assert sign_in(site, "tove").status_code == 303


def test_a_tampered_state_is_refused(site: Site):
    away = site.client.get("/login/oidc").headers["location"]
    [state] = parse_qs(urlsplit(away).query)["state"]
    back = path_of(Browser("tove").follow(away))
    answer = site.client.get(back.replace(state, "0" * 64))
    assert answer.status_code == 400 and "over, or was begun in another browser" in answer.text
    assert site.client.get(back).status_code == 303  # the true one still works
    assert site.client.get(back).status_code == 400  # once


def test_an_answer_meant_for_another_browser_is_refused(site: Site):
    away = site.client.get("/login/oidc").headers["location"]
    back = path_of(Browser("eve").follow(away))
    site.client.cookies.clear()
    site.client.get("/login/oidc")  # the victim has a cookie, but another one
    answer = site.client.get(back)
    assert answer.status_code == 400 and "another browser" in answer.text


@pytest.mark.parametrize("what", ["nonce", "verifier", "redirect_uri"])
def test_what_was_promised_has_to_be_kept(site: Site, what: str):
    away = site.client.get("/login/oidc").headers["location"]
    back = path_of(Browser("tove").follow(away))

    def tamper(tx: Any) -> None:
        [(data,)] = tx.execute("select data from sign_in").fetchall()
        changed = json.dumps({**json.loads(data), what: "x" * 43})
        tx.execute("update sign_in set data = ?", (changed,))

    site.write(tamper)
    said = refused(site.client.get(back))
    assert said.startswith(("What the provider said about you", "The provider answered with"))
    assert site.client.get("/account").status_code == 303


def test_an_expired_token_is_refused(site: Site):
    site.clock.advance(3 * 60 * MINUTE)  # we are late, so what the provider says is old
    assert "cannot be believed" in refused(sign_in(site, "tove"))


def test_a_code_of_somebody_else_is_refused(site: Site):
    first = site.client.get("/login/oidc").headers["location"]
    second = site.client.get("/login/oidc").headers["location"]
    one, two = Browser("tove").follow(first), Browser("eve").follow(second)
    [stolen] = parse_qs(urlsplit(two).query)["code"]
    [mine] = parse_qs(urlsplit(one).query)["code"]
    answer = site.client.get(path_of(one).replace(mine, stolen))
    assert answer.status_code == 403


def test_two_tabs_do_not_disturb_each_other(site: Site):
    first = site.client.get("/login/oidc?next=/account").headers["location"]
    second = site.client.get("/login/oidc?next=/projects/new").headers["location"]
    tove = Browser("tove")
    answer = site.client.get(path_of(tove.follow(first)))
    assert answer.headers["location"] == "/account"
    answer = site.client.get(path_of(tove.follow(second)))
    assert answer.headers["location"] == "/projects/new"


def test_a_provider_that_is_down_does_not_lock_anybody_out(house: tuple[Site, Company]):
    site, provider = house
    site.user()
    provider.stop()
    answer = site.client.get("/login/oidc")
    assert answer.status_code == 503 and "cannot be reached just now" in answer.text
    assert 'href="/login"' in answer.text or "Sign in with a password" in answer.text
    assert site.sign_in().status_code == 303


def test_a_provider_that_goes_down_half_way_is_said_in_words(house: tuple[Site, Company]):
    site, provider = house
    away = site.client.get("/login/oidc").headers["location"]
    back = path_of(Browser("tove").follow(away))
    provider.stop()
    assert "cannot be reached just now" in refused(site.client.get(back))


def test_it_works_behind_a_prefix_with_the_address_of_the_file(tmp_path: Path, node_modules: Path):
    uri = "https://shop.example/errors/login/oidc/callback"
    server = ('[server]\nurl = "https://shop.example/errors"',)
    with (
        company(tmp_path, redirect_uri=uri) as provider,
        site_of(
            tmp_path,
            provider,
            'allowed_domains = ["example.com"]',
            *server,
            base_url="https://shop.example",
        ) as site,
    ):
        answer = sign_in(site, "tove", "/login/oidc?next=/account")
        assert (answer.status_code, answer.headers["location"]) == (303, "/errors/account")
        assert site.client.get("/errors/account").status_code == 200


def test_our_second_factor_is_asked_for_only_if_the_file_says_so(tmp_path: Path, shared: Company):
    from tests.web.test_second_factor import set_up

    with site_of(tmp_path, shared) as site:
        sign_in(site, "tove")
        set_up(site)
        out(site)
        assert sign_in(site, "tove").headers["location"] == "/"
    lines = ('allowed_domains = ["example.com"]', "second_factor = true")
    with site_of(tmp_path, shared, *lines) as site:
        assert sign_in(site, "tove").headers["location"] == "/login/code"


def test_an_administrator_can_ask_whether_the_provider_is_there(house: tuple[Site, Company]):
    _, provider = house
    file = provider.folder / "check.toml"
    file.write_text('[server]\nurl = "https://shop.example/lt"\n' + provider.toml(), "utf-8")
    said = CliRunner().invoke(cli, ["check", "--config", str(file), "--provider"])
    assert said.exit_code == 0, said.output
    assert f"{provider.issuer} answers, with 1 key for tokens." in said.output
    assert "has to know: https://shop.example/lt/login/oidc/callback" in said.output
    provider.stop()
    said = CliRunner().invoke(cli, ["check", "--config", str(file), "--provider"])
    assert said.exit_code == 1 and "The provider cannot be reached just now." in said.output


def test_a_changed_file_asks_the_new_provider(tmp_path: Path, shared: Company):
    with site_of(tmp_path, shared) as site:
        sign_in(site, "tove")
        elsewhere = shared.toml().replace(shared.issuer, "http://127.0.0.1:9")
        site.services.config = config_of(tmp_path, elsewhere)
        assert site.client.get("/login/oidc").status_code == 503
        site.services.config = config_of(tmp_path)
        assert site.client.get("/login/oidc").status_code == 404


def test_where_a_second_factor_is_required_the_provider_sees_to_it(tmp_path: Path, shared: Company):
    strict = "[sign_in]\nrequire_second_factor = true\n"
    with served(tmp_path, strict + shared.toml()) as site:
        site.clock.set(time.time_ns() // 1_000_000)
        sign_in(site, "tove")
        assert site.client.get("/issues").status_code == 200
