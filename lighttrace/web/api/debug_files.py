"""Debug files, as `sentry-cli debug-files upload` and `proguard upload` send them: in chunks, then
put together, many in one request.

Mappings of ProGuard and R8 and bundles of sources are read and kept as any bundle is. Native files
are refused by what they are called, before anybody sends them.
"""

import asyncio
import re
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import BundleError
from lighttrace.event.model import Json
from lighttrace.store import bundles, debug_files
from lighttrace.store.bundles import Build, Bundle
from lighttrace.store.database import Transaction
from lighttrace.web import guards, state
from lighttrace.web.api import posted
from lighttrace.web.api.answers import Refused, answer, time
from lighttrace.web.api.organizations import check_organisation, find_project
from lighttrace.web.api.uploads import MOST_CHUNKS, SHA1, may_be_tried_again, tool_of

MOST_FILES = 1_000  # in one request
MOST_NAME = 200  # characters
PROGUARD = re.compile(r"/?proguard/([0-9a-fA-F-]{32,36})\.txt")
NATIVE = (
    "Native debug files (ELF, Mach-O, PE, wasm …) are not supported: native stack traces are not "
    "read here. Mappings of ProGuard and R8, and bundles of sources are."
)
NO_ID = "A bundle of sources needs the debug id that its events say."
CHUNKS = f"A debug file has 1 to {MOST_CHUNKS:,} chunks."


class Asked(msgspec.Struct):
    name: str
    chunks: list[str]
    debug_id: str | None = None


async def assemble(request: Request) -> Response:
    """{SHA-1 of a file: what it is}; answered with the state of each."""
    check_organisation(request)
    services = state.of(request)
    named, sight = request.path_params["project"], guards.sight(request)
    project = await services.store.read(find_project, named, sight)
    wanted = posted.read(await request.body(), dict[str, Asked])
    if len(wanted) > MOST_FILES:
        raise Refused(400, f"Ask for {MOST_FILES:,} files at once, no more.")
    shown: dict[str, Json] = {}
    for name, asked in wanted.items():
        if not all(SHA1.fullmatch(it) for it in (name, *asked.chunks)):
            raise Refused(400, "Files and chunks are named by their SHA-1, 40 hex digits.")
        try:
            shown[name] = await _one(request, project.id, bytes.fromhex(name), asked)
        except BundleError as error:
            shown[name] = _shown("error", str(error))
    return answer(shown)


async def _one(request: Request, project_id: int, sha1: bytes, asked: Asked) -> Json:
    """Raises BundleError with the sentence of a file that is not taken."""
    services = state.of(request)
    debug_id = _debug_id(asked)
    name = posted.words(asked.name, MOST_NAME) or "file"
    builds, tool, now_ms = [Build(project_id)], tool_of(request), services.clock.now_ms()

    def associate(tx: Transaction, found: Bundle) -> None:
        bundles.associate(tx, found.id, builds, tool, now_ms)
        debug_files.name_it(tx, project_id, debug_id, found.id, name, now_ms)

    def receive(tx: Transaction) -> Bundle:
        made = bundles.receive(tx, sha1, parts, builds, tool, now_ms)
        debug_files.name_it(tx, project_id, debug_id, made.id, name, now_ms)
        return made

    found = await services.store.read(bundles.by_sha1, sha1)
    if found is not None and not may_be_tried_again(found, now_ms):
        await services.store.write(associate, found)
        return _shown(found.state, found.error, dif=_dif(found, debug_id, name))
    parts = [bytes.fromhex(it) for it in asked.chunks]
    waiting = services.uploads.chunks
    missing = await asyncio.to_thread(waiting.missing, parts)
    if missing:
        return _shown("not_found", missing=[it.hex() for it in missing])
    await asyncio.to_thread(waiting.sync, parts)
    made = await services.store.write(receive)
    services.uploads.wake()
    return _shown(made.state, made.error, dif=_dif(made, debug_id, name))


def _debug_id(asked: Asked) -> str:
    """By which events name a file."""
    if not 0 < len(asked.chunks) <= MOST_CHUNKS:
        raise BundleError(CHUNKS)
    if (mapping := PROGUARD.fullmatch(asked.name)) is not None:
        text = mapping[1]
    elif asked.name.lower().endswith(".zip"):
        text = asked.debug_id or ""
    else:
        raise BundleError(NATIVE)
    try:
        return str(UUID(text[:36]))  # what may follow is of Windows
    except ValueError:
        raise BundleError(NO_ID) from None


def _shown(
    named: str,
    detail: str | None = None,
    *,
    missing: list[str] | None = None,
    dif: Json = None,
) -> Json:
    shown: dict[str, Json] = {"state": named, "missingChunks": missing or [], "detail": detail}
    return {**shown, "dif": dif} if dif and named in ("ok", "created") else shown


def _dif(it: Bundle, debug_id: str, name: str) -> Json:
    is_mapping = PROGUARD.fullmatch(name) is not None
    return {
        "id": str(it.id),
        "uuid": debug_id,
        "debugId": debug_id,
        "codeId": None,
        "objectName": name,
        "cpuName": "any",
        "symbolType": "proguard" if is_mapping else "sourcebundle",
        "headers": {"Content-Type": "application/octet-stream"},
        "size": 0,
        "sha1": it.sha1.hex(),
        "dateCreated": time(it.changed_at),
        "data": {"type": None, "features": ["mapping" if is_mapping else "sources"]},
    }
