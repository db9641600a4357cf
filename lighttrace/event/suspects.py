"""Which commits of a release may have brought an error: those that touched a file of its stack.
Pure; the rule is in docs/source-links.md, "Suspect commits".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lighttrace.event import source_links
from lighttrace.event.model import Frame
from lighttrace.event.source_links import Rules

MOST = 3
FRAMES = 20  # of one's own code, the nearest to the crash
MOST_CHANGES = 1_000
MOST_ALIKE = 200  # paths that end in the same two names


@dataclass(frozen=True, slots=True)
class Change:
    """A commit: `paths` of the repository that were added or modified. `at`: ms."""

    sha: str
    message: str = ""
    author_name: str = ""
    author_email: str = ""
    at: int = 0
    paths: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return self.message.strip().partition("\n")[0].strip()

    @property
    def author(self) -> str:
        return self.author_name or self.author_email


@dataclass(frozen=True, slots=True)
class Suspect:
    """`file` was touched, which frame number `frame` is in; 1 is where it crashed. Without either
    it is only somebody who has a commit in the release: nobody said which files were touched.
    """

    change: Change
    file: str = ""
    frame: int = 0

    @property
    def is_weak(self) -> bool:
        return not self.file


def suspects(
    calls: Sequence[Frame], platform: str, changes: Sequence[Change], rules: Rules
) -> tuple[Suspect, ...]:
    """`calls`: frames of one's own code, the crash first. `changes`: of the release in which it
    was seen first, the newest first.
    """
    changes = changes[:MOST_CHANGES]
    if not any(it.paths for it in changes):
        return _authors(changes)
    touched = Touched(path for it in changes for path in it.paths)
    found: dict[str, Suspect] = {}
    for number, frame in enumerate(calls[:FRAMES], 1):
        there = source_links.path_in(frame, rules, platform)
        files = touched.like([there]) if isinstance(there, str) else set()
        files = files or touched.like(source_links.spelled(frame, rules, platform))
        for change in changes if files else ():
            file = next((path for path in change.paths if path in files), None)
            if file is not None and change.sha not in found:
                found[change.sha] = Suspect(change, file, number)
    return tuple(sorted(found.values(), key=lambda it: (it.frame, -it.change.at))[:MOST])


class Touched:
    """The paths that were touched, by the names that they end in."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_name: dict[str, list[str]] = {}
        self._by_two: dict[tuple[str, ...], list[str]] = {}
        for path in dict.fromkeys(paths):
            names = path.split("/")
            self._by_name.setdefault(names[-1], []).append(path)
            self._by_two.setdefault(tuple(names[-2:]), []).append(path)

    def like(self, spelled: Iterable[str]) -> set[str]:
        """Those that are the file of a frame: that end like it in most names, at least in two; or
        the only one that is called so.
        """
        best: set[str] = set()
        alone: set[str] = set()
        most = 2
        for path in spelled:
            names = [name for name in path.split("/") if name not in ("", ".")]
            for one in self._by_two.get(tuple(names[-2:]), ())[:MOST_ALIKE] if names[1:] else ():
                same = _alike(names, one.split("/"))
                if same > most:
                    best, most = {one}, same
                elif same == most:
                    best.add(one)
            called_so = self._by_name.get(names[-1], ()) if names else ()
            if len(called_so) == 1:
                alone.update(called_so)
        return best or alone


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    n = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            break
        n += 1
    return n


def _authors(changes: Sequence[Change]) -> tuple[Suspect, ...]:
    """The newest commit of each author."""
    newest: dict[str, Change] = {}
    for it in changes:
        if who := (it.author_email or it.author_name).lower():
            newest.setdefault(who, it)
    return tuple(Suspect(it) for it in list(newest.values())[:MOST])
