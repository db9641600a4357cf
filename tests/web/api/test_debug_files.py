"""Debug files put together of chunks: what is read, what is not and why."""

import io
import zipfile
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from lighttrace.store import debug_files, teams
from tests.web.api.asking import Script
from tests.web.api.test_uploads import send, uploads_folder, work

JVM = Path(__file__).parents[2] / "data" / "jvm"
ASSEMBLE = "/api/0/projects/lighttrace/shop/files/difs/assemble/"
ARCHIVE = "/api/0/projects/lighttrace/shop/files/dsyms/"
ID = "6bbfd94c-58de-52f0-924e-ed068867fd2c"
OTHER = "6bbfd94c-58de-52f0-924e-ed068867fd2d"
MAPPING = (JVM / "build1.mapping.txt").read_bytes()
PROGUARD = f"/proguard/{ID}.txt"


def ask(script: Script, data: bytes, name: str, **over: Any) -> Any:
    digest = sha1(data).hexdigest()
    body = {digest: {"name": name, "chunks": [digest], **over}}
    answer = script.ask(ASSEMBLE, "POST", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()[digest]


def upload(script: Script, data: bytes, name: str, **over: Any) -> Any:
    """All of it; returns what the last asking says."""
    first = ask(script, data, name, **over)
    if first["state"] == "not_found":
        assert first["missingChunks"] == [sha1(data).hexdigest()]
        assert send(script, data).status_code == 200
        assert ask(script, data, name, **over)["state"] == "created"
        work(script)
    return ask(script, data, name, **over)


def test_a_mapping_is_found_by_each_id_it_was_uploaded_under(script: Script):
    done = upload(script, MAPPING, PROGUARD)
    assert (done["state"], done["missingChunks"]) == ("ok", [])
    assert (done["dif"]["symbolType"], done["dif"]["debugId"]) == ("proguard", ID)
    found = script.site.read(debug_files.mapping, 1, ID)
    assert found is not None and found.error is None
    assert script.site.read(debug_files.mapping, 2, ID) is None
    assert ask(script, MAPPING, f"/proguard/{OTHER}.txt")["state"] == "ok"
    assert script.site.read(debug_files.mapping, 1, OTHER).id == found.id


def test_a_bundle_of_sources_is_found_by_its_id(script: Script):
    data = (JVM / "sources.zip").read_bytes()
    assert upload(script, data, "app.zip", debug_id=ID)["dif"]["symbolType"] == "sourcebundle"
    assert script.site.read(debug_files.source, 1, ID, "~/com/shop/Money.jvm") is not None


@pytest.mark.parametrize(
    ("data", "name", "over", "why"),
    [
        (b"\x7fELF", "libshop.so", {"debug_id": ID}, "Native debug files"),
        (b"\0asm", "shop.wasm", {}, "Native debug files"),
        (b"\x7fELF", "app.zip", {"debug_id": ID}, "not a zip file"),
        (b"SYSB", "app.zip", {}, "needs the debug id"),
        (b"SYSB", "app.zip", {"debug_id": "no"}, "needs the debug id"),
        (MAPPING, PROGUARD, {"chunks": []}, "chunks"),
    ],
)
def test_what_is_not_taken_says_why(
    script: Script, data: bytes, name: str, over: dict[str, Any], why: str
):
    said = upload(script, data, name, **over)
    assert said["state"] == "error" and why in said["detail"] and "dif" not in said
    assert script.site.read(debug_files.mapping, 1, ID) is None


def test_nobody_is_given_a_file_for_knowing_its_checksum(script: Script):
    site = script.site
    assert upload(script, MAPPING, PROGUARD)["state"] == "ok"
    one = site.write(teams.add, "One", site.clock.now_ms())
    site.write(teams.set_of_project, 1, [one.id])
    stranger = site.user("stranger@example.com", "member", "Str")
    theirs = Script(site, user_id=stranger.id)
    digest = sha1(MAPPING).hexdigest()
    asked = {digest: {"name": PROGUARD, "chunks": [digest]}}
    path = ASSEMBLE.replace("shop", "blog")
    assert theirs.ask(path, "POST", json=asked).json()[digest]["state"] == "not_found"
    assert site.read(debug_files.mapping, 2, ID) is None
    send(theirs, MAPPING)
    assert theirs.ask(path, "POST", json=asked).json()[digest]["state"] == "ok"
    assert site.read(debug_files.mapping, 2, ID) is not None


def test_many_files_are_asked_for_at_once_and_bad_requests_are_refused(script: Script):
    digest = sha1(MAPPING).hexdigest()
    both = {
        digest: {"name": PROGUARD, "chunks": [digest]},
        "1" * 40: {"name": "libshop.so", "chunks": ["1" * 40]},
    }
    said = script.ask(ASSEMBLE, "POST", json=both).json()
    assert {name: it["state"] for name, it in said.items()} == {
        digest: "not_found",
        "1" * 40: "error",
    }
    for wrong in ({"x": {"name": "a", "chunks": []}}, {"0" * 40: {"name": "a"}}, [1]):
        assert script.refused(ASSEMBLE, "POST", json=wrong)[0] == 400
    many = {f"{n:040x}": {"name": "a", "chunks": []} for n in range(1_001)}
    assert script.refused(ASSEMBLE, "POST", json=many)[0] == 400
    assert script.refused(ASSEMBLE.replace("shop", "toys"), "POST", json={})[0] == 404


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def send_archive(script: Script, data: bytes) -> Any:
    return script.ask(ARCHIVE, "POST", files={"file": ("difs.zip", data)})


def test_older_tools_send_mappings_in_a_zip(script: Script):
    names = {f"proguard/{ID}.txt": MAPPING, f"proguard/{OTHER}.txt": b"a.B -> a.b:\n"}
    answer = send_archive(script, packed(**names))
    assert answer.status_code == 200, answer.text
    assert [it["debugId"] for it in answer.json()] == [ID, OTHER]
    work(script)
    for debug_id in (ID, OTHER):
        assert script.site.read(debug_files.mapping, 1, debug_id) is not None
    assert send_archive(script, packed(**names)).status_code == 200


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"no zip", "not a zip file"),
        (packed(), "1 to 50"),
        (packed(**{"../../x.txt": b"1"}), "Native debug files"),
        (packed(**{f"proguard/{ID}.txt": b"\0" * 50_000_000}), "far too much"),
        (packed(**{f"proguard/{ID}.txt": MAPPING, "libshop.so": b"1"}), "Native debug files"),
        (packed(**{f"proguard/{ID}.txt": MAPPING})[:-30], "not a zip file"),
    ],
)
def test_an_archive_of_something_else_is_refused_and_leaves_nothing(
    script: Script, data: bytes, why: str
):
    answer = send_archive(script, data)
    assert answer.status_code == 400 and why in answer.json()["detail"]
    assert list(uploads_folder(script).rglob("new-*")) == []
    assert work(script) == 0


def test_a_list_of_many_files_is_not_even_read(script: Script, monkeypatch: pytest.MonkeyPatch):
    data = packed(**{str(n): b"" for n in range(5000)})
    lies = bytearray(data)
    lies[-14:-10] = b"\1\0\1\0"  # it says that there is one
    monkeypatch.setattr(zipfile, "ZipFile", None)
    for given, why in ((data, "has 5,000 files; at most 50"), (bytes(lies), "list of files")):
        answer = send_archive(script, given)
        assert answer.status_code == 400 and why in answer.json()["detail"]
