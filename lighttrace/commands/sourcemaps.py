"""`lighttrace sourcemaps`: what a build has made goes to the server's database, without a token."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from lighttrace import __version__
from lighttrace.clock import SystemClock
from lighttrace.commands import answers, named
from lighttrace.commands.where import Place, where
from lighttrace.errors import LightTraceError
from lighttrace.store import bundles, projects, sight
from lighttrace.store.bundles import Build, Bundle
from lighttrace.store.database import Reader, open_reader, snapshot
from lighttrace.store.store import Store
from lighttrace.uploads import assembly, bundling, folder
from lighttrace.uploads.assembly import Assembly
from lighttrace.uploads.folder import Found

MOST_SHOWN = 20
TOOL = f"lighttrace/{__version__}"


@click.group()
def sourcemaps() -> None:
    """Source maps: what makes minified stacks readable."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The store of a server that may be running: each call is a transaction of its own, and who
    only reads holds nobody up.
    """

    path: Path

    async def write(self, fn: Callable[..., Any], *args: Any) -> Any:
        with Store.connect(self.path) as tx:
            return fn(tx, *args)

    async def read(self, fn: Callable[..., Any], *args: Any) -> Any:
        with closing(open_reader(self.path)) as db, snapshot(db):
            return fn(db, *args)


@sourcemaps.command("upload")
@click.argument("files", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@where
@click.option("--release", required=True, help="As the SDK says it: shop-web@3.18.2.")
@click.option("--dist", default="", help="As the SDK says it; without it, none.")
@click.option(
    "--url-prefix",
    default="~/",
    show_default=True,
    help="Where DIR is on the web; ~ stands for any host.",
)
@click.option("--project", "slug", help="Its short name. May be left out if there is only one.")
@answers.as_json
def sourcemaps_upload(
    at: Place,
    files: Path,
    release: str,
    dist: str,
    url_prefix: str,
    slug: str | None,
    as_json: bool,
) -> None:
    """Upload the scripts below DIR and their source maps, and wait until they are read."""
    if not files.is_dir():
        raise LightTraceError(f"There is no folder {files}.")
    with at.database() as tx:
        build = Build(_project(tx, slug), release.strip(), dist.strip())
    found = folder.look(files, url_prefix)
    if not found.files:
        raise LightTraceError(
            f"Nothing below {files} can be used: no source maps, and no scripts that name one. "
            "Build with source maps (`sourcemap: true`) and name the folder with the result."
            + "".join(f"\n  {path} {why}" for path, why in found.left_out[:MOST_SHOWN])
        )
    path = at.config.store.path
    try:
        read = asyncio.run(_upload(path, build, found, at.now_ms, quiet=as_json))
    except OSError as error:
        place = assembly.folder_of(path)
        raise LightTraceError(f"Cannot write in {place}: {error.strerror}.") from error
    with at.database() as tx:
        broken = [it for one in read for it in bundles.broken(tx, one.id).items()]
    failed = [it.error for it in read if it.error is not None]
    shown = {
        "scripts": found.with_map,
        "maps": found.maps,
        "left_out": dict(found.left_out),
        "broken": dict(broken),
        "failed": failed,
    }
    answers.one(shown, as_json, _told(found, broken, release))
    if failed or broken:
        raise LightTraceError(" ".join(failed) or f"Cannot be read: {_some(len(broken), 'map')}.")


async def _upload(
    database: Path, build: Build, found: Found, now_ms: int, *, quiet: bool
) -> list[Bundle]:
    store = Beside(database)
    work = Assembly(store, assembly.folder_of(database), SystemClock())
    done = []
    groups = list(folder.groups(found.files))
    with click.progressbar(
        groups, label=f"{len(found.files)} files", file=sys.stderr, hidden=quiet
    ) as bar:
        for group in bar:
            path = work.chunks.new_file()
            bundling.write(path, group)
            name = await work.hand_in(path, [build], TOOL, now_ms)
            done.append(await work.read_or_wait(name))
    return done


def _project(db: Reader, slug: str | None) -> int:
    if slug is not None:
        return named.project(db, slug).id
    every = projects.every(db, sight.ALL)
    if len(every) != 1:
        names = ", ".join(it.slug for it in every[:MOST_SHOWN]) or "there is none yet"
        raise LightTraceError(f"Which project is it for? --project SLUG ({names}).")
    return every[0].id


def _told(found: Found, broken: list[tuple[str, str]], release: str) -> str:
    have = f"{_some(found.with_map, 'script')} and {_some(found.maps, 'source map')}"
    lines = [f"Uploaded for {release}: {have}."]
    lines += [f"  {url}: {why}" for url, why in broken]
    if found.left_out:
        lines.append("Left out:")
        lines += [f"  {path} {why}" for path, why in found.left_out[:MOST_SHOWN]]
        if (more := len(found.left_out) - MOST_SHOWN) > 0:
            lines.append(f"  and {more} more")
    return "\n".join(lines)


def _some(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
