"""`lighttrace sourcemaps upload`: beside a server or without one, and what it says."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lighttrace.cli import cli
from lighttrace.store import maps
from lighttrace.store.bundles import Build
from lighttrace.store.maps import FoundMap
from lighttrace.store.store import Store
from tests.sourcemaps.test_child import MAP
from tests.web.sending import add_projects
from tests.web.served import served


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A database with the project `shop`, and a built page in `dist`."""
    with served(tmp_path) as site:
        add_projects(site, "shop")
    dist = tmp_path / "dist" / "assets"
    dist.mkdir(parents=True)
    (dist / "main.js").write_text("one();\n//# sourceMappingURL=main.js.map\n")
    (dist / "main.js.map").write_text(json.dumps(MAP))
    (dist / "vendor.js").write_text("two();")
    return tmp_path


def run(data: Path, *words: str) -> Result:
    command = ["sourcemaps", "upload", str(data / "dist"), "--data", str(data), *words]
    return CliRunner().invoke(cli, command)


def found(data: Path, url: str, *build: str) -> object:
    with Store.connect(data / "lighttrace.db") as db:
        return maps.by_url(db, Build(1, *build), url)


def test_a_folder_is_uploaded_and_read(data: Path) -> None:
    said = run(data, "--release", "shop@1", "--dist", "b7", "--url-prefix", "~/static/")
    assert said.exit_code == 0, said.output
    assert said.stdout.splitlines() == [
        "Uploaded for shop@1: 1 script and 1 source map.",
        "Left out:",
        "  assets/vendor.js names no map, and none lies beside it",
    ]
    answer = found(data, "https://shop.example/static/assets/main.js", "shop@1", "b7")
    assert isinstance(answer, FoundMap) and answer.script_id is not None
    folder = data / "lighttrace.db.uploads"
    assert [it.name for it in folder.rglob("*") if it.is_file()] == ["lock"]


def test_the_same_again_for_another_release_is_no_work(data: Path) -> None:
    for release in ("shop@1", "shop@2"):
        said = run(data, "--release", release, "--json")
        assert json.loads(said.stdout)["scripts"] == 1
        assert isinstance(found(data, "/assets/main.js", release), FoundMap)
    with Store.connect(data / "lighttrace.db") as db:
        assert db.execute("select count(*) from bundle").fetchone() == (1,)


def test_a_map_that_cannot_be_read_is_said_and_fails(data: Path) -> None:
    (data / "dist" / "assets" / "main.js.map").write_text('{"version": 3}')
    said = run(data, "--release", "shop@1")
    assert said.exit_code == 1
    assert "~/assets/main.js.map: This is not a source map" in said.stdout
    assert "Cannot be read: 1 map." in said.stderr


def test_what_is_wrong_is_said(data: Path) -> None:
    with served(data) as site:
        add_projects(site, "blog")
    many = run(data, "--release", "x")
    assert many.exit_code == 1 and "--project SLUG (blog, shop)" in many.stderr
    nobody = run(data, "--release", "x", "--project", "till")
    assert nobody.exit_code == 1 and "There is no project till" in nobody.stderr
    for path in (data / "dist" / "assets").iterdir():
        path.unlink()
    empty = run(data, "--release", "x", "--project", "shop")
    assert empty.exit_code == 1 and "Build with source maps" in empty.stderr
    (data / "dist" / "assets").rmdir()
    (data / "dist").rmdir()
    gone = run(data, "--release", "x", "--project", "shop")
    assert gone.exit_code == 1 and "There is no folder" in gone.stderr
    assert run(data).exit_code == 2
