"""What a mapping of R8 costs: once, and for each frame. It is made up, as large as one of a large
application. Prints JSON; the figures go to docs/performance.md.
"""

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from string import ascii_lowercase
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from backports import zstd

from lighttrace.sourcemaps import child, retrace

CLASSES = 9_500  # 30 MB
ROUNDS = 100


def made(classes: int) -> bytes:
    """Methods of several lines, every fourth range of them with an inlined call."""
    dice = random.Random(7)
    words = ["".join(dice.choices(ascii_lowercase, k=dice.randint(4, 10))) for _ in range(4000)]
    lines = ["# compiler: R8"]

    def name() -> str:
        return f"com.{dice.choice(words)}.{dice.choice(words).title()}"

    for number in range(classes):
        lines.append(f"{name()}{number} -> {ascii_lowercase[number % 26]}.c{number}:")
        lines.append('# {"id":"sourceFile","fileName":"' + dice.choice(words) + '.kt"}')
        line = 1
        for _ in range(dice.randint(2, 24)):
            short, at = dice.choice(ascii_lowercase), dice.randint(10, 900)
            method = f"void {dice.choice(words)}({name()},int)"
            for _ in range(dice.randint(1, 5)):
                last = line + dice.randint(1, 6)
                if dice.random() < 0.25:
                    inlined = f"int {name()}.{dice.choice(words)}(java.lang.Object)"
                    lines.append(f"    {line}:{last}:{inlined}:{at}:{at + last - line} -> {short}")
                    lines.append(f"    {line}:{last}:{method}:{at + 3} -> {short}")
                else:
                    lines.append(f"    {line}:{last}:{method}:{at}:{at + last - line} -> {short}")
                line, at = last + 1, at + 9
    return "\n".join(lines).encode()


def costs(classes: int) -> dict[str, Any]:
    data = made(classes)
    before = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "mapping.txt"), Path(folder, "records")
        source.write_bytes(data)
        child.main(str(source), str(target))
    once = time.process_time() - before
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    stored = zstd.compress(retrace.build(data), child.LEVEL)

    def first_use() -> float:
        before = time.perf_counter()
        retrace.Mapping(zstd.decompress(stored))
        return (time.perf_counter() - before) * 1000

    mapping = retrace.Mapping(zstd.decompress(stored))
    dice = random.Random(1)
    names = [f"{ascii_lowercase[it % 26]}.c{it}" for it in dice.sample(range(classes), 2_000)]
    before = time.process_time()
    for it in names:
        mapping.find(it)
    cold = (time.process_time() - before) / len(names) * 1e6
    asks = [
        (it, function, spans[-1].first)
        for it in names[-40:]
        if (found := mapping.find(it)) is not None
        for function, spans in found.methods.items()
    ]
    before = time.process_time()
    for it, function, line in asks * ROUNDS:
        if (found := mapping.find(it)) is not None:
            retrace.places(found, retrace.spans(found, function, line), line)
    warm = (time.process_time() - before) / len(asks) / ROUNDS * 1e6
    return {
        "mapping_mb": round(len(data) / 1e6, 1),
        "lines": data.count(b"\n"),
        "once_s": round(once, 2),
        "memory_of_process_mb": round(memory),
        "stored_mb": round(len(stored) / 1e6, 1),
        "first_use_ms": round(min(first_use() for _ in range(5)), 2),
        "frame_of_a_closed_block_us": round(cold),
        "frame_us": round(warm, 1),
        "in_memory_mb": round(mapping.size_bytes / 1e6, 1),
    }


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--classes", type=int, default=CLASSES)
    print(json.dumps(costs(arguments.parse_args().classes), indent=1))
