"""The organisation, its projects and their keys: what tools ask first."""

import pytest

from tests.web.api.asking import SHOP, Script
from tests.web.served import Site


def test_a_script_learns_what_its_token_may_do(site: Site):
    mira = site.user()
    said = Script(site, "event:read", user_id=mira.id).get("/api/0/")
    assert said["auth"]["scopes"] == ["event:read"]
    assert said["user"]["email"] == "mira@example.com"
    assert Script(site).get("/api/0")["user"] is None


def test_there_is_one_organisation(script: Script):
    (only,) = script.get("/api/0/organizations/?cursor=")
    assert (only["id"], only["slug"]) == ("1", "lighttrace")
    assert only["dateCreated"].endswith("Z")
    assert {"name", "isEarlyAdopter", "require2FA"} <= only.keys()  # sentry-cli stops without
    assert only["links"]["regionUrl"] == "http://testserver"


@pytest.mark.parametrize("org", ["lighttrace", "1"])
@pytest.mark.parametrize("project", ["shop", "1"])
@pytest.mark.parametrize("slash", ["/", ""])
def test_names_and_numbers_mean_the_same_with_and_without_the_last_slash(
    script: Script, org: str, project: str, slash: str
):
    assert script.get(f"/api/0/organizations/{org}{slash}")["slug"] == "lighttrace"
    listed = script.get(f"/api/0/organizations/{org}/projects{slash}")
    assert [(it["id"], it["slug"]) for it in listed] == [("2", "blog"), ("1", "shop")]
    found = script.get(f"/api/0/projects/{org}/{project}{slash}")
    assert (found["id"], found["organization"]["slug"]) == ("1", "lighttrace")
    (key,) = script.get(f"/api/0/projects/{org}/{project}/keys{slash}")
    assert key["dsn"]["public"] == f"http://{key['public']}@testserver/1"
    assert key["isActive"] is True


@pytest.mark.parametrize(
    "path",
    [
        "/api/0/organizations/acme/",
        "/api/0/organizations/2/projects/",
        "/api/0/organizations/acme/issues/",
        "/api/0/organizations/acme/issues/1/",
        "/api/0/projects/acme/shop/",
        "/api/0/projects/lighttrace/nothing/",
        "/api/0/projects/lighttrace/99/keys/",
        "/api/0/projects/lighttrace/99999999999999999999999/issues/",
        "/api/0/projects/lighttrace/%00/events/",
    ],
)
def test_what_is_not_there_is_a_404_with_a_sentence(script: Script, path: str):
    assert script.refused(path) == (404, "The requested resource does not exist")


def test_an_address_below_the_prefix_works_and_leads_there(tmp_path):
    from tests.web.api.asking import fail, links, shop
    from tests.web.served import served

    text = '[server]\nurl = "https://errors.example.com/lt"\n'
    with served(tmp_path, text) as site:
        script = Script(shop(site))
        fail(site, "OneError", "TwoError")
        for prefix in ("", "/lt"):
            answer = script.ask(f"{prefix}{SHOP}issues/?limit=1")
            following = links(answer)["next"]
            assert following and following.startswith(f"https://errors.example.com/lt{SHOP}")
        (issue,) = answer.json()
        assert issue["permalink"] == "https://errors.example.com/lt/issues/SHOP-2"
