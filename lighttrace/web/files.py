"""The static files: read once, served from memory, compressed once, named by their content.

`url(prefix, "app.css")` carries a hash of the content, so browsers may keep the file for good.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "toml": "text/plain; charset=utf-8",
    "LICENSE": "text/plain; charset=utf-8",
}
FOR_GOOD = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"


@dataclass(frozen=True, slots=True)
class StaticFile:
    content: bytes
    gzipped: bytes
    media_type: str
    digest: str


@cache
def every() -> dict[str, StaticFile]:
    """Path below `static/` → file."""
    found: dict[str, StaticFile] = {}

    def walk(folder: Traversable, path: str) -> None:
        for entry in folder.iterdir():
            if entry.is_dir():
                walk(entry, f"{path}{entry.name}/")
            elif (kind := entry.name.rpartition(".")[2]) in TYPES:
                content = entry.read_bytes()
                digest = hashlib.sha256(content).hexdigest()[:12]
                found[path + entry.name] = StaticFile(
                    content, gzip.compress(content, 9, mtime=0), TYPES[kind], digest
                )

    walk(files("lighttrace.web") / "static", "")
    return found


def url(prefix: str, name: str) -> str:
    return f"{prefix}/static/{name}?v={every()[name].digest}"


async def serve(request: Request) -> Response:
    file = every().get(request.path_params["name"])
    if file is None:
        raise HTTPException(404)
    etag = f'"{file.digest}"'
    current = request.query_params.get("v") == file.digest
    headers = {
        "ETag": etag,
        "Cache-Control": FOR_GOOD if current else ASK_AGAIN,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", "") and len(file.gzipped) < len(
        file.content
    ):
        headers["Content-Encoding"] = "gzip"
        return Response(file.gzipped, media_type=file.media_type, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)
