"""Who may have brought an issue, in the shape of Sentry's `committers`: an author with the commits
that are suspected.
"""

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.alerts import suspicion
from lighttrace.config import Config
from lighttrace.event.model import Json
from lighttrace.event.suspects import Suspect
from lighttrace.store.database import Reader
from lighttrace.store.sight import Sight
from lighttrace.web import guards, state
from lighttrace.web.api.answers import answer, time
from lighttrace.web.api.issues import find_issue
from lighttrace.web.api.organizations import check_organisation


async def of_issue(request: Request) -> Response:
    """The most suspect first; `file` and `frame` say what made a commit suspect."""
    check_organisation(request)
    services, named = state.of(request), request.path_params["issue"]
    found = await services.store.read(_found, named, guards.sight(request), services.config)
    return answer({"committers": found})


def _found(db: Reader, named: str, sight: Sight, config: Config) -> list[Json]:
    issue = find_issue(db, named, sight)
    by_author: dict[tuple[str, str], list[Suspect]] = {}
    for it in suspicion.of_issue(db, issue, config.source_rules(issue.project_slug)):
        by_author.setdefault((it.change.author_name, it.change.author_email), []).append(it)
    return [
        {
            "author": {"name": name or None, "email": email or None},
            "commits": [_commit(it) for it in some],
        }
        for (name, email), some in by_author.items()
    ]


def _commit(it: Suspect) -> Json:
    change = it.change
    return {
        "id": change.sha,
        "message": change.message,
        "dateCreated": time(change.at) if change.at else None,
        "suspectCommitType": "via commit in release",
        "file": it.file or None,
        "frame": it.frame or None,
    }
