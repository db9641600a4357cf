"""The shop, built by every bundler: once a run."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.conftest import node_modules as node_modules

HERE = Path(__file__).parent


def node(program: str, *arguments: object, timeout_s: int = 120) -> str:
    """What a program of this folder prints. It fails with what it says on its other channel."""
    command = ["node", str(HERE / program), *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s)
    assert ran.returncode == 0, ran.stderr[-4000:]
    return ran.stdout


@pytest.fixture(scope="session")
def builds(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each bundler, with scripts and their maps."""
    out = tmp_path_factory.mktemp("builds")
    node("build.mjs", HERE / "shop", out)
    (out / "node_modules").symlink_to(node_modules)  # what tsc builds is no bundle
    join_with_sections(out / "esbuild", out / "terser", out / "sections")
    return out


def join_with_sections(first: Path, second: Path, joined: Path) -> None:
    """Two scripts in one file, the second where the first ends, as an index map describes it."""
    scripts = [(it / "main.js").read_text("utf-8").rstrip("\n") for it in (first, second)]
    offsets = [(0, 0), (scripts[0].count("\n"), len(scripts[0].rpartition("\n")[2]))]
    sections: list[dict[str, Any]] = [
        {
            "offset": {"line": line, "column": column},
            "map": json.loads((build / "main.js.map").read_bytes()),
        }
        for build, (line, column) in zip((first, second), offsets, strict=True)
    ]
    joined.mkdir()
    (joined / "main.js").write_text("".join(scripts), "utf-8")
    (joined / "main.js.map").write_text(json.dumps({"version": 3, "sections": sections}), "utf-8")
