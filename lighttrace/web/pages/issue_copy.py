"""`/issues/{short_id}.md`: an issue as Markdown, to paste somewhere else. `?event=` says which of
its events; the recommended one if nothing does.
"""

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.alerts import suspicion
from lighttrace.config import Config
from lighttrace.event.model import Event
from lighttrace.store import events, reread, tag_stats
from lighttrace.store.database import Reader
from lighttrace.store.issues import Issue
from lighttrace.store.standing_out import standing_out
from lighttrace.web import around, issue_text, links, source_view, state
from lighttrace.web.around import Scope
from lighttrace.web.guards import Guard, Page
from lighttrace.web.issue_text import Told


async def as_markdown(request: Request) -> Response:
    services = state.of(request)
    now_ms, base_url = services.clock.now_ms(), links.public(request, services.config)
    which = request.query_params.get("event", "recommended")[:40].lower()

    def told(db: Reader, issue: Issue, scope: Scope, since_ms: int) -> str | None:
        row = events.chosen(db, issue.id, which, scope.environment)
        if row is None and which not in ("recommended", "latest", "first"):
            return None
        event = reread.event(db, row.row) if row else None
        here = tag_stats.tally(db, issue.id, scope.environment)
        there = services.tallies.of(db, issue.project_id, scope.environment, here.since_ms, now_ms)
        return issue_text.markdown(
            Told(
                issue,
                f"{base_url}/issues/{issue.short_id}",
                row,
                event,
                here.stats(),
                standing_out(here, there),
                _code(db, services.config, issue, event) if event else "",
                suspicion.of_issue(db, issue, services.config.source_rules(issue.project_slug)),
            )
        )

    _, _, text = await around.ask(request, told)
    # as a plain text: browsers show it, where they would save Markdown
    return Response(text, media_type="text/plain; charset=utf-8")


def _code(db: Reader, config: Config, issue: Issue, event: Event) -> str:
    """Where the line that crashed is; an SDK's own link is nothing to send people to."""
    sources = source_view.of_event(db, config, issue, event)
    own = next((key for key in sources.crashed() if sources.is_own(key)), "")
    link = sources.of(own)
    return link.url if link and link.path else ""


PAGES = (Page("/issues/{short_id}.md", as_markdown, Guard.SIGNED_IN, name="issue_markdown"),)
