"""The path of a source, as it is shown, grouped by and matched with rules: readable, and the same
for every build and on every machine.

Bundlers write paths from where the map is, from where the build ran, or in a scheme of their own.
What they have in common is the end; so what leads there goes. docs/source-maps.md, "Paths".
"""

import re

UNNAMED = "unnamed"  # a source without a name, whose text is there
MOST_CHARACTERS = 1024
_WHOLE = re.compile(r"/|[A-Za-z]:/|[A-Za-z][A-Za-z0-9+.-]+:")  # `sourceRoot` is not put before it
_FILE = re.compile(r"^file:(?://[^/]*)?", re.IGNORECASE)
_DRIVE = re.compile(r"^/*[A-Za-z]:/")
# what follows `//` is a package, a chunk or a host: no part of the path
_SCHEME = re.compile(
    r"^[A-Za-z][A-Za-z0-9+.-]+:(?://(?:@[^/]+/)?[^/]*/?)?(?:\[project\]/|\([\w-]+\)/)?"
)
_VERSION = re.compile(r"\?[\w&=.,%-]*$| [0-9a-f]{16,}$")  # `App.vue?4f1c`, `bootstrap 5c3fd0…`
# where machines that build keep what they build: nothing of it says anything of the source
_ROOTS = (
    *("home/runner/work/[^/]+/[^/]+", "a/[^/]+/[^/]+", "github/workspace"),
    *("builds/[^/]+/[^/]+", "opt/atlassian/pipelines/agent/build", r"codebuild/output/src\d+/src"),
    *(r"vercel/path\d", "opt/build/repo", "usr/src/app"),
    *("(?:home|users)/[^/]+", "root|app|workspace|build|work|srv|tmp"),
)
_ROOT = re.compile(f"/(?:{'|'.join(_ROOTS)})/", re.IGNORECASE)
# the outermost of these is where a path begins that was absolute
_BEGINS = re.compile(
    r"/(?=(?:src|app|apps|lib|libs|packages|pages|components|client|server|node_modules)/)"
)
_IN_A_PACKAGE = re.compile(r"^.*/(?=node_modules/)")  # whose, and of which version, varies


def clean(source: str, root: str = "") -> str:
    r"""A readable path for one of a map's `sources`, with the map's `sourceRoot`. Never empty.

    `webpack://shop/./src/checkout.tsx?a1b2`, `../../src/checkout.tsx` and
    `C:\Users\dana\shop\src\checkout.tsx` are all `src/checkout.tsx`.
    """
    path = _slashes(source[-MOST_CHARACTERS:].strip().lstrip("\0"))
    if root and not _WHOLE.match(path):
        path = f"{_slashes(root[:MOST_CHARACTERS]).rstrip('/')}/{path}"
    plain = _DRIVE.sub("/", _FILE.sub("", path, count=1), count=1)
    absolute = plain.startswith("/")
    path = plain if absolute else _SCHEME.sub("", path, count=1)
    path = _resolved(_VERSION.sub("", path))
    if absolute:
        path = f"/{path}"
        if root_of_build := _ROOT.match(path):
            path = path[root_of_build.end() - 1 :]
        begins = _BEGINS.search(path)
        path = path[begins.end() :] if begins else path.lstrip("/")
    return _IN_A_PACKAGE.sub("", path) or UNNAMED


def _slashes(path: str) -> str:
    return path.replace("\\", "/") if "\\" in path else path


def _resolved(path: str) -> str:
    """Without `.`, `..` and what `..` leaves: a leading one says where the map was, not what is."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
