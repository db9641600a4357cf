"""Every address of the API: path, handler, scope. Each is served with and without its last slash:
Sentry's tools write it, people forget it.
"""

from collections.abc import Iterator
from typing import TypeAlias

from lighttrace.web.api import (
    comments,
    committers,
    debug_files,
    deploys,
    events,
    grouping,
    issue_parts,
    issues,
    later,
    organizations,
    release_files,
    releases,
    repositories,
    uploads,
)
from lighttrace.web.api.answers import Handler, answering
from lighttrace.web.guards import Guard, Page

ORGANISATION = "/api/0/organizations/{org}/"
PROJECT = "/api/0/projects/{org}/{project}/"
LARGE: dict[Handler, int] = {
    uploads.chunks: uploads.MOST_BODY,
    release_files.add: release_files.MOST_BODY,
    releases.create: releases.MOST_BODY,
    releases.change: releases.MOST_BODY,
    debug_files.assemble: releases.MOST_BODY,
    debug_files.add_archive: release_files.MOST_BODY,
}
# a name may have slashes, so what is below it stands before it
RELEASE = "releases/{version:path}/"
Row: TypeAlias = tuple[str, Handler, str, str]  # path, handler, scope, method
OF_RELEASES: tuple[Row, ...] = (
    ("releases/", releases.listed, "project:read", "GET"),
    ("releases/", releases.create, "project:releases", "POST"),
    (RELEASE + "files/", release_files.add, "project:releases", "POST"),
    (RELEASE + "commits/", releases.commit_list, "project:read", "GET"),
    (RELEASE + "deploys/", deploys.listed, "project:read", "GET"),
    (RELEASE + "deploys/", deploys.add, "project:releases", "POST"),
    (RELEASE + "previous-with-commits/", releases.previous_with_commits, "project:read", "GET"),
    (RELEASE, releases.one, "project:read", "GET"),
    (RELEASE, releases.change, "project:releases", "PUT"),
    (RELEASE, releases.delete, "project:releases", "DELETE"),
)
OF_ISSUE: tuple[Row, ...] = (
    ("", issues.one, "event:read", "GET"),
    ("", grouping.one, "event:write", "PUT"),
    ("", grouping.delete, "event:admin", "DELETE"),
    ("events/", events.of_issue, "event:read", "GET"),
    ("events/{event_id}/", events.one_of_issue, "event:read", "GET"),
    ("hashes/", issue_parts.hash_list, "event:read", "GET"),
    ("hashes/", grouping.split, "event:write", "DELETE"),
    ("comments/", comments.listed, "event:read", "GET"),
    ("comments/", comments.add, "event:write", "POST"),
    ("notes/", comments.listed, "event:read", "GET"),
    ("notes/", comments.add, "event:write", "POST"),
    ("committers/", committers.of_issue, "event:read", "GET"),
    ("tags/", issue_parts.tag_list, "event:read", "GET"),
    ("tags/{key}/", issue_parts.tag, "event:read", "GET"),
)


def _below(prefix: str) -> Iterator[Row]:
    for path, handler, scope, method in OF_ISSUE:
        yield f"{prefix}issues/{{issue}}/{path}", handler, scope, method


def _releases(prefix: str) -> Iterator[Row]:
    for path, handler, scope, method in OF_RELEASES:
        yield prefix + path, handler, scope, method


TABLE: tuple[Row, ...] = (
    ("/api/0/", organizations.index, "", "GET"),  # says what a token may do: any token may ask
    ("/api/0/organizations/", organizations.organisations, "org:read", "GET"),
    (ORGANISATION, organizations.organisation, "org:read", "GET"),
    (ORGANISATION + "projects/", organizations.project_list, "project:read", "GET"),
    (ORGANISATION + "issues/", issues.listed, "event:read", "GET"),
    (ORGANISATION + "sessions/", later.sessions, "org:read", "GET"),
    (ORGANISATION + "chunk-upload/", uploads.terms, "project:releases", "GET"),
    (ORGANISATION + "chunk-upload/", uploads.chunks, "project:releases", "POST"),
    (ORGANISATION + "artifactbundle/assemble/", uploads.assemble, "project:releases", "POST"),
    *_releases(ORGANISATION),
    *_releases(PROJECT),
    (ORGANISATION + "repos/", repositories.listed, "org:read", "GET"),
    (ORGANISATION + "repos/", repositories.add, "project:releases", "POST"),
    (ORGANISATION + "code-mappings/bulk/", repositories.put_mappings, "project:releases", "POST"),
    (ORGANISATION + "monitors/", later.monitors, "org:read", "GET"),
    (ORGANISATION + "events/", later.events, "event:read", "GET"),
    (PROJECT + "files/difs/assemble/", debug_files.assemble, "project:releases", "POST"),
    (PROJECT + "files/dsyms/", debug_files.add_archive, "project:releases", "POST"),
    (PROJECT + "files/preprodartifacts/assemble/", later.builds, "project:releases", "POST"),
    (PROJECT, organizations.project, "project:read", "GET"),
    (PROJECT + "keys/", organizations.key_list, "project:read", "GET"),
    (PROJECT + "issues/", issues.listed, "event:read", "GET"),
    (PROJECT + "issues/", grouping.several, "event:write", "PUT"),
    (PROJECT + "issues/", grouping.delete_several, "event:admin", "DELETE"),
    (PROJECT + "events/", events.of_project, "event:read", "GET"),
    (PROJECT + "events/{event_id}/", events.one_of_project, "event:read", "GET"),
    (PROJECT + "events/{event_id}/json/", events.stored, "event:read", "GET"),
    *_below("/api/0/"),
    *_below(ORGANISATION),
)


def _pages() -> Iterator[Page]:
    for path, handler, scope, method in TABLE:
        for address in (path, path.removesuffix("/")):
            large = LARGE.get(handler)
            yield Page(
                address, answering(handler), Guard.TOKEN(scope), (method,), max_body_bytes=large
            )


PAGES = tuple(_pages())
