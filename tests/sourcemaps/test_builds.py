"""Maps of real bundlers, against an independent implementation of source maps."""

import json
from pathlib import Path

import pytest

from lighttrace.sourcemaps.decode import decode
from lighttrace.sourcemaps.table import Token
from tests.sourcemaps.conftest import node

pytestmark = pytest.mark.xdist_group("builds")
PLACES = 5_000
BUNDLERS = ("esbuild", "webpack", "terser", "rollup", "vite", "tsc", "sections")


@pytest.fixture(scope="session")
def places(builds: Path) -> dict[Path, list[list]]:
    told = json.loads(node("places.mjs", PLACES, *(builds / name for name in BUNDLERS)))
    return {Path(file): found for file, found in told.items()}


@pytest.mark.parametrize("bundler", BUNDLERS)
def test_random_places_are_where_another_implementation_says(bundler, places):
    asked = 0
    for file, told in places.items():
        if file.parent.name != bundler:
            continue
        script = file.with_suffix("").read_text("utf-8")
        table = decode(file.read_bytes(), script=script).table
        for line, column, *rest in told:
            expected = {None: None, -1: Token(-1, -1, -1, None, None)}.get(rest[0], "mapped")
            if expected == "mapped":
                expected = Token(*rest, None)
            found = table.find(line, column)
            assert (found and found._replace(function=None)) == expected, (file.name, line, column)
            asked += 1
    assert asked >= PLACES


@pytest.mark.parametrize("bundler", BUNDLERS)
def test_sources_have_readable_paths_whoever_built_them(bundler, builds):
    paths = {
        source.path.rpartition("/")[2]: source.path
        for file in (builds / bundler).glob("*.map")
        for source in decode(file.read_bytes()).sources
    }
    assert {"cart.ts", "view.tsx", "jobs.js", "legacy.js"} <= set(paths)
    assert ".." not in "".join(paths.values())
    if bundler not in ("tsc", "sections"):
        assert paths["buffer_utils.js"] == "node_modules/jose/dist/webapi/lib/buffer_utils.js"
