"""The shop's web page as browsers run it: a minified script and its source map, built of a few
files of TypeScript with `esbuild --bundle --minify --sourcemap`.
"""

from pathlib import Path

HERE = Path(__file__).parent / "web"
NAME = "main-4f1c.js"
SCRIPT = f"assets/{NAME}"
SITE = "https://shop.example/"
DEBUG_ID = "6f1c2d7e-90ab-5c3d-8e4f-0a1b2c3d4e5f"
# how it fails, the oldest call first: function, and what stands at its place in the script
STACK = (
    ("<anonymous>", "s(()=>p()"),
    ("s", "e())}"),
    ("<anonymous>", "p(),document"),
    ("p", "map(r=>"),
    ("<anonymous>", "t(d,{"),
    ("t", "e(r??{})"),
    ("d", "a(e,r);"),
    ("a", "workingDays)"),
)


def files() -> tuple[Path, Path]:
    """The script and its map."""
    return HERE / NAME, HERE / f"{NAME}.map"


def places() -> tuple[tuple[str, int], ...]:
    """(function, column from 1) of each call."""
    code = files()[0].read_text().partition("\n")[0]
    return tuple((function, code.index(there) + 1) for function, there in STACK)
