"""Releases, commits, deploys and repositories in the shapes that Sentry's tools know."""

from lighttrace.event.model import Json
from lighttrace.store.announced import Part, Release
from lighttrace.store.commits import Commit
from lighttrace.store.deploys import Deploy
from lighttrace.store.repositories import Mapping, Repository
from lighttrace.web.api import shapes
from lighttrace.web.api.answers import time

# What a repository is hosted by is not known. Of those that sentry-cli knows it would ask for the
# commits of a ref to be looked up there; so it reads them out of the folder it runs in.
NO_HOST: Json = {"id": "unknown", "name": "Unknown Provider"}


def release(it: Release) -> Json:
    firsts = [part.first_event_at for part in it.parts if part.first_event_at is not None]
    lasts = [part.last_event_at for part in it.parts if part.last_event_at is not None]
    return {
        **shapes.release(it.version),
        "id": it.id,
        "status": it.status,
        "ref": it.ref,
        "url": it.url,
        "dateCreated": time(it.added_at),
        "dateStarted": _time(it.started_at),
        "dateReleased": _time(it.released_at),
        "firstEvent": time(min(firsts)) if firsts else None,
        "lastEvent": time(max(lasts)) if lasts else None,
        "newGroups": sum(part.new_issues for part in it.parts),
        "commitCount": it.commits.count,
        "lastCommit": {"id": it.commits.last} if it.commits.last else None,
        "deployCount": it.deploys.count if it.deploys else 0,
        "lastDeploy": deploy(it.deploys.last) if it.deploys else None,
        "authors": [author(name, email) for name, email in it.commits.authors],
        "projects": [_part(part) for part in it.parts],
        "owner": None,
        "data": {},
    }


def _part(it: Part) -> Json:
    return {
        "id": it.project_id,
        "slug": it.slug,
        "name": it.name,
        "platform": it.platform,
        "newGroups": it.new_issues,
    }


def author(name: str | None, email: str | None) -> Json:
    return {"name": name, "email": email}


def commit(it: Commit) -> Json:
    return {
        "id": it.sha,
        "message": it.message,
        "dateCreated": _time(it.at),
        "author": author(it.author_name, it.author_email),
        "repository": {"name": it.repository} if it.repository else None,
        "patchSet": [{"path": path, "type": kind} for kind, path in it.paths],
    }


def deploy(it: Deploy) -> Json:
    return {
        "id": str(it.id),
        "environment": it.environment,
        "name": it.name,
        "url": it.url,
        "dateStarted": _time(it.started_at),
        "dateFinished": time(it.finished_at),
    }


def repository(it: Repository) -> Json:
    return {
        "id": str(it.id),
        "name": it.name,
        "url": None,
        "provider": NO_HOST,
        "status": "active",
        "dateCreated": time(it.added_at),
        "integrationId": None,
        "externalSlug": None,
    }


def mapping(it: Mapping, status: str) -> Json:
    return {"stackRoot": it.stack_root, "sourceRoot": it.source_root, "status": status}


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else time(at_ms)
