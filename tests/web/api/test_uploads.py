"""Uploads as Sentry's tools do them: what they have sent, sent again; and who may."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from lighttrace.store import artifacts, maps, teams
from lighttrace.store.bundles import Build
from lighttrace.store.maps import FoundMap, NoMap
from lighttrace.uploads import assembly
from lighttrace.uploads import chunks as chunk_store
from lighttrace.web.api import uploads
from tests.sourcemaps.test_bundle import made
from tests.sourcemaps.test_child import MAP
from tests.uploads.recorded import DEBUG_IDS, bundle, sent
from tests.web.api.asking import Script
from tests.web.sending import add_projects
from tests.web.served import Site, served

ORG = "/api/0/organizations/lighttrace/"
CHUNKS, ASSEMBLE = ORG + "chunk-upload/", ORG + "artifactbundle/assemble/"
FILES = "/api/0/projects/lighttrace/shop-web/releases/web%401/files/"


@pytest.fixture
def script(site: Site) -> Script:
    add_projects(site, "shop-api", "shop-web")
    return Script(site)


def replay(script: Script, name: str) -> Any:
    """A recorded request, with our token."""
    it = sent(name)
    headers = {**it.headers, **script.headers}
    answer = script.site.client.request(it.method, it.path, headers=headers, content=it.body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def work(script: Script) -> int:
    """Have everything that is waiting read; how much that was."""
    portal = script.site.client.portal
    assert portal is not None
    done = 0
    while portal.call(script.site.services.uploads.one):
        done += 1
    return done


@contextmanager
def working(script: Script) -> Iterator[None]:
    """With the loop of uploads running."""
    portal = script.site.client.portal
    assert portal is not None
    loop = portal.start_task_soon(script.site.services.uploads.run, lambda: None)
    try:
        yield
    finally:
        loop.cancel()


def order(data: bytes, *projects: str, **more: Any) -> dict[str, Any]:
    name = sha1(data).hexdigest()
    return {"checksum": name, "chunks": [name], "projects": list(projects or ("shop-web",)), **more}


def send(script: Script, data: bytes, field: str = "file_gzip", name: str | None = None) -> Any:
    body = gzip.compress(data) if field == "file_gzip" else data
    part = {field: (name or sha1(data).hexdigest(), body, "application/octet-stream")}
    return script.ask(CHUNKS, "POST", files=part)


def assemble(script: Script, data: bytes, *projects: str, **more: Any) -> Any:
    answer = script.ask(ASSEMBLE, "POST", json=order(data, *projects, **more))
    assert answer.status_code == 200, answer.text
    return answer.json()


def upload(script: Script, data: bytes, *projects: str, **more: Any) -> Any:
    """All of it; returns what the last asking says."""
    if assemble(script, data, *projects, **more)["state"] == "not_found":
        assert send(script, data).status_code == 200
        assert assemble(script, data, *projects, **more)["state"] == "created"
    work(script)
    return assemble(script, data, *projects, **more)


@pytest.mark.parametrize(
    ("ask", "post", "again"),
    [
        ("sourcemaps_upload-02", "sourcemaps_upload-03", "sourcemaps_upload-04"),
        ("sourcemaps_upload_chunked-02", "sourcemaps_upload_chunked-03",
         "sourcemaps_upload_chunked-04"),
        ("sourcemaps_upload_noid-02", "sourcemaps_upload_noid-03", "sourcemaps_upload_noid-04"),
        ("esbuild-05", "esbuild-06", "esbuild-07"),
        ("vite-06", "vite-07", "vite-08"),
    ],
)  # fmt: skip
def test_every_recorded_tool_uploads(script: Script, ask: str, post: str, again: str) -> None:
    asked = json.loads(sent(ask).body)
    first = replay(script, ask)
    assert first["state"] == "not_found" and first["missingChunks"] == asked["chunks"]
    assert replay(script, post) == {}
    assert replay(script, again) == {"state": "created", "missingChunks": [], "detail": None}
    assert work(script) == 1
    assert replay(script, again) == {"state": "ok", "missingChunks": [], "detail": None}
    version, dist = asked.get("version", ""), asked.get("dist", "")
    if post in DEBUG_IDS:
        found = script.site.read(maps.by_debug_id, 2, DEBUG_IDS[post])
        assert found.script_id is not None
    elif version:
        url = "https://shop.example/assets/main.js?v=1"
        found = script.site.read(maps.by_url, Build(2, version, dist), url)
        assert isinstance(found, FoundMap)
    assert list(uploads_folder(script).rglob("*-*")) == []


def uploads_folder(script: Script) -> Path:
    path = script.site.services.store.path
    return path.with_name(path.name + ".uploads")


def test_the_terms_name_the_address_that_clients_use(script: Script, tmp_path: Path) -> None:
    terms = script.get(CHUNKS)
    assert terms["url"] == "http://testserver" + CHUNKS
    assert terms["hashAlgorithm"] == "sha1" and terms["compression"] == ["gzip"]
    assert terms["chunksPerRequest"] * terms["chunkSize"] == terms["maxRequestSize"]
    assert {"artifact_bundles", "artifact_bundles_v2"} <= set(terms["accept"])
    behind = '[server]\nurl = "https://errors.example.com/trace"\n'
    (tmp_path / "proxy").mkdir()
    with served(tmp_path / "proxy", behind) as site:
        found = Script(site).get("/trace" + CHUNKS)
        assert found["url"] == "https://errors.example.com/trace" + CHUNKS


def test_the_same_bundle_again_sends_nothing_and_may_be_of_another_release(script: Script) -> None:
    data = bundle("sourcemaps_upload_noid-03")
    assert upload(script, data, version="web@1")["state"] == "ok"
    again = assemble(script, data, "shop-web", "shop-api", version="web@2", dist="b")
    assert again["state"] == "ok" and again["missingChunks"] == []
    for project, build in ((2, ("web@1", "")), (2, ("web@2", "b")), (1, ("web@2", "b"))):
        found = script.site.read(maps.by_url, Build(project, *build), "/assets/main.js")
        assert isinstance(found, FoundMap)
    assert script.site.read(artifacts.sizes).bundles == 1
    other = script.site.read(maps.by_url, Build(1, "web@1"), "/assets/main.js")
    assert isinstance(other, NoMap)


def test_an_upload_that_broke_off_goes_on_where_it_was(script: Script) -> None:
    first, second = b"SYSB" * 1000, b"more" * 1000
    names = [sha1(it).hexdigest() for it in (first, second)]
    asked = {**order(first + second), "chunks": names}
    assert script.ask(ASSEMBLE, "POST", json=asked).json()["missingChunks"] == names
    assert send(script, first, "file").status_code == 200
    assert script.ask(ASSEMBLE, "POST", json=asked).json()["missingChunks"] == names[1:]


def test_a_broken_bundle_is_an_error_that_can_be_tried_again_after_a_minute(
    script: Script,
) -> None:
    data = made({"../a.js": "1"})
    said = upload(script, data)
    assert said["state"] == "error" and "is no name for a file" in said["detail"]
    assert assemble(script, data) == said
    script.site.clock.advance(uploads.FAILED_HOLDS_MS + 1)  # type: ignore[attr-defined]
    assert assemble(script, data)["state"] == "not_found"
    assert list(uploads_folder(script).glob("chunks/*")) == []


@pytest.mark.parametrize(
    ("field", "name", "data", "why"),
    [
        ("file", "0" * 40, b"abc", "did not arrive as it was"),
        ("file_gzip", None, None, "The chunk "),
        ("file", "nonsense", b"abc", "must be a SHA-1"),
        ("file", "../../x", b"abc", "must be a SHA-1"),
        ("other", "0" * 40, b"abc", "parts called file or file_gzip"),
        ("file", None, b"x" * (2**20 + 1), "A chunk may have 1048576 bytes"),
        ("file_gzip", None, b"\0" * (2**20 + 1), "The chunk "),
    ],
)
def test_a_broken_chunk_is_refused_and_not_kept(
    script: Script, field: str, name: str | None, data: bytes | None, why: str
) -> None:
    if data is None:
        part = {"file_gzip": ("1" * 40, b"no gzip at all", "application/octet-stream")}
        answer = script.ask(CHUNKS, "POST", files=part)
    else:
        answer = send(script, data, field, name)
    assert answer.status_code == 400 and why in answer.json()["detail"]
    assert list(uploads_folder(script).rglob("*")) == []


def test_what_is_no_form_with_files_is_refused(script: Script) -> None:
    assert script.refused(CHUNKS, "POST", data={"file": "text"})[0] == 400
    kind = {"content-type": "multipart/form-data; boundary=x", **script.headers}
    answer = script.site.client.post(CHUNKS, headers=kind, content=b"--y\r\n\r\nnonsense")
    assert answer.status_code == 400 and answer.json()["detail"]
    assert script.ask(CHUNKS, "POST", content=b"x" * (uploads.MOST_BODY + 1)).status_code == 413


def test_uploads_have_room_that_other_pages_have_not(script: Script) -> None:
    large = [bytes([n]) * 2**20 for n in range(3)]
    parts = [("file", (sha1(it).hexdigest(), it)) for it in large]
    assert script.ask(CHUNKS, "POST", files=parts).status_code == 200
    assert script.ask(ASSEMBLE, "POST", content=b"x" * 2**21).status_code == 413


def test_when_there_is_no_room_it_is_said(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunk_store, "MOST_BYTES", 10)
    answer = send(script, b"twelve bytes")
    assert answer.status_code == 413 and "Try again later" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (b"{", "not what assemble takes"),
        (b"[]", "not what assemble takes"),
        (b"\xff", "not what assemble takes"),
        ({"checksum": "x"}, "not what assemble takes"),
        ({**order(b"a"), "checksum": "x"}, "checksum must be a SHA-1"),
        ({**order(b"a"), "chunks": []}, "1 to 524,288 chunks"),
        ({**order(b"a"), "chunks": ["a/../../b"]}, "A chunk must be a SHA-1"),
        ({**order(b"a"), "projects": []}, "must name the projects"),
        ({**order(b"a"), "version": "v" * 300}, "version may have 200"),
        ({**order(b"a"), "dist": "v" * 300}, "dist 64"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(script: Script, asked: Any, why: str) -> None:
    body = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    status, said = script.refused(ASSEMBLE, "POST", content=body)
    assert status == 400 and why in said


def test_bob_uploads_nothing_for_a_project_that_he_does_not_see(script: Script) -> None:
    his = bob(script)
    data = bundle("vite-07")
    for named in ("shop-web", "2", "nothing"):
        status, said = his.refused(ASSEMBLE, "POST", json=order(data, named))
        assert (status, said) == (
            400, f"There is no project {named}, or this token does not see it."
        )  # fmt: skip
    assert assemble(his, data, "shop-api")["state"] == "not_found"
    assert his.refused(FILES, "POST", files={"file": ("a.js.map", b"{}")})[0] == 404


def bob(script: Script) -> Script:
    """A member who sees `shop-api`, and nothing of `shop-web`."""
    site = script.site
    person = site.user("bob@example.com", "member", "Bob")
    team = site.write(teams.add, "Web", 1)
    site.write(teams.set_of_project, 2, [team.id])
    return Script(site, "project:releases", user_id=person.id)


def has_map(script: Script, project_id: int) -> bool:
    found = script.site.read(maps.by_url, Build(project_id, "w"), "/assets/main.js")
    return isinstance(found, FoundMap)


def test_to_know_the_checksum_of_a_bundle_is_not_to_have_it(script: Script) -> None:
    his, data = bob(script), bundle("sourcemaps_upload_noid-03")
    assert upload(script, data, version="w")["state"] == "ok"
    name = sha1(data).hexdigest()
    asked = order(data, "shop-api", version="w")
    said = {"state": "not_found", "missingChunks": [name], "detail": None}
    assert his.ask(ASSEMBLE, "POST", json=asked).json() == said
    send(his, b"something else")
    other = {**asked, "chunks": [sha1(b"something else").hexdigest()]}
    answer = his.ask(ASSEMBLE, "POST", json=other).json()
    assert (answer["state"], answer["detail"]) == ("error", assembly.OTHER)
    assert not has_map(script, 1)
    send(his, data)
    assert his.ask(ASSEMBLE, "POST", json=asked).json()["state"] == "ok"
    assert has_map(script, 1) and script.site.read(artifacts.sizes).bundles == 1
    left = {it.name for it in uploads_folder(script).glob("chunks/*")}
    assert len(left) == 1  # what was something else


def test_what_is_wrong_with_a_bundle_is_not_told_to_who_has_only_its_checksum(
    script: Script,
) -> None:
    his, data = bob(script), made({"../secret.js": "1"})
    assert upload(script, data)["state"] == "error"
    assert assemble(his, data, "shop-api")["state"] == "not_found"


def test_a_chunk_that_somebody_else_sent_is_missing_and_cannot_be_used(script: Script) -> None:
    his, data = bob(script), bundle("sourcemaps_upload_noid-03")
    assert send(script, data).status_code == 200
    assert assemble(his, data, "shop-api")["missingChunks"] == [sha1(data).hexdigest()]
    assert assemble(script, data, version="w")["state"] == "created"
    assert assemble(his, data, "shop-api", version="w")["state"] == "not_found"
    work(script)
    assert has_map(script, 2) and not has_map(script, 1)


def test_a_person_goes_on_with_another_token(script: Script) -> None:
    site, data = script.site, bundle("sourcemaps_upload_noid-03")
    eve = site.user("eve@example.com", "member", "Eve")
    first, second = (Script(site, "project:releases", user_id=eve.id) for _ in range(2))
    assert send(first, data).status_code == 200
    assert assemble(second, data, version="w")["state"] == "created"


def test_a_cookie_uploads_nothing(script: Script) -> None:
    script.site.user()
    assert script.site.sign_in().status_code in (200, 303)
    data = bundle("sourcemaps_upload_noid-03")
    client = script.site.client
    for path in (ASSEMBLE, CHUNKS, FILES):
        assert client.post(path, json=order(data)).status_code == 401
    assert client.get(CHUNKS).status_code == 401
    assert Script(script.site, "event:read").ask(ASSEMBLE, "POST", json={}).status_code == 403


def test_projects_are_named_by_slug_or_number(script: Script) -> None:
    data = bundle("sourcemaps_upload_noid-03")
    assert upload(script, data, "2", version="w")["state"] == "ok"
    assert isinstance(script.site.read(maps.by_url, Build(2, "w"), "/assets/main.js"), FoundMap)


def test_one_map_by_curl(script: Script) -> None:
    files = {"file": ("main.js.map", json.dumps(MAP).encode())}
    with working(script):
        answer = script.ask(FILES, "POST", files=files, data={"name": "~/js/main.js.map"})
        assert answer.status_code == 201, answer.text
        assert answer.json()["name"] == "~/js/main.js.map"
        found = script.site.read(maps.by_url, Build(2, "web@1"), "https://a.example/js/main.js")
        assert isinstance(found, FoundMap)


def test_a_script_and_its_map_by_curl(script: Script) -> None:
    both = [
        ("file", ("main.js", b"one();\n//# sourceMappingURL=main.js.map")),
        ("file", ("main.js.map", json.dumps(MAP).encode())),
    ]
    path = ORG + "releases/web%401/files/"
    with working(script):
        form = {"url_prefix": "~/static/", "dist": "b7"}
        status, said = script.refused(path, "POST", files=both, data=form)
        assert (status, said) == (400, "Which project is it for? Add -F project=SLUG.")
        answer = script.ask(path, "POST", files=both, data={**form, "project": "shop-web"})
        assert answer.status_code == 201, answer.text
        build = Build(2, "web@1", "b7")
        found = script.site.read(maps.by_url, build, "https://a.example/static/main.js")
        assert isinstance(found, FoundMap) and found.script_id is not None


def test_curl_is_told_what_is_wrong(script: Script) -> None:
    with working(script):
        bad = {"file": ("main.js.map", b"<html>404</html>")}
        status, said = script.refused(FILES, "POST", files=bad)
        assert status == 400 and said.startswith("~/main.js.map: The map is not JSON")
    assert script.refused(FILES, "POST", data={"name": "~/x"})[0] == 400
    two = [("file", ("a.js", b"1")), ("file", ("b.js", b"2"))]
    status, said = script.refused(FILES, "POST", files=two, data={"name": "~/a.js"})
    assert status == 400 and "Give each file a name" in said
    long = FILES.replace("web%401", "v" * 300)
    assert script.refused(long, "POST", files=bad)[0] == 400
