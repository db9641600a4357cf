"""Debug files, as `sentry-cli debug-files upload` and `proguard upload` send them: in chunks, then
put together, many in one request.

Mappings of ProGuard and R8 and bundles of sources are read and kept as any bundle is. Native files
are refused by what they are called, before anybody sends them.
"""

import asyncio
from uuid import UUID

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import BundleError, UploadsFullError
from lighttrace.event.model import Json
from lighttrace.store import bundles, debug_files
from lighttrace.store.bundles import Build, Bundle
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.sight import Sight
from lighttrace.uploads import mappings
from lighttrace.uploads.chunks import owned
from lighttrace.uploads.mappings import Mapping
from lighttrace.web import guards, state
from lighttrace.web.api import posted
from lighttrace.web.api.answers import Refused, answer, time
from lighttrace.web.api.organizations import check_organisation, check_path, find_project
from lighttrace.web.api.uploads import (
    MOST_CHUNKS,
    SHA1,
    may_be_tried_again,
    owner,
    prove,
    read_form,
    tool_of,
)

MOST_FILES = 1_000  # in one request
MOST_NAME = 200  # characters
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


async def add_archive(request: Request) -> Response:
    """A zip of mappings, as older sentry-cli and the plugins that use it send them."""
    await check_path(request)
    services = state.of(request)
    named, sight = request.path_params["project"], guards.sight(request)
    project = await services.store.read(find_project, named, sight)
    tool, now_ms = tool_of(request), services.clock.now_ms()
    shown = []
    async with services.upload_slots:
        form = await read_form(request, files=1, fields=8)
        try:
            part = form.get("file")
            if not isinstance(part, UploadFile):
                raise Refused(400, "Add the archive: -F file=@mappings.zip")
            given = await asyncio.to_thread(mappings.unpack, services.uploads.chunks, part.file)
            for it in given:
                builds = [Build(project.id)]
                sha1 = await services.uploads.hand_in(it.path, builds, tool, now_ms)
                made = await services.store.write(_name, project.id, sha1, it, now_ms)
                shown.append(_dif(made, it.debug_id, it.name))
        except BundleError as error:
            raise Refused(400, str(error)) from error
        except UploadsFullError as error:
            raise Refused(413, str(error)) from error
        finally:
            await form.close()
    return answer(shown)


def _name(tx: Transaction, project_id: int, sha1: bytes, it: Mapping, now_ms: int) -> Bundle:
    found = bundles.by_sha1(tx, sha1)
    assert found is not None  # it was handed in just now, and is kept for days
    debug_files.name_it(tx, project_id, it.debug_id, found.id, it.name, now_ms)
    return found


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

    found = await services.store.read(_seen, sha1, guards.sight(request))
    if found is not None and not may_be_tried_again(found, now_ms):
        await services.store.write(associate, found)
        return _shown(found.state, found.error, dif=_dif(found, debug_id, name))
    waiting, whose = services.uploads.chunks, owner(request)
    parts = [owned(whose, bytes.fromhex(it)) for it in asked.chunks]
    asked_for = dict(zip(parts, asked.chunks, strict=True))
    missing = await asyncio.to_thread(waiting.missing, parts)
    if missing:
        return _shown("not_found", missing=[asked_for[it] for it in missing])
    async with services.upload_slots:
        await asyncio.to_thread(prove, waiting, parts, sha1)
    made = await services.store.write(receive)
    if made.state in bundles.WAITING:
        services.uploads.wake()
    else:  # it was known
        await asyncio.to_thread(waiting.drop, parts, services.clock.now_ms())
    return _shown(made.state, made.error, dif=_dif(made, debug_id, name))


def _seen(db: Reader, sha1: bytes, sight: Sight) -> Bundle | None:
    """What they see of another project need not be sent again."""
    found = bundles.by_sha1(db, sha1)
    return found if found is not None and bundles.is_seen(db, found.id, sight) else None


def _debug_id(asked: Asked) -> str:
    """By which events name a file."""
    if not 0 < len(asked.chunks) <= MOST_CHUNKS:
        raise BundleError(CHUNKS)
    if (mapping := mappings.NAME.fullmatch(asked.name)) is not None:
        text = mapping[1]
    elif asked.name.lower().endswith(".zip"):
        text = asked.debug_id or ""
    else:
        raise BundleError(mappings.NATIVE)
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
    is_mapping = mappings.NAME.fullmatch(name) is not None
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
