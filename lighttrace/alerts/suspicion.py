"""Suspect commits of an issue, read from what was told of the release it was first seen in."""

from lighttrace.event import frames, source_links
from lighttrace.event.model import Event, Frame
from lighttrace.event.source_links import Rules
from lighttrace.event.suspects import Change, Suspect, suspects
from lighttrace.store import announced, commits, events, reread, revisions, sight
from lighttrace.store.commits import Commit
from lighttrace.store.database import Reader
from lighttrace.store.issues import Issue


def of_issue(db: Reader, issue: Issue, rules: Rules) -> tuple[Suspect, ...]:
    """Nobody, if its first event or the commits of that release are not known."""
    found = announced.find(db, issue.first_release, sight.ALL) if issue.first_release else None
    built_of = commits.of_release(db, found) if found is not None else []
    row = events.chosen(db, issue.id, "first") if built_of else None
    event = reread.event(db, row.row) if row else None
    if event is None:
        return ()
    told = revisions.told(db, issue.project_id, event.release, rules.package)
    rules, _ = source_links.informed(rules, event.release, told.commit, told.mappings)
    return suspects(_own(event), event.platform, [_change(it) for it in built_of], rules)


def _own(event: Event) -> list[Frame]:
    """Frames of one's own code in the stack that crashed, the crash first."""
    stacks = [link.frames for link in reversed(event.exceptions) if link.frames]
    stacks += [event.frames] if event.frames else []
    stacks += [it.frames for it in event.threads if it.crashed and it.frames]
    calls = stacks[0] if stacks else ()
    flags = frames.in_app(calls, event.platform)
    return [call for call, own in zip(reversed(calls), reversed(flags), strict=True) if own]


def _change(it: Commit) -> Change:
    paths = tuple(path for kind, path in it.paths if kind != "D")
    return Change(
        it.sha, it.message, it.author_name or "", it.author_email or "", it.at or 0, paths
    )
