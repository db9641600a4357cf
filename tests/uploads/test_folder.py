"""What is taken out of the folder of a build, and what is said of the rest."""

from pathlib import Path

import pytest

from lighttrace.uploads import folder as module
from lighttrace.uploads.bundling import Given
from lighttrace.uploads.folder import Found, groups, look


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    return tmp_path / "dist"


def write(dist: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = dist / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def urls(found: Found) -> dict[str, str | None]:
    return {it.url: it.map_url for it in found.files}


def test_scripts_with_their_maps_are_taken(dist: Path) -> None:
    write(
        dist,
        {
            "assets/main.js": "1;\n//# sourceMappingURL=main.js.map",
            "assets/main.js.map": "{}",
            "inline.mjs": "1;\n//# sourceMappingURL=data:application/json;base64,e30=",
            "beside.js": "1;",
            "beside.js.map": "{}",
            "far.js": "1;\n//# sourceMappingURL=https://cdn.example/far.js.map",
        },
    )
    found = look(dist, "~/static/")
    assert urls(found) == {
        "~/static/assets/main.js": None,
        "~/static/assets/main.js.map": None,
        "~/static/beside.js": "beside.js.map",
        "~/static/beside.js.map": None,
        "~/static/far.js": None,
        "~/static/inline.mjs": None,
    }
    assert (found.with_map, found.maps, found.left_out) == (4, 2, [])
    assert "~/assets/main.js" in urls(look(dist, "~/"))
    assert "https://a.example/assets/main.js" in urls(look(dist, "https://a.example"))


def test_what_is_left_out_is_said_and_why(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_MEMBER_BYTES", 2**20)
    write(
        dist,
        {
            "a.css.map": "{}",
            "plain.js": "1;",
            "wrong.js.map": "<html>404</html>",
            "big.js.map": "{" + " " * 2**20,
            "lost.js": "1;\n//# sourceMappingURL=maps/lost.js.map",
            "index.html": "<html>",
            "node_modules/x.js.map": "{}",
        },
    )
    (dist / ".git").mkdir()
    (dist / ".git" / "x.js.map").write_text("{}")
    (dist / "link.js.map").symlink_to("/etc/hostname")
    found = look(dist, "~")
    assert urls(found) == {"~/lost.js": None}
    assert dict(found.left_out) == {
        "a.css.map": "belongs to a style sheet, in which no error happens",
        "plain.js": "names no map, and none lies beside it",
        "wrong.js.map": "is not a source map: it does not begin with {",
        "big.js.map": "is larger than 1 MiB",
        "maps/lost.js.map": "is named by lost.js, but is not there",
    }


def test_very_many_files_go_in_several_bundles(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 2)
    monkeypatch.setattr(module, "MOST_BYTES", 100)
    write(
        dist,
        {
            "a.map": "{}",
            "b.map": "{}",
            "c.map": "{" + " " * 98,
            "d.map": "{" + " " * 200,
            "e.map": "{}",
        },
    )
    given: list[Given] = look(dist, "~").files
    assert [[it.url for it in group] for group in groups(given)] == [
        ["~/a.map", "~/b.map"],
        ["~/c.map"],
        ["~/d.map"],
        ["~/e.map"],
    ]
    assert list(groups([])) == []
