"""Files that did not come as a bundle become one, so that all doors lead the same way."""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from lighttrace.sourcemaps.bundle import MANIFEST

HEAD = b"SYSB\2\0\0\0"
SCRIPTS = (".js", ".mjs", ".cjs", ".jsbundle", ".bundle", ".hbc")
MAPS = (".map",)
TYPES = {"map": "source_map", "script": "minified_source", "source": "source"}


@dataclass(frozen=True, slots=True)
class Given:
    """A file and where browsers find it. `map_url`: of a script, if it does not say so itself."""

    url: str
    file: Path | IO[bytes]
    map_url: str | None = None

    @property
    def kind(self) -> str:
        name = self.url.partition("?")[0].lower()
        if name.endswith(MAPS):
            return "map"
        return "script" if name.endswith(SCRIPTS) else "source"


def write(path: Path, files: Iterable[Given]) -> None:
    """Make a bundle of these files; equal files make an equal bundle."""
    listed = {}
    with path.open("wb") as out:
        out.write(HEAD)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for number, it in enumerate(files):
                name = f"files/{number}"
                with archive.open(zipfile.ZipInfo(name), "w") as member:
                    _copy(it.file, member)
                headers = {"sourcemap": it.map_url} if it.map_url else {}
                listed[name] = {"type": TYPES[it.kind], "url": it.url, "headers": headers}
            archive.writestr(zipfile.ZipInfo(MANIFEST), msgspec.json.encode({"files": listed}))


def _copy(file: Path | IO[bytes], out: IO[bytes]) -> None:
    if isinstance(file, Path):
        with file.open("rb") as source:
            _copy(source, out)
        return
    file.seek(0)
    while data := file.read(1024 * 1024):
        out.write(data)
