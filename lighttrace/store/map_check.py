"""Which map a script would be read with, and why: the steps of `maps.py`, each with its answer."""

from dataclasses import dataclass

from lighttrace.event.model import Unmapped
from lighttrace.sourcemaps.readable import Ask
from lighttrace.store import maps, upload_list
from lighttrace.store.bundles import Build
from lighttrace.store.database import Reader
from lighttrace.store.maps import FoundMap, Lack, NoMap
from lighttrace.store.readable import Uploaded
from lighttrace.store.upload_list import Origin

NAMES = 5  # of a build's scripts, to compare with


@dataclass(frozen=True, slots=True)
class Step:
    """`is_met` None: it was not asked. `answer`: a sentence without its full stop."""

    asked: str
    is_met: bool | None
    answer: str


@dataclass(frozen=True, slots=True)
class Checked:
    """`map` and `script`: the files that would be used; `lack`: why there are none, and what to do.
    `names`: scripts of the build, where the one that was asked for is not among them.
    """

    steps: tuple[Step, ...]
    map: Origin | None = None
    script: Origin | None = None
    lack: Unmapped | None = None
    names: tuple[str, ...] = ()


def check(db: Reader, project_id: int, ask: Ask) -> Checked:
    """What `Uploaded` does for an event, told. An empty `ask.url` is asked by its debug id only."""
    steps = [_by_debug_id(db, project_id, ask)]
    found = maps.by_debug_id(db, project_id, ask.debug_id) if ask.debug_id else None
    names: tuple[str, ...] = ()
    if found is None:
        by_url = maps.by_url(db, Build(project_id, ask.release, ask.dist), ask.url)
        steps += _by_release(ask, by_url)
        if isinstance(by_url, FoundMap):
            found = by_url
        elif by_url.lack == Lack.URL:
            some = upload_list.some_names(db, project_id, ask.release, ask.dist, NAMES)
            names = tuple(some)
    read = Uploaded(db, project_id)(ask)
    lack = read if isinstance(read, Unmapped) else None
    if found is None:
        return Checked(tuple(steps), lack=lack, names=names)
    used = upload_list.origin(db, project_id, found.bundle_id, found.id)
    script = found.script_id and upload_list.origin(
        db, project_id, found.bundle_id, found.script_id
    )
    steps.append(Step("Can the map be read", lack is None, lack.why if lack else ""))
    return Checked(tuple(steps), used, script or None, lack)


def _by_debug_id(db: Reader, project_id: int, ask: Ask) -> Step:
    asked = "By debug id"
    if not ask.debug_id:
        return Step(asked, None, "none is given")
    if maps.debug_key(ask.debug_id) is None:
        return Step(asked, False, f"{ask.debug_id} is no UUID")
    if maps.by_debug_id(db, project_id, ask.debug_id) is None:
        return Step(asked, False, f"no map of this project has {ask.debug_id}")
    return Step(asked, True, "a map has it, so release, dist and address do not matter")


def _by_release(ask: Ask, found: FoundMap | NoMap) -> list[Step]:
    lack = found.lack if isinstance(found, NoMap) else None
    if not ask.release:
        return [Step("By release", None, "none is given")]
    if lack == Lack.RELEASE:
        return [Step("By release", False, f"nothing was uploaded for {ask.release}")]
    steps = [Step("By release", True, f"files were uploaded for {ask.release}")]
    dist = f"“{ask.dist}”" if ask.dist else "no dist"
    if lack == Lack.DIST:
        assert isinstance(found, NoMap)
        known = ", ".join(f"“{it}”" if it else "no dist" for it in found.dists)
        return [*steps, Step("The same dist", False, f"{dist} is asked for, uploaded is {known}")]
    steps.append(Step("The same dist", True, dist))
    tried = " nor ".join(maps.spellings(ask.url)) if ask.url else ""
    if lack == Lack.URL:
        said = f"no file is called {tried}" if tried else "no address is given"
        return [*steps, Step("The script’s address", False, said)]
    alone = isinstance(found, FoundMap) and found.script_id is None
    said = "the script was not uploaded, but a map of its name was" if alone else "it was uploaded"
    steps.append(Step("The script’s address", True, said))
    if lack == Lack.NAMELESS:
        steps.append(Step("Its map", False, "the script names none, and none lies beside it"))
    elif lack == Lack.MAP:
        assert isinstance(found, NoMap)
        steps.append(Step("Its map", False, f"{found.map_url} was not uploaded"))
    else:
        steps.append(Step("Its map", True, "it was uploaded"))
    return steps
