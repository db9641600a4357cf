"""What source maps cost: once at upload, at the first use, and for each frame. Prints JSON; the
figures go to docs/performance.md.

`python bench/sourcemaps.py` makes maps of 6 and 10 MB first: esbuild minifies packages of
tests/node_modules into one script. `python bench/sourcemaps.py FILE…` takes maps that are there.
The best of `--rounds` counts, for frames the median of the best half of them: processor time, so
that other programs count as little as can be.
"""

import argparse
import json
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lighttrace.sourcemaps.decode import decode
from lighttrace.sourcemaps.functions import Call, names
from lighttrace.sourcemaps.scopes import changes
from lighttrace.sourcemaps.table import Table

NODE_MODULES = Path(__file__).parents[1] / "tests" / "node_modules"
SIX = ("terser/lib", "rollup/dist/es", "undici/lib", "jose/dist", "@sentry/browser/build/npm/esm")
FOLDERS = {"6mb": SIX, "10mb": (*SIX, "vite/dist")}
FRAMES = 30  # of an event


def made(name: str, folder: Path) -> Path:
    """The map of a script with all modules of some packages."""
    modules = [file for it in FOLDERS[name] for file in sorted((NODE_MODULES / it).rglob("*.js"))]
    entry, script = folder / f"{name}-entry.js", folder / f"{name}.js"
    imports = (f"export * as m{n} from {json.dumps(str(it))}" for n, it in enumerate(modules))
    entry.write_text("\n".join(imports), "utf-8")
    options = ("--bundle", "--minify", "--sourcemap", "--packages=external", "--format=esm")
    command = [str(NODE_MODULES / ".bin" / "esbuild"), str(entry), *options, "--log-level=error"]
    subprocess.run([*command, f"--outfile={script}"], check=True, timeout=120)
    return script.with_suffix(".js.map")


def best_ms(action: Callable[[], object], rounds: int) -> float:
    def once() -> float:
        start = time.process_time()
        action()
        return time.process_time() - start

    return round(min(once() for _ in range(rounds)) * 1000, 2)


def frame_us(table: Table, places: list[tuple[int, int]], rounds: int) -> dict[str, float]:
    """A look-up, and a frame of an event with 30 of them: found, and named."""

    def event() -> None:
        chosen = random.sample(places, FRAMES)
        start = time.perf_counter()
        calls = [Call(table.find(*place), "t") for place in chosen]
        found.append(time.perf_counter() - start)
        names(calls)
        named.append(time.perf_counter() - start)

    found: list[float] = []
    named: list[float] = []
    for _ in range(rounds):
        event()
    return {
        key: round(statistics.median(sorted(times)[: rounds // 2]) / FRAMES * 1e6, 2)
        for key, times in (("find", found), ("find and name", named))
    }


def costs(file: Path, rounds: int) -> dict[str, object]:
    data = file.read_bytes()
    decoded = decode(data)
    stored = decoded.table.to_bytes()
    lines = file.with_suffix("").read_text("utf-8").split("\n")
    places = [(n, column) for n, line in enumerate(lines) for column in range(0, len(line), 7)]
    texts = [(it.path, it.content) for it in decoded.sources if it.content is not None]
    without = json.dumps({**json.loads(data), "sourcesContent": []}).encode()
    return {
        "map MB": round(len(data) / 1e6, 1),
        "mappings": len(decoded.table),
        "sources": len(decoded.sources),
        "stored KB": round(len(stored) / 1000),
        "in memory KB": round(decoded.table.size_bytes / 1000),
        "at upload, ms": {
            "decode": best_ms(lambda: decode(data), rounds),
            "of it, mappings and JSON": best_ms(lambda: decode(without), rounds),
            "of it, functions": best_ms(lambda: [changes(*text) for text in texts], rounds),
            "to bytes": best_ms(lambda: decoded.table.to_bytes(), rounds),
        },
        "first use, ms": best_ms(lambda: Table.from_bytes(stored), rounds * 3),
        "frame, µs": frame_us(Table.from_bytes(stored), places, rounds * 100),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("maps", nargs="*", type=Path, help="maps beside their scripts")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        maps = chosen.maps or [made(size, Path(folder)) for size in FOLDERS]
        print(
            json.dumps(
                {it.name: costs(it, chosen.rounds) for it in maps}, indent=2, ensure_ascii=False
            )
        )


if __name__ == "__main__":
    main()
