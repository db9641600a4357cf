"""sentry-cli 3 and 2, and the plugins of esbuild and vite, unmodified, upload source maps."""

import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lighttrace.store import artifacts, bundles, keys, maps
from lighttrace.store.bundles import Build
from lighttrace.store.database import Reader, open_reader, snapshot
from lighttrace.store.maps import FoundMap, NoMap
from tests.sdk.server import Server, served

pytestmark = pytest.mark.sdk
SITE = Path(__file__).parents[1] / "data" / "sourcemaps" / "browser"
BUILDING = Path(__file__).parent / "programs" / "plugin_build.mjs"
BROKEN_MAP = {"version": 3, "sources": ["a.ts"], "names": [], "mappings": "AAAA,!!!"}
PROJECTS = {"shop-web": 1, "shop-api": 2}


@dataclass
class Uploader:
    """Somebody with the tools, a token, and a built page in `site`."""

    server: Server
    token: str
    node_modules: Path
    site: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("SENTRY")},
            "SENTRY_URL": self.server.url,
            "SENTRY_AUTH_TOKEN": self.token,
            "SENTRY_ORG": "lighttrace",
            "SENTRY_PROJECT": "shop-web",
            "HOME": str(self.site.parent),  # where the tools remember servers they have met
        }

    def tool(self, version: int) -> str:
        inside = "@sentry/bundler-plugins/node_modules/.bin" if version == 2 else ".bin"
        return str(self.node_modules / inside / "sentry-cli")

    def command(self, version: int, *arguments: str) -> list[str]:
        return [self.tool(version), "sourcemaps", *arguments, str(self.site)]

    def run(self, version: int, *arguments: str) -> str:
        """What the tool says, which is no warning and no error."""
        return self.quietly(self.command(version, *arguments))

    def quietly(self, command: list[str], **environment: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.node_modules.parent,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert "warn" not in said.lower() and "error" not in said.lower(), said
        return said

    @contextmanager
    def database(self) -> Iterator[Reader]:
        """To look into; it locks nobody out."""
        with closing(open_reader(self.server.data / "lighttrace.db")) as db, snapshot(db):
            yield db

    def find(self, url: str, release: str, dist: str = "", project: int = 1) -> FoundMap | NoMap:
        with self.database() as db:
            return maps.by_url(db, Build(project, release, dist), url)

    def is_waiting(self) -> bool:
        with self.database() as db:
            return bundles.any_waiting(db)

    def chunks(self) -> list[str]:
        folder = self.server.data / "lighttrace.db.uploads" / "chunks"
        return [it.name for it in folder.glob("*")]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    with served(tmp_path_factory.mktemp("uploads")) as server:
        for slug in PROJECTS:
            server.dsn(slug)
        yield server, server.token()


@pytest.fixture
def uploader(running: tuple[Server, str], node_modules: Path, tmp_path: Path) -> Uploader:
    assets = tmp_path / "site" / "assets"
    assets.mkdir(parents=True)
    for name in ("main.js", "main.js.map"):
        shutil.copy(SITE / name.replace("main.", "main.nodebugid."), assets / name)
    return Uploader(*running, node_modules, tmp_path / "site")


@pytest.mark.parametrize("version", [3, 2])
def test_sentry_cli_uploads_and_waits(uploader: Uploader, version: int) -> None:
    release = f"web@{version}.0"
    options = ("upload", "--release", release, "--dist", "b7", "--url-prefix", "~/static")
    assert uploader.run(version, *options, "--wait")
    found = uploader.find("https://shop.example/static/assets/main.js?x=1", release, "b7")
    assert isinstance(found, FoundMap) and found.script_id is not None
    assert isinstance(uploader.find("/static/assets/main.js", release), NoMap)
    assert uploader.chunks() == []
    # the same files again: nothing is sent, and it is done at once
    assert uploader.run(version, *options)
    assert uploader.find("/static/assets/main.js", release, "b7") == found


@pytest.mark.parametrize("version", [3, 2])
def test_files_with_debug_ids_are_found_without_a_release(uploader: Uploader, version: int) -> None:
    script = uploader.site / "assets" / "main.js"
    script.write_text(f"/* {version} */" + script.read_text())
    uploader.run(version, "inject")
    uploader.run(version, "upload", "--wait")
    debug_id = script.read_text().rpartition("debugId=")[2].strip()
    with uploader.database() as db:
        found = maps.by_debug_id(db, PROJECTS["shop-web"], debug_id)
        assert found is not None and found.error is None
        assert artifacts.content(db, found.id)
        assert maps.by_debug_id(db, PROJECTS["shop-api"], debug_id) is None


def test_an_error_of_the_uploaded_page_is_read_as_it_was_written(uploader: Uploader) -> None:
    for name in ("main.js", "main.js.map"):
        shutil.copy(SITE / name, uploader.site / "assets" / name)
    uploader.run(3, "upload", "--wait")
    recorded = Path(__file__).parents[1] / "data" / "corpus" / "browser" / "checkout_error-03.body"
    project = PROJECTS["shop-web"]
    with uploader.database() as db:
        key = keys.of_project(db, project)[0].public
    request = urllib.request.Request(
        f"{uploader.server.url}/api/{project}/envelope/?sentry_key={key}",
        data=recorded.read_bytes(),
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        event_id = json.load(answer)["id"]
    path = f"projects/lighttrace/shop-web/events/{event_id}/"
    event = uploader.server.api(path, uploader.token)
    [exceptions] = [it["data"]["values"] for it in event["entries"] if it["type"] == "exception"]
    frame = exceptions[-1]["stacktrace"]["frames"][-1]
    assert (frame["filename"], frame["lineNo"]) == ("src/checkout.tsx", 21)


def test_a_project_that_is_not_there_is_named(uploader: Uploader) -> None:
    for version in (3, 2):
        command = uploader.command(version, "upload", "--release", "x", "--project", "till")
        done = subprocess.run(command, env=uploader.environment, capture_output=True, text=True)
        assert done.returncode != 0 and "There is no project till" in done.stderr


def test_one_upload_may_be_for_several_projects(uploader: Uploader) -> None:
    several = ("--project", "shop-web", "--project", "shop-api")
    uploader.run(3, "upload", "--release", "both@1", *several, "--wait")
    for project in PROJECTS.values():
        assert isinstance(uploader.find("/assets/main.js", "both@1", "", project), FoundMap)


def test_an_upload_that_was_killed_goes_on_where_it_was(uploader: Uploader) -> None:
    """Parallel chunks of a large file: the first try is killed once the first have arrived."""
    for n in range(3):
        noise = os.urandom(8 * 2**20).hex()
        source = {"version": 3, "sources": [noise], "names": [], "mappings": ""}
        (uploader.site / "assets" / f"large{n}.js.map").write_text(json.dumps(source))
    options = ("upload", "--release", "killed@1", "--wait")
    first = subprocess.Popen(
        uploader.command(3, *options),
        env=uploader.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not uploader.chunks():
        assert first.poll() is None
    first.kill()
    first.wait()
    arrived = uploader.chunks()
    assert arrived
    uploader.run(3, *options)
    assert isinstance(uploader.find("/assets/main.js", "killed@1"), FoundMap)
    assert uploader.chunks() == []


def test_what_was_taken_in_is_read_after_a_power_cut(uploader: Uploader, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with served(tmp_path / "data") as server:
        server.dsn("shop-web")
        own = replace(uploader, server=server, token=server.token())
        assert "processing pending" in own.run(3, "upload", "--release", "cut@1")
        server.kill()
        server.start()
        while own.is_waiting():
            pass
        assert isinstance(own.find("/assets/main.js", "cut@1"), FoundMap)
        assert own.chunks() == []


def test_a_broken_map_does_not_fail_an_upload(uploader: Uploader) -> None:
    assets = uploader.site / "assets"
    (assets / "other.js").write_text("two();\n//# sourceMappingURL=other.js.map\n")
    (assets / "other.js.map").write_text(json.dumps(BROKEN_MAP))
    uploader.run(3, "upload", "--release", "broken@1", "--no-rewrite", "--wait")
    found = uploader.find("/assets/other.js", "broken@1")
    assert isinstance(found, FoundMap) and found.error
    assert isinstance(uploader.find("/assets/main.js", "broken@1"), FoundMap)


@pytest.mark.parametrize("kind", ["esbuild", "vite"])
def test_the_plugins_of_bundlers_upload(uploader: Uploader, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    program = uploader.node_modules.parent / f".plugin_build_{kind}.mjs"
    shutil.copy(BUILDING, program)  # packages are looked for beside it
    before = _bundles(uploader)
    try:
        options = '{"deploy": {"env": "staging"}}'
        command = ["node", str(program), kind, str(out), f"{kind}@1", str(SITE / "src/main.tsx")]
        uploader.quietly(command, RELEASE_OPTIONS=options)
    finally:
        program.unlink()
    script = next(out.rglob("main*.js")).read_text()
    injected = re.search(r"sentry-dbid-([0-9a-f-]{36})", script)
    assert injected is not None
    while uploader.is_waiting():
        pass
    with uploader.database() as db:
        found = maps.by_debug_id(db, PROJECTS["shop-web"], injected[1])
        assert found is not None and found.error is None
        sources = [it.path for it in artifacts.sources(db, found.id)]
    assert any(it.endswith("checkout.tsx") for it in sources)
    assert _bundles(uploader) == before + 1
    release = uploader.server.api(f"organizations/lighttrace/releases/{kind}@1/", uploader.token)
    assert release["dateReleased"] and release["deployCount"] == 1


def _bundles(uploader: Uploader) -> int:
    with uploader.database() as db:
        return artifacts.sizes(db).bundles
