"""What real tools have sent: `tests/data/uploads`, bytes as they came, bundles as they were cut."""

import gzip
import json
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "uploads"
CHUNK_POSTS = (
    "sourcemaps_upload-03",
    "sourcemaps_upload_noid-03",
    "esbuild-06",
    "vite-07",
)
CUT_IN_CHUNKS = "sourcemaps_upload_chunked-03"
DEBUG_IDS = {
    "sourcemaps_upload-03": "4933f615-20c5-54a1-b1b9-65a2e8d1f4ad",
    "esbuild-06": "dbfc3b43-875a-46f1-8c37-1ea10c2e49ff",
    "vite-07": "2b38b4c2-2fdf-4a39-94bf-fcc83a2baef6",
}
PART = re.compile(rb'filename="([0-9a-f]{40})"\r\n[^\r]*\r\n\r\n')


@dataclass(frozen=True)
class Sent:
    """A request: `path` names our organisation where the recorded one named its own."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def sent(name: str) -> Sent:
    about = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    left_out = {"host", "authorization", "content-length", "transfer-encoding"}
    headers = {key: value for key, value in about["headers"] if key.lower() not in left_out}
    body = (FOLDER / f"{name}.body").read_bytes()
    return Sent(about["method"], about["path"].replace("/acme/", "/lighttrace/"), headers, body)


def chunks(name: str) -> dict[str, bytes]:
    """The chunks of a recorded POST, by their names."""
    body = sent(name).body
    boundary = body.partition(b"\r\n")[0]
    found = {}
    for part in body.split(boundary)[1:-1]:
        head = PART.search(part)
        assert head is not None
        found[head[1].decode()] = gzip.decompress(part[head.end() : -2])
    return found


def bundle(name: str) -> bytes:
    """A bundle that came in one chunk."""
    [data] = chunks(name).values()
    return data
