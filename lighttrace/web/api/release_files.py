"""One map, with its script, for who has `curl` and nothing else; older tools upload like this too.

    curl -F file=@main.js -F file=@main.js.map -F url_prefix='~/assets' -H 'Authorization: …'
        …/api/0/projects/lighttrace/shop/releases/shop@1.2/files/

It is answered when the files were read, so that it can say what is wrong with them.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import BundleError, UploadsFullError
from lighttrace.event.model import Json
from lighttrace.limits import MIB
from lighttrace.store import bundles, projects
from lighttrace.store.bundles import Build, Bundle
from lighttrace.store.database import Reader
from lighttrace.store.sight import Sight
from lighttrace.uploads import bundling
from lighttrace.uploads.assembly import Assembly
from lighttrace.uploads.bundling import Given
from lighttrace.uploads.chunks import Chunks
from lighttrace.web import guards, state
from lighttrace.web.api.answers import Refused, answer, time
from lighttrace.web.api.organizations import check_organisation, find_project
from lighttrace.web.api.uploads import MOST_DIST, MOST_NAME, asked_project, read_form, tool_of

MOST_BODY = 80 * MIB
MOST_FILES = 20
LONGEST_S = 60.0  # it goes on being read after that, and the answer says so


async def add(request: Request) -> Response:
    """Parts `file`; `name` for each of them, in order, or `url_prefix`; `dist`; `project`."""
    check_organisation(request)
    services = state.of(request)
    async with services.upload_slots:
        form = await read_form(request, files=MOST_FILES, fields=100)
        try:
            params, sight = request.path_params, guards.sight(request)
            build = await services.store.read(_build, params, form, sight)
            given = _given(form)
            now_ms, tool = services.clock.now_ms(), tool_of(request)
            path = await asyncio.to_thread(_bundle, services.uploads.chunks, given)
            name = await services.uploads.hand_in(path, [build], tool, now_ms)
        except UploadsFullError as error:
            raise Refused(413, str(error)) from error
        finally:
            await form.close()
    read = await _settled(services.uploads, name)
    if read is None:
        return answer({"detail": "The files are here and will be read in a while."}, 202)
    broken = await services.store.read(bundles.broken, read.id)
    if read.error or broken:
        wrong = [f"{url}: {why}" for url, why in broken.items()]
        raise Refused(400, read.error or " ".join(wrong))
    shown = [_shown(it, build, read.id, number, now_ms) for number, it in enumerate(given)]
    return answer(shown[0] if len(shown) == 1 else shown, 201)


async def _settled(uploads: Assembly, name: bytes) -> Bundle | None:
    try:
        async with asyncio.timeout(LONGEST_S):
            return await uploads.settled(name)
    except TimeoutError:
        return None
    except BundleError as error:
        raise Refused(400, str(error)) from error


def _bundle(chunks: Chunks, files: Sequence[Given]) -> Path:
    path = chunks.new_file()
    bundling.write(path, files)
    return path


def _build(db: Reader, path: Mapping[str, str], form: FormData, sight: Sight) -> Build:
    """The release of the path; its project too, else that of the form, or the only one."""
    version, dist = path["version"].strip(), _text(form, "dist")
    if not 0 < len(version) <= MOST_NAME or len(dist) > MOST_DIST:
        raise Refused(400, f"A release may have {MOST_NAME} characters, a dist {MOST_DIST}.")
    if "project" in path:
        return Build(find_project(db, path["project"], sight).id, version, dist)
    if named := _text(form, "project"):
        return Build(asked_project(db, named, sight), version, dist)
    every = projects.every(db, sight)
    if len(every) != 1:
        raise Refused(400, "Which project is it for? Add -F project=SLUG.")
    return Build(every[0].id, version, dist)


def _given(form: FormData) -> list[Given]:
    files = [it for it in form.getlist("file") if isinstance(it, UploadFile)]
    names = [it for it in form.getlist("name") if isinstance(it, str)]
    if not files:
        raise Refused(400, "Add the file itself: -F file=@dist/main.js.map")
    if names and len(names) != len(files):
        raise Refused(400, "Give each file a name, or none: -F name='~/assets/main.js.map'")
    prefix = (_text(form, "url_prefix") or "~").rstrip("/")
    urls = names or [f"{prefix}/{(it.filename or 'file').rpartition('/')[2]}" for it in files]
    named = {"sourcemap": "", **_headers(form)}["sourcemap"] or None
    return [Given(url, it.file, named) for url, it in zip(urls, files, strict=True)]


def _headers(form: FormData) -> dict[str, str]:
    """`header=Sourcemap:main.js.map`, as Sentry's API takes it."""
    pairs = (it.partition(":") for it in form.getlist("header") if isinstance(it, str))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _text(form: FormData, name: str) -> str:
    found = form.get(name)
    return found.strip() if isinstance(found, str) else ""


def _shown(it: Given, build: Build, bundle_id: int, number: int, now_ms: int) -> Json:
    return {
        "id": f"{bundle_id}-{number}",
        "name": it.url,
        "dist": build.dist or None,
        "headers": {"Sourcemap": it.map_url} if it.map_url else {},
        "dateCreated": time(now_ms),
    }
