"""Real clients need a real server, and what they are made of. Without it they are skipped, but
never in CI.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sdk.server import Server, served

NODE_MODULES = Path(__file__).parents[1] / "node_modules"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with served(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Where the Node packages are. Without them the test is skipped with the remedy."""
    missing = None
    if shutil.which("node") is None:
        missing = "needs Node.js, which is not installed"
    elif not NODE_MODULES.is_dir():
        missing = "needs the Node packages of tests/package.json: run `npm ci` in tests/"
    if missing and os.environ.get("CI"):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    return NODE_MODULES
