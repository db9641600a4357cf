"""sentry-cli, unmodified, does everything else that it can do with a server: every command of it.

The table of commands in docs/releases.md is held here, a test for each row.
"""

import json
import os
import re
import shutil
import subprocess
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

import pytest

from lighttrace.store import debug_files, repositories
from lighttrace.store.database import Reader
from lighttrace.store.store import Store
from tests.sdk.server import Server, served

pytestmark = pytest.mark.sdk
T = TypeVar("T")
DANA = {
    "GIT_AUTHOR_NAME": "Dana",
    "GIT_AUTHOR_EMAIL": "dana@example.com",
    "GIT_COMMITTER_NAME": "Dana",
    "GIT_COMMITTER_EMAIL": "dana@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
}
WRONG = re.compile(r"\bwarn|^\W*error|error:", re.IGNORECASE | re.MULTILINE)
BOTH = pytest.mark.parametrize("version", [3, 2])


@dataclass
class Builder:
    """Somebody at a terminal, in the folder `here`, with sentry-cli and a token."""

    server: Server
    dsn: str
    token: str
    node_modules: Path
    here: Path
    version: int = 3
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("SENTRY")},
            **DANA,
            "SENTRY_URL": self.server.url,
            "SENTRY_AUTH_TOKEN": self.token,
            "SENTRY_ORG": "lighttrace",
            "SENTRY_PROJECT": "shop-api",
            "HOME": str(self.here.parent),
            **self.more,
        }

    def ask(self, *arguments: str, typed: str = "") -> tuple[int, str]:
        """The exit code, and all that was printed."""
        inside = "@sentry/bundler-plugins/node_modules/.bin" if self.version == 2 else ".bin"
        done = subprocess.run(
            [str(self.node_modules / inside / "sentry-cli"), *arguments],
            cwd=self.here,
            env=self.environment,
            capture_output=True,
            input=typed,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr

    def run(self, *arguments: str, typed: str = "") -> str:
        """What a command says that went well: no warning and no error."""
        code, said = self.ask(*arguments, typed=typed)
        assert code == 0, said
        assert not WRONG.search(said), said
        return said

    def refused(self, *arguments: str) -> str:
        code, said = self.ask(*arguments)
        assert code == 1, said
        return said

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=self.here, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, name: str, text: str) -> str:
        """A commit that writes a file; its hash."""
        (self.here / name).write_text(text)
        self.git("add", ".")
        self.git("commit", "-qm", f"Write {text}")
        return self.git("rev-parse", "HEAD")

    def api(self, path: str) -> Any:
        return self.server.api(path, self.token)

    def release(self, version: str) -> Any:
        return self.api(f"organizations/lighttrace/releases/{quote(version)}/")

    def fail(self, *messages: str) -> list[str]:
        """Issues of these titles; their numbers."""
        key = self.dsn.partition("://")[2].partition("@")[0]
        url = f"{self.server.url}/api/1/envelope/?sentry_key={key}"
        for it in messages:
            event = json.dumps({"event_id": uuid4().hex, "message": it})
            urllib.request.urlopen(url, f'{{}}\n{{"type": "event"}}\n{event}\n'.encode()).close()
        return [self.issue(it)["id"] for it in messages]

    def wait_for(self, look: Callable[[Reader], T | None]) -> T:
        """What is there in a while: uploads are answered before they are read."""
        for _ in range(200):
            with Store.connect(self.server.data / "lighttrace.db") as db:
                if (found := look(db)) is not None:
                    return found
            self.api("")
        raise AssertionError("it was not read")

    def issue(self, title: str) -> Any:
        """One may have to be waited for: what is sent is answered before it is stored."""
        for _ in range(200):
            path = "projects/lighttrace/shop-api/issues/?query="
            for it in self.api(path):
                if it["title"] == title:
                    return it
        raise AssertionError(f"{title} did not come")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str, str]]:
    with served(tmp_path_factory.mktemp("commands")) as server:
        dsn = server.dsn("shop-api")
        server.dsn("shop-web")
        yield server, dsn, server.token()


@pytest.fixture
def builder(running: tuple[Server, str, str], node_modules: Path, tmp_path: Path) -> Builder:
    here = tmp_path / "here"
    here.mkdir()
    return Builder(*running, node_modules, here)


@pytest.fixture
def checkout(builder: Builder) -> Builder:
    """In a git repository with two commits."""
    builder.git("init", "-q", "-b", "main")
    builder.git("remote", "add", "origin", "https://git.example.com/acme/shop.git")
    builder.commit("a.txt", "one")
    builder.commit("b.txt", "two")
    return builder


@BOTH
def test_info_and_login(builder: Builder, version: int) -> None:
    builder.version = version
    said = builder.run("info")
    assert f"Sentry Server: {builder.server.url}" in said and "- project:releases" in said
    said = builder.run("login", typed=f"n\n{builder.token}\n")
    assert "Stored token in" in said


def test_a_wrong_token_is_told(builder: Builder) -> None:
    builder.token = "0" * 64
    assert "(http status: 401)" in builder.refused("releases", "list")


@BOTH
def test_lists_of_organisations_projects_and_monitors(builder: Builder, version: int) -> None:
    builder.version = version
    assert "| 1  | LightTrace | lighttrace |" in builder.run("organizations", "list")
    said = builder.run("projects", "list")
    assert "shop-api" in said and "shop-web" in said
    builder.run("monitors", "list")


@BOTH
def test_a_release_from_new_to_deleted(builder: Builder, version: int) -> None:
    builder.version = version
    name = f"depot-web@{version}.2.0-rc.1+b 9ü"
    said = builder.run("releases", "new", name, "--url", "https://git.example.com/r/1")
    assert f"Created release {name}" in said
    assert builder.release(name)["dateReleased"] is None
    assert f"Finalized release {name}" in builder.run("releases", "finalize", name)
    made = builder.release(name)
    assert made["dateReleased"] and made["url"] == "https://git.example.com/r/1"
    assert name in builder.run("releases", "list")
    assert "shop-api" in builder.run("releases", "info", name, "-P", "-C")
    assert "Archived" in builder.run("releases", "archive", name)
    assert builder.release(name)["status"] == "archived"
    assert "Restored" in builder.run("releases", "restore", name)
    restored = builder.release(name)
    assert restored["status"] == "open"
    assert [it["slug"] for it in restored["projects"]] == ["shop-api"]
    assert "Deleted release" in builder.run("releases", "delete", name)
    assert builder.ask("releases", "info", name) == (1, "")


def test_new_may_finalize_for_several_projects(builder: Builder) -> None:
    several = ("-p", "shop-api", "-p", "shop-web")
    builder.run("releases", "new", "several@1", *several, "--finalize")
    made = builder.release("several@1")
    assert made["dateReleased"]
    assert [it["slug"] for it in made["projects"]] == ["shop-api", "shop-web"]


def test_finalize_makes_a_release(builder: Builder) -> None:
    builder.run("releases", "finalize", "unheard-of@1")
    assert builder.release("unheard-of@1")["dateReleased"]


def test_a_release_with_events_is_not_deleted(builder: Builder) -> None:
    builder.more["SENTRY_DSN"] = builder.dsn
    builder.run("send-event", "--no-environ", "-m", "Named", "-r", "named@1")
    builder.issue("Named")
    assert "Archive it instead" in builder.refused("releases", "delete", "named@1")


def test_propose_version(checkout: Builder) -> None:
    assert checkout.run("releases", "propose-version").strip() == checkout.git("rev-parse", "HEAD")


@pytest.mark.parametrize(("version", "how"), [(3, "--auto"), (3, "--local"), (2, "--auto")])
def test_commits_come_with_their_paths(checkout: Builder, version: int, how: str) -> None:
    """And the next release has those since the one before."""
    checkout.version = version
    checkout.more["SENTRY_PROJECT"] = project = f"built-{version}{how[1:]}"
    checkout.server.dsn(project)
    name = f"{project}@"
    said = checkout.run("releases", "set-commits", name + "1", how)
    assert "Success! Set commits for release" in said
    path = f"organizations/lighttrace/releases/{quote(name)}"
    newest, oldest = checkout.api(path + "1/commits/")
    assert newest["message"] == "Write two" and newest["author"]["email"] == "dana@example.com"
    assert newest["patchSet"] == [{"path": "b.txt", "type": "A"}]
    assert oldest["patchSet"] == [{"path": "a.txt", "type": "A"}]
    assert newest["id"] in checkout.run("releases", "info", name + "1", "-C")
    third = checkout.commit("b.txt", "three")
    checkout.run("releases", "set-commits", name + "2", how)
    (only,) = checkout.api(path + "2/commits/")
    assert (only["id"], only["patchSet"]) == (third, [{"path": "b.txt", "type": "M"}])
    assert "Clearing commits" in checkout.run("releases", "set-commits", name + "2", "--clear")
    assert checkout.api(path + "2/commits/") == []


def test_a_commit_of_a_repository_that_is_known(checkout: Builder) -> None:
    headers = ["-H", f"Authorization: Bearer {checkout.token}"]
    url = f"{checkout.server.url}/api/0/organizations/lighttrace/repos/"
    subprocess.run(
        ["curl", "-fsS", *headers, "-d", "name=acme/shop", url], check=True, capture_output=True
    )
    assert "acme/shop" in checkout.run("repos", "list")
    first, head = checkout.git("rev-parse", "HEAD~1"), checkout.git("rev-parse", "HEAD")
    commit = f"acme/shop@{first}..{head}"
    said = checkout.run("releases", "set-commits", "ref@1", "--commit", commit)
    assert "acme/shop" in said and f"{first[:12]} -> {head[:12]}" in said
    # what is known by name is still read out of the folder
    checkout.run("releases", "set-commits", "ref@2", "--auto", "--initial-depth", "1")
    assert "Unknown repo" in checkout.refused(
        "releases", "set-commits", "ref@3", "--commit", f"acme/other@{head}"
    )


@BOTH
def test_deploys(builder: Builder, version: int) -> None:
    builder.version = version
    release = f"deployed@{version}"
    where = ("--release", release) if version == 3 else (release,)
    new = ("new", "-e", "production", "-n", "rollout 1", "-u", "https://ci.example.com/1")
    if version == 3:
        said = builder.run("deploys", *new, "-t", "95", *where)
    else:
        said = builder.run("releases", "deploys", release, *new, "-t", "95")
    assert "rollout 1" in said and "production" in said
    last = builder.release(release)["lastDeploy"]
    assert last["url"] == "https://ci.example.com/1" and last["dateFinished"]
    if version == 3:
        assert "rollout 1" in builder.run("deploys", "list", *where)
    else:
        assert "rollout 1" in builder.run("releases", "deploys", release, "list")


def test_one_line_of_curl_tells_of_a_deploy(builder: Builder) -> None:
    url = f"{builder.server.url}/api/0/organizations/lighttrace/releases/shop@1.2.0/deploys/"
    line = ["curl", "-fsS", "-H", f"Authorization: Bearer {builder.token}"]
    line += ["-d", "environment=production", "-d", "projects=shop-api", url]
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["environment"] == "production"
    found = builder.release("shop@1.2.0")
    assert (found["deployCount"], found["projects"][0]["slug"]) == (1, "shop-api")


def test_code_mappings(builder: Builder) -> None:
    file = builder.here / "mappings.json"
    file.write_text(json.dumps([{"stackRoot": "shop/", "sourceRoot": "src/shop/"}]))
    named = ("--repo", "acme/shop", "--default-branch", "trunk")
    code, said = builder.ask("code-mappings", "upload", str(file), *named)
    assert code == 0
    assert "Created: 1, Updated: 0, Errors: 0" in said
    with Store.connect(builder.server.data / "lighttrace.db") as db:
        (kept,) = repositories.code_mappings(db, 1)
    assert (kept.repository, kept.branch) == ("acme/shop", "trunk")


@BOTH
def test_issues_are_listed_and_changed(builder: Builder, version: int) -> None:
    builder.version = version
    one, two, three = builder.fail(f"One of {version}", f"Two of {version}", f"Three of {version}")
    said = builder.run("issues", "list")
    assert f"One of {version}" in said and "unresolved" in said
    assert f"One of {version}" not in builder.run("issues", "list", "--query", "Two")
    assert "new status: resolved" in builder.run("issues", "resolve", "-i", one, "-i", two)
    states = [builder.issue(f"{it} of {version}")["status"] for it in ("One", "Two", "Three")]
    assert states == ["resolved", "resolved", "unresolved"]
    builder.run("issues", "unresolve", "-i", one)
    builder.run("issues", "mute", "-i", three)
    states = [builder.issue(f"{it} of {version}")["status"] for it in ("One", "Two", "Three")]
    assert states == ["unresolved", "resolved", "ignored"]
    builder.run("issues", "unresolve", "-s", "muted")
    assert builder.issue(f"Three of {version}")["status"] == "unresolved"
    assert builder.issue(f"Two of {version}")["status"] == "resolved"
    builder.run("issues", "mute", "--all")
    assert builder.issue(f"Two of {version}")["status"] == "ignored"
    builder.run("issues", "unresolve", "--all")


@BOTH
def test_events_are_listed(builder: Builder, version: int) -> None:
    builder.version = version
    builder.fail(f"Listed by {version}")
    assert f"Listed by {version}" in builder.run("events", "list")


def test_an_envelope_is_sent(builder: Builder) -> None:
    builder.more["SENTRY_DSN"] = builder.dsn
    file = builder.here / "one.envelope"
    event = json.dumps({"event_id": "a" * 32, "message": "From an envelope"})
    file.write_text(f'{{"event_id": "{"a" * 32}"}}\n{{"type": "event"}}\n{event}\n')
    builder.run("send-envelope", str(file))
    assert builder.issue("From an envelope")


def test_a_monitored_command_runs_and_its_exit_code_is_passed_on(builder: Builder) -> None:
    builder.more["SENTRY_DSN"] = builder.dsn
    assert builder.ask("monitors", "run", "nightly", "--", "true")[0] == 0
    assert builder.ask("monitors", "run", "nightly", "--", "sh", "-c", "exit 3")[0] == 3


JVM = Path(__file__).parents[1] / "data" / "jvm"


@BOTH
def test_a_mapping_of_proguard_is_read(builder: Builder, version: int) -> None:
    builder.version = version
    shutil.copy(JVM / "build1.mapping.txt", builder.here / "mapping.txt")
    debug_id = str(uuid4())
    command = ("upload-proguard",) if version == 2 else ("proguard", "upload")
    for _ in ("uploaded", "known already"):
        builder.run(*command, "--uuid", debug_id, "mapping.txt")
    found = builder.wait_for(lambda db: debug_files.mapping(db, 1, debug_id))
    assert found.error is None


def test_a_bundle_of_sources_is_read(builder: Builder) -> None:
    shutil.copytree(JVM / "src", builder.here / "src")
    debug_id, out = str(uuid4()), str(builder.here / "out")
    builder.run("debug-files", "bundle-jvm", "--output", out, "--debug-id", debug_id, "src")
    builder.run("debug-files", "upload", "--type", "jvm", out)
    url = "~/com/shop/Money.jvm"
    assert builder.wait_for(lambda db: debug_files.source(db, 1, debug_id, url))


def test_native_debug_files_are_not(builder: Builder) -> None:
    said = builder.refused("debug-files", "upload", shutil.which("true") or "/bin/true")
    assert "Native debug files" in said


def test_what_is_not_kept_is_said(builder: Builder) -> None:
    assert "Logs are not kept here" in builder.refused("logs", "list")
    app = builder.here / "app.apk"
    with zipfile.ZipFile(app, "w") as archive:
        archive.writestr("AndroidManifest.xml", b"\3\0\x08\0")
        archive.writestr("classes.dex", b"dex\n035\0")
    said = builder.refused("build", "upload", str(app))
    assert "Builds of apps are not looked into here" in said
