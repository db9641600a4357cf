"""How Sentry's tools upload: chunks of a file, then the order to put them together.

A tool asks for the terms, says what it has, sends what is missing, and asks again until it is
read.
"""

import asyncio
import re
from collections.abc import Sequence

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import BundleError, IngestError, UploadsFullError
from lighttrace.ingest.body import decompress
from lighttrace.store import bundles, projects
from lighttrace.store.bundles import Build, Bundle
from lighttrace.store.database import Reader
from lighttrace.store.sight import Sight
from lighttrace.uploads.assembly import OTHER
from lighttrace.uploads.chunks import CHUNK_BYTES, MOST_BUNDLE_BYTES, Chunks, owned
from lighttrace.web import guards, links, state
from lighttrace.web.api.answers import Refused, answer, number_of
from lighttrace.web.api.organizations import check_organisation

CHUNKS_PER_REQUEST = 4
CONCURRENCY = 4
MOST_REQUEST = CHUNKS_PER_REQUEST * CHUNK_BYTES
# the parts' own lines, and what gzip adds to what it cannot make smaller
MOST_BODY = MOST_REQUEST + 256 * 1024
BODY_S = 120.0
MOST_CHUNKS = MOST_BUNDLE_BYTES // 1024  # whatever size somebody cuts
MOST_PROJECTS = 100
MOST_NAME, MOST_DIST = 200, 64  # characters, as of events
# What is understood; of what is missing, tools say themselves that a server cannot do it. Without
# release_files, sentry-cli 2 warns and sends its files one by one; with it, it sends a bundle.
ACCEPT = (
    *("release_files", "artifact_bundles", "artifact_bundles_v2"),
    *("debug_files", "sources", "proguard"),
)
LONGEST_WAIT_S = 300  # of `--wait`, which polls every second
FAILED_HOLDS_MS = 60_000  # afterwards the same bundle may be tried again
FRESH_MS = 60_000  # of a build that asks every second, this often is enough
SHA1 = re.compile("[0-9a-f]{40}")


async def terms(request: Request) -> Response:
    """What a tool has to keep to, and where it sends chunks."""
    check_organisation(request)
    base_url = links.public(request, state.of(request).config)
    org = request.path_params["org"]
    return answer(
        {
            "url": f"{base_url}/api/0/organizations/{org}/chunk-upload/",
            "chunkSize": CHUNK_BYTES,
            "chunksPerRequest": CHUNKS_PER_REQUEST,
            "maxFileSize": MOST_BUNDLE_BYTES,
            "maxRequestSize": MOST_REQUEST,
            "maxWait": LONGEST_WAIT_S,
            "concurrency": CONCURRENCY,
            "hashAlgorithm": "sha1",
            "compression": ["gzip"],
            "accept": ACCEPT,
        }
    )


async def chunks(request: Request) -> Response:
    """Parts `file` (plain) and `file_gzip`, each named by the SHA-1 of the plain chunk."""
    check_organisation(request)
    services = state.of(request)
    async with services.upload_slots:
        form = await read_form(request, files=64, fields=8)
        try:
            for field, part in form.multi_items():
                if field not in ("file", "file_gzip") or not isinstance(part, UploadFile):
                    raise Refused(400, "Send chunks as parts called file or file_gzip.")
                name = _sha1(part.filename or "", "The name of a part")
                data = await part.read()
                kept_as, is_packed = owned(owner(request), name), field == "file_gzip"
                await asyncio.to_thread(
                    _keep, services.uploads.chunks, name, kept_as, data, is_packed
                )
        finally:
            await form.close()
    return answer({})


async def read_form(request: Request, *, files: int, fields: int) -> FormData:
    """A form with files, which has to arrive within two minutes."""
    try:
        async with asyncio.timeout(BODY_S):
            return await request.form(max_files=files, max_fields=fields)
    except TimeoutError:
        raise Refused(408, f"The files did not arrive within {BODY_S:g} seconds.") from None
    except HTTPException as error:
        raise Refused(error.status_code, str(error.detail)) from error


def _keep(store: Chunks, name: bytes, kept_as: bytes, data: bytes, is_packed: bool) -> None:
    try:
        plain = decompress(data, "gzip", CHUNK_BYTES) if is_packed else data
        if len(plain) > CHUNK_BYTES:
            raise Refused(400, f"A chunk may have {CHUNK_BYTES} bytes.")
        store.put(name, plain, kept_as)
    except IngestError as error:
        raise Refused(400, f"The chunk {name.hex()}: {error.detail}") from error
    except BundleError as error:
        raise Refused(400, str(error)) from error
    except UploadsFullError as error:
        raise Refused(413, str(error)) from error


class Order(msgspec.Struct):
    """What a tool asks to be put together, and the builds it is of."""

    checksum: str
    chunks: list[str]
    projects: list[str | int] = []
    version: str | None = None
    dist: str | None = None


async def assemble(request: Request) -> Response:
    """Make a bundle of chunks; asked again, how far that is."""
    check_organisation(request)
    services = state.of(request)
    order = _order(await request.body())
    name = _sha1(order.checksum, "checksum")
    parts = [_sha1(it, "A chunk") for it in order.chunks]
    now_ms = services.clock.now_ms()
    tool = tool_of(request)
    sight = guards.sight(request)
    found, builds = await services.store.read(_known, name, order, sight, now_ms)
    if found is not None and not may_be_tried_again(found, now_ms):
        if builds:
            await services.store.write(bundles.associate, found.id, builds, tool, now_ms)
        return _shown(found.state, found.error)
    waiting = services.uploads.chunks
    mine = {owned(owner(request), it): it for it in parts}
    missing = await asyncio.to_thread(waiting.missing, list(mine))
    if missing:
        return _shown("not_found", None, [mine[it] for it in missing])
    kept = [owned(owner(request), it) for it in parts]
    async with services.upload_slots:
        try:
            await asyncio.to_thread(prove, waiting, kept, name)
        except BundleError as error:
            return _shown("error", str(error))
    made = await services.store.write(bundles.receive, name, kept, builds, tool, now_ms)
    if made.state in bundles.WAITING:
        services.uploads.wake()
    else:  # it was known
        await asyncio.to_thread(waiting.drop, kept, services.clock.now_ms())
    return _shown(made.state, made.error)


def prove(waiting: Chunks, kept: Sequence[bytes], name: bytes) -> None:
    """Raises BundleError unless the chunks make that very bundle: whoever has all of it may have it
    be of a build, though it is known and they see nobody's that has it.
    """
    if waiting.join(kept).sha1 != name:
        raise BundleError(OTHER)
    waiting.sync(kept)


def owner(request: Request) -> str:
    """Whose chunks these are: a person's, with whatever token, or the organisation's."""
    return str(request.state.token.user_id or "")


def _shown(named: str, detail: str | None, missing: Sequence[bytes] = ()) -> Response:
    return answer({"state": named, "missingChunks": [it.hex() for it in missing], "detail": detail})


def _order(body: bytes) -> Order:
    try:
        order = msgspec.json.decode(body, type=Order)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, f"This is not what assemble takes: {error}.") from error
    if not 0 < len(order.chunks) <= MOST_CHUNKS:
        raise Refused(400, f"A bundle has 1 to {MOST_CHUNKS:,} chunks.")
    if not 0 < len(order.projects) <= MOST_PROJECTS:
        raise Refused(400, "projects must name the projects that the files are for.")
    if len(order.version or "") > MOST_NAME or len(order.dist or "") > MOST_DIST:
        raise Refused(400, f"version may have {MOST_NAME} characters, dist {MOST_DIST}.")
    return order


def _known(
    db: Reader, name: bytes, order: Order, sight: Sight, now_ms: int
) -> tuple[Bundle | None, list[Build]]:
    """The bundle, if they see a project that it was uploaded for, and those builds that it has to
    be made known for: not again with each asking.
    """
    builds = [
        Build(asked_project(db, it, sight), order.version or "", order.dist or "")
        for it in order.projects
    ]
    found = bundles.by_sha1(db, name)
    if found is None or not bundles.is_seen(db, found.id, sight):
        return None, builds
    if found.state == "error":
        return found, builds
    there = bundles.builds(db, found.id)
    return found, [it for it in builds if it not in there or now_ms - there[it] > FRESH_MS]


def asked_project(db: Reader, named: str | int, sight: Sight) -> int:
    """A project by slug or id, as the body of a request names it. Not a 404: of that sentry-cli
    makes a sentence of its own, that the release was not found.
    """
    text = str(named)
    number = number_of(text)
    if number is not None:
        found = projects.by_id(db, number, sight)
    else:
        found = projects.by_slug(db, text, sight)
    if found is None:
        raise Refused(400, f"There is no project {text[:50]}, or this token does not see it.")
    return found.id


def tool_of(request: Request) -> str:
    """What uploads, such as `sentry-cli/3.8.2`."""
    return (request.headers.get("user-agent") or "")[:100]


def may_be_tried_again(found: Bundle, now_ms: int) -> bool:
    return found.state == "error" and now_ms - found.changed_at > FAILED_HOLDS_MS


def _sha1(text: str, what: str) -> bytes:
    if not SHA1.fullmatch(text):
        raise Refused(400, f"{what} must be a SHA-1, 40 hex digits.")
    return bytes.fromhex(text)
