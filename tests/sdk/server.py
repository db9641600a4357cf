"""A LightTrace as people run it: the command, in a process of its own, driven from outside only."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LIGHTTRACE = (sys.executable, "-m", "lighttrace")


class Server:
    """A running `lighttrace serve` over the folder `data`, on a free port of the loopback."""

    def __init__(self, data: Path, config: Path | None = None) -> None:
        self.data = data
        self._config = config
        self.start()

    def start(self) -> None:
        with (self.data / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*LIGHTTRACE, "serve", *self._where(), "--port", "0"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if " listening on " in line:
                self.url = line.split(" listening on ")[1].split()[0]
                return
        raise AssertionError((self.data / "serve.log").read_text(encoding="utf-8"))

    def kill(self) -> None:
        """Power cut: nothing is told to stop."""
        self.process.kill()
        self._over()

    def stop(self) -> int:
        """SIGTERM; returns the exit code. At most 5 s, as promised."""
        self.process.send_signal(signal.SIGTERM)
        return self._over()

    def _over(self) -> int:
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(timeout=5)

    def run(self, *arguments: str) -> Any:
        """A command of `lighttrace` on the same database; returns its JSON."""
        command = [*LIGHTTRACE, *arguments, *self._where(), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def dsn(self, project: str) -> str:
        """The DSN of a new project. The address is this server's, whatever the file says."""
        dsn: str = self.run("project", "add", project)["dsn"]
        key_and_id = dsn.split("://")[1]
        key, _, rest = key_and_id.partition("@")
        return f"{self.url.replace('://', f'://{key}@')}/{rest.rpartition('/')[2]}"

    def token(self) -> str:
        token: str = self.run("token", "add", "tests")["token"]
        return token

    def api(self, path: str, token: str) -> Any:
        """GET below /api/0/."""
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"{self.url}/api/0/{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def _where(self) -> tuple[str, ...]:
        config = ("--config", str(self._config)) if self._config else ()
        return ("--data", str(self.data), *config)


@contextmanager
def served(data: Path, config: Path | None = None) -> Iterator[Server]:
    server = Server(data, config)
    try:
        yield server
    finally:
        server.kill()


def run_client(command: list[str], dsn: str, cwd: Path) -> str:
    """Run a little program that uses a real SDK; all it is told is the DSN."""
    environment = {**os.environ, "SENTRY_DSN": dsn}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60
    )
    return done.stdout + done.stderr
