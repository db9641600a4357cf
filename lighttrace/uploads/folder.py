"""A folder with a built page: which of its files are worth uploading, and why others are not."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lighttrace.sourcemaps import child
from lighttrace.sourcemaps.bundle import MOST_MEMBER_BYTES, MOST_URL
from lighttrace.uploads.bundling import MAPS, SCRIPTS, Given

PASSED_OVER = {"node_modules", "__pycache__"}
MOST_FILES = 20_000  # in one bundle, and as many bytes as are handled well at a time
MOST_BYTES = 256 * 1024 * 1024
STYLE = ".css.map"


@dataclass
class Found:
    """`left_out`: paths below the folder, and why."""

    files: list[Given] = field(default_factory=list)
    with_map: int = 0  # scripts
    maps: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)


def look(folder: Path, url_prefix: str) -> Found:
    """Go through a folder. Files of no page, such as pictures, are not even spoken of."""
    found = Found()
    prefix = url_prefix.rstrip("/")
    for path in _walk(folder):
        shown = path.relative_to(folder).as_posix()
        name = path.name.lower()
        if not name.endswith((*SCRIPTS, *MAPS)):
            continue
        url = f"{prefix}/{shown}"
        if name.endswith(STYLE):
            found.left_out.append((shown, "belongs to a style sheet, in which no error happens"))
        elif path.stat().st_size > MOST_MEMBER_BYTES:
            found.left_out.append((shown, f"is larger than {MOST_MEMBER_BYTES // 2**20} MiB"))
        elif len(url) > MOST_URL:
            found.left_out.append((shown, f"its URL has more than {MOST_URL:,} characters"))
        elif name.endswith(MAPS):
            _add_map(found, path, shown, url)
        else:
            _add_script(found, path, shown, url)
    return found


def _add_map(found: Found, path: Path, shown: str, url: str) -> None:
    with path.open("rb") as file:
        start = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith((b"{", b")]}")):
        found.left_out.append((shown, "is not a source map: it does not begin with {"))
        return
    found.maps += 1
    found.files.append(Given(url, path))


def _add_script(found: Found, path: Path, shown: str, url: str) -> None:
    script = child.split(path.read_bytes())
    named = script.map_url
    if script.map is None and named is None:
        if not path.with_name(path.name + ".map").is_file():
            found.left_out.append((shown, "names no map, and none lies beside it"))
            return
        named = path.name + ".map"
        found.files.append(Given(url, path, named))
    else:
        found.files.append(Given(url, path))
    found.with_map += 1
    if named is not None and _is_lost(path, named):
        found.left_out.append((named, f"is named by {shown}, but is not there"))


def _is_lost(script: Path, named: str) -> bool:
    """Of a map with an address of its own nobody here can say."""
    plain = named.partition("?")[0]
    if "://" in plain or plain.startswith("/"):
        return False
    return not (script.parent / PurePosixPath(plain)).is_file()


def _walk(folder: Path) -> Iterator[Path]:
    """Files in order; links are not followed out of the folder."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(it for it in folders if it not in PASSED_OVER and it[0] != ".")
        for name in sorted(names):
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                yield path


def groups(files: list[Given]) -> Iterator[list[Given]]:
    """Files that go together into one bundle, in order: a script and its map mostly do."""
    group: list[Given] = []
    size = 0
    for it in files:
        assert isinstance(it.file, Path)
        length = it.file.stat().st_size
        if group and (len(group) == MOST_FILES or size + length > MOST_BYTES):
            yield group
            group, size = [], 0
        group.append(it)
        size += length
    if group:
        yield group
