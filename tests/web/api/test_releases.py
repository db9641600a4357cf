"""Releases, commits and deploys as builders tell of them: by JSON, by forms, by odd names."""

from typing import Any
from urllib.parse import quote

import pytest

from lighttrace.store import announced, commits, repositories, teams
from lighttrace.store.sight import ALL
from lighttrace.web.api import posted
from tests.web.api.asking import Script, fail
from tests.web.sending import add_projects
from tests.web.served import Site

ORG = "/api/0/organizations/lighttrace/"
RELEASES = ORG + "releases/"
OF_SHOP = "/api/0/projects/lighttrace/shop/releases/"
NAMES = [
    "shop@1.5.0",
    "depot-web@2.2.0-rc.1+b 9ü",
    "feature/checkout",
    "100 %",
    "2c73755b80756a6a9ae2c78ab63765b7bf6d9de7",
]
SHA, OLDER = "2c73755b80756a6a9ae2c78ab63765b7bf6d9de7", "035125c7410c5d4e3a617ddf9cb74f3d6b9293f7"
COMMITS = [
    {
        "id": SHA,
        "repository": "acme/shop",
        "message": "Fix checkout rounding\n",
        "author_name": "Dana",
        "author_email": "dana@example.com",
        "timestamp": "2026-11-23T12:16:39Z",
        "patch_set": [{"path": "a.txt", "type": "M"}, {"path": "b/ü.txt", "type": "D"}],
    },
    {"id": OLDER, "message": "first"},
]


def post(script: Script, path: str, **body: Any) -> Any:
    answer = script.ask(path, "POST", json=body)
    assert answer.status_code in (201, 208), answer.text
    return answer.json()


def put(script: Script, path: str, **body: Any) -> Any:
    answer = script.put(path, **body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("base", [RELEASES, OF_SHOP])
def test_a_release_of_any_name_is_told_changed_read_and_deleted(
    script: Script, name: str, base: str
):
    body = {"version": name, "projects": ["shop"], "dateStarted": "2026-11-23T12:17:29.474936710Z"}
    made = script.ask(base, "POST", json=body)
    assert made.status_code == 201, made.text
    assert script.ask(base, "POST", json=body).status_code == 208
    path = base + quote(name, safe="@" if base == RELEASES else "") + "/"
    put(script, path, dateReleased="2026-11-24T10:00:00Z", url="https://git.example.com/1")
    found = script.get(path)
    assert (found["version"], found["status"]) == (name, "open")
    assert found["dateStarted"] == "2026-11-23T12:17:29.474Z"
    assert found["dateReleased"] == "2026-11-24T10:00:00.000Z"
    assert [it["slug"] for it in found["projects"]] == ["shop"]
    assert [it["version"] for it in script.get(base)] == [name]
    assert post(script, path + "deploys/", environment="production")["dateFinished"]
    assert len(script.get(path + "deploys")) == 1
    assert script.ask(path, "DELETE").status_code == 204
    assert script.refused(path)[0] == 404
    assert script.get(base) == []


def test_what_is_not_said_stays(script: Script):
    post(script, RELEASES, version="shop@1", projects=["shop"], url="https://ci.example.com/1")
    put(script, RELEASES + "shop@1/", ref="main")
    post(script, RELEASES, version="shop@1", projects=[], status="archived")
    found = script.get(RELEASES + "shop@1/")
    assert (found["status"], found["ref"]) == ("archived", "main")
    assert found["url"] == "https://ci.example.com/1"
    assert [it["slug"] for it in found["projects"]] == ["shop"]
    put(script, RELEASES + "shop@1/", projects=["blog"], status="open")
    found = script.get(RELEASES + "shop@1/")
    assert [it["slug"] for it in found["projects"]] == ["blog", "shop"]
    assert found["status"] == "open"


def test_a_change_makes_what_is_not_there(script: Script):
    put(script, RELEASES + "shop@9/", projects=["shop"], dateReleased="2026-11-24T10:00:00Z")
    assert script.get(OF_SHOP)[0]["version"] == "shop@9"
    assert script.get("/api/0/projects/lighttrace/blog/releases/") == []


def test_events_and_builders_mean_the_same_release(script: Script):
    fail(script.site, "OneError", release="shop@1")
    (found,) = script.get(OF_SHOP)
    assert found["newGroups"] == 1 and found["firstEvent"] == found["lastEvent"] is not None
    assert script.ask(RELEASES, "POST", json={"version": "shop@1", "projects": ["shop"]}).is_success
    fail(script.site, "TwoError", release="shop@1")
    assert script.get(RELEASES + "shop@1/")["newGroups"] == 2
    status, said = script.refused(RELEASES + "shop@1/", "DELETE")
    assert status == 400 and "Archive it instead" in said


def test_commits_replace_those_before_and_are_cleared(script: Script):
    path = RELEASES + "shop@2/"
    put(script, path, projects=["shop"], commits=COMMITS)
    shown = script.get(path + "commits/")
    assert [it["id"] for it in shown] == [SHA, OLDER]
    assert shown[0]["message"] == "Fix checkout rounding"
    assert shown[0]["author"] == {"name": "Dana", "email": "dana@example.com"}
    assert shown[0]["repository"] == {"name": "acme/shop"}
    assert shown[0]["patchSet"][1] == {"path": "b/ü.txt", "type": "D"}
    found = script.get(path)
    assert (found["commitCount"], found["lastCommit"]) == (2, {"id": SHA})
    assert found["authors"] == [{"name": "Dana", "email": "dana@example.com"}]
    assert put(script, path, commits=COMMITS[1:])["commitCount"] == 1
    refs = [{"repository": "acme/shop", "commit": SHA, "previousCommit": None}]
    assert put(script, path, refs=refs)["commitCount"] == 1
    release_id = script.site.read(announced.find, "shop@2", ALL)
    assert script.site.read(commits.refs, release_id) == [commits.Ref("acme/shop", SHA, None)]
    assert put(script, path, refs=[])["commitCount"] == 0
    assert script.site.read(commits.refs, release_id) == []
    assert [it["name"] for it in script.get(ORG + "repos/?cursor=")] == ["acme/shop"]


def test_the_release_before_is_one_with_commits_of_the_same_project(script: Script):
    put(script, RELEASES + "blog@1/", projects=["blog"], commits=[{"id": "b" * 40}])
    put(script, RELEASES + "shop@1/", projects=["shop"], commits=COMMITS)
    put(script, RELEASES + "shop@2/", projects=["shop"])
    put(script, RELEASES + "blog@2/", projects=["blog"], commits=[{"id": "c" * 40}])
    put(script, RELEASES + "shop@3/", projects=["shop"])
    before = script.get(RELEASES + "shop@3/previous-with-commits/")
    assert (before["version"], before["lastCommit"]) == ("shop@1", {"id": SHA})
    assert script.get(RELEASES + "shop@1/previous-with-commits/") == {}


def test_more_commits_than_are_kept_leave_the_newest(
    script: Script, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(commits, "MOST_PATHS", 4)
    paths = [{"path": f"{n}.py", "type": "A"} for n in range(3)]
    many = [{"id": f"{n:040x}", "patch_set": paths, "message": "m" * 5_000} for n in range(1_100)]
    found = put(script, RELEASES + "shop@1/", commits=many)
    assert (found["commitCount"], found["lastCommit"]) == (1_000, {"id": "0" * 40})
    pages = script.pages(RELEASES + "shop@1/commits/")
    shown = [it for some in pages for it in some]
    assert [it["id"] for it in shown] == [it["id"] for it in many[:1_000]]
    assert [len(it["patchSet"]) for it in shown[:3]] == [3, 1, 0]
    assert len(shown[0]["message"]) == 4_096


@pytest.mark.parametrize("how", ["form", "json", "json that calls itself a form"])
def test_one_line_tells_of_a_deploy(script: Script, how: str):
    """Of a release that nobody has told of, too."""
    said = {
        "form": {"data": {"environment": "production", "projects": ["shop", "blog"]}},
        "json": {"json": {"environment": "production", "projects": ["shop", "blog"]}},
        "json that calls itself a form": {
            "content": '{"environment": "production", "projects": ["shop", "blog"]}',
            "headers": {
                **script.headers,
                "content-type": "application/x-www-form-urlencoded",
            },
        },
    }[how]
    path = RELEASES + "shop@1.2.0/deploys/"
    answer = script.site.client.post(path, **{"headers": script.headers, **said})
    assert answer.status_code == 201, answer.text
    (deploy,) = script.get(path)
    assert deploy["environment"] == "production" and deploy["dateFinished"]
    found = script.get(RELEASES + "shop@1.2.0/")
    assert found["lastDeploy"] == deploy and found["deployCount"] == 1
    assert [it["slug"] for it in found["projects"]] == ["blog", "shop"]


def test_where_there_is_one_project_it_need_not_be_named(site: Site):
    add_projects(site, "shop")
    script = Script(site)
    post(script, RELEASES + "shop@1/deploys/", environment="production")
    assert [it["slug"] for it in script.get(RELEASES + "shop@1/")["projects"]] == ["shop"]


def test_lists_go_on_page_by_page(script: Script):
    names = [f"shop@{n}" for n in range(7)]
    for name in names:
        post(script, RELEASES, version=name, projects=["shop"])
    for path in (RELEASES, OF_SHOP):
        pages = script.pages(path + "?per_page=3")
        assert [len(it) for it in pages] == [3, 3, 1]
        assert [it["version"] for some in pages for it in some] == names[::-1]
    assert script.get(RELEASES + "?project=blog") == []
    assert len(script.get(RELEASES + "?project=shop&project=blog")) == 7


BAD = [
    ("POST", RELEASES, {}, "version must be"),
    ("POST", RELEASES, {"version": " "}, "version must be"),
    ("POST", RELEASES, {"version": "latest"}, "cannot be the name"),
    ("POST", RELEASES, {"version": "a\nb"}, "cannot be the name"),
    ("POST", RELEASES, {"version": "a\0b"}, "cannot be the name"),
    ("POST", RELEASES, {"version": "x" * 201}, "cannot be the name"),
    ("POST", RELEASES, {"version": "1", "projects": ["toys"]}, "no project toys"),
    ("POST", RELEASES, {"version": "1", "projects": 7}, "cannot be read"),
    ("POST", RELEASES, {"version": "1", "status": "resolved"}, "status must be"),
    ("POST", RELEASES, {"version": "1", "url": "javascript:alert(1)"}, "url must begin"),
    ("POST", RELEASES, {"version": "1", "dateReleased": "soon"}, "dateReleased must be"),
    ("PUT", RELEASES + "1/", {"commits": [{"message": "no id"}]}, "cannot be read"),
    ("PUT", RELEASES + "1/", {"commits": [{"id": "x" * 65}]}, "named by its hash"),
    ("PUT", RELEASES + "1/", {"refs": [{"repository": " ", "commit": "a"}]}, "its repository"),
    ("POST", RELEASES + "1/deploys/", {"name": "x"}, "Where was it deployed"),
    ("POST", RELEASES + "1/deploys/", {"environment": ["a"]}, "cannot be read"),
]


@pytest.mark.parametrize(("method", "path", "body", "said"), BAD)
def test_what_cannot_be_taken_is_said_and_leaves_nothing(
    script: Script, method: str, path: str, body: dict[str, Any], said: str
):
    status, sentence = script.refused(path, method, json=body)
    assert status == 400 and said in sentence
    assert script.get(RELEASES) == []


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{", b"[1]", b"{" * 100_000, b"a=%ff&b"])
def test_bytes_that_are_nothing_are_refused(script: Script, body: bytes):
    assert script.refused(RELEASES, "POST", content=body)[0] == 400


def test_half_a_surrogate_pair_can_be_told(script: Script):
    body = b'{"ref": "a\\ud800b", "commits": [{"id": "1", "message": "\\udc00"}]}'
    assert script.ask(RELEASES + "shop@1/", "PUT", content=body).status_code in (200, 400)


def test_code_mappings_are_kept_by_project(script: Script):
    body = {
        "project": "shop",
        "repository": "acme/shop",
        "defaultBranch": "main",
        "mappings": [
            {"stackRoot": "shop/", "sourceRoot": "src/shop/"},
            {"stackRoot": "shop/lib/", "sourceRoot": ""},
        ],
    }
    path = ORG + "code-mappings/bulk/"
    first = script.ask(path, "POST", json=body).json()
    assert (first["created"], first["updated"], first["errors"]) == (2, 0, 0)
    again = script.ask(path, "POST", json={**body, "defaultBranch": "trunk"}).json()
    assert (again["created"], again["updated"]) == (0, 2)
    kept = script.site.read(repositories.code_mappings, 1)
    assert [(it.repository, it.branch, it.mapping.stack_root) for it in kept] == [
        ("acme/shop", "trunk", "shop/lib/"),
        ("acme/shop", "trunk", "shop/"),
    ]
    assert script.refused(path, "POST", json={**body, "project": "toys"})[0] == 400
    assert script.refused(path, "POST", json={**body, "mappings": []})[0] == 400


def test_a_release_is_seen_by_who_sees_one_of_its_projects(script: Script):
    site = script.site
    put(script, RELEASES + "shop@1/", projects=["shop"], commits=COMMITS)
    put(script, RELEASES + "both@1/", projects=["shop", "blog"])
    one = site.write(teams.add, "One", site.clock.now_ms())
    site.write(teams.set_of_project, 1, [one.id])
    stranger = site.user("stranger@example.com", "member", "Str")
    theirs = Script(site, user_id=stranger.id)
    assert [it["version"] for it in theirs.get(RELEASES)] == ["both@1"]
    assert [it["slug"] for it in theirs.get(RELEASES + "both@1/")["projects"]] == ["blog"]
    for path, method in (
        ("shop@1/", "GET"),
        ("shop@1/", "DELETE"),
        ("shop@1/commits/", "GET"),
        ("shop@1/deploys/", "GET"),
        ("shop@1/previous-with-commits/", "GET"),
    ):
        assert theirs.refused(RELEASES + path, method)[0] == 404
    assert theirs.put(RELEASES + "shop@1/", ref="mine").status_code == 404
    said = {"environment": "production"}
    assert theirs.refused(RELEASES + "shop@1/deploys/", "POST", json=said)[0] == 404
    assert theirs.refused(OF_SHOP, "POST", json={"version": "shop@1"})[0] == 404
    assert script.get(RELEASES + "shop@1/")["ref"] is None
    status, why = theirs.refused(RELEASES + "both@1/", "DELETE")
    assert status == 400 and "this token does not see" in why
    viewer = site.user("viewer@example.com", "viewer", "Vic")
    assert Script(site, user_id=viewer.id).put(RELEASES + "both@1/", ref="x").status_code == 403


def test_a_form_has_bounds():
    with pytest.raises(Exception, match="cannot be read"):
        posted.read(b"&".join(b"a=1" for _ in range(200)), dict)
