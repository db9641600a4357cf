"""How SQLite goes about the queries of the pages: by seeks, in the order they were written for.

A plan that scans a table or sorts what an index has in order is not slow today; it is slow at a
million events. Held with and without the statistics of ANALYZE, which may turn a join around.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from lighttrace.event.query.read import parse
from lighttrace.store import (
    activity,
    affected,
    announced,
    assignees,
    audit,
    bodies,
    commits,
    counters,
    deploys,
    environments,
    erasing,
    events,
    feedback,
    hashes,
    inbox,
    inbox_rows,
    issue_events,
    issue_list,
    issues,
    minutes,
    notes,
    owners,
    pace,
    preferences,
    rehearsal,
    release_counts,
    release_list,
    repositories,
    revisions,
    same_trace,
    saved_searches,
    sessions,
    source_cache,
    spikes,
    stirring,
    suggestions,
    tag_stats,
    teams,
    tokens,
    triage,
    upload_list,
    users,
    volume,
    weeks,
)
from lighttrace.store.assignees import Assignee
from lighttrace.store.audit import Wanted
from lighttrace.store.inbox import InboxQuery, Whose
from lighttrace.store.issue_events import EventQuery
from lighttrace.store.issue_list import IssueQuery
from lighttrace.store.issue_order import SORTS
from lighttrace.store.minutes import Subject
from lighttrace.store.search import narrowed
from lighttrace.store.sight import ALL
from lighttrace.store.states import State
from tests.store.make import DAY, HOUR, NOON, an_event
from tests.store.shelf import a_shelf

Ask = Callable[[sqlite3.Connection], object]
QUERY = IssueQuery(now_ms=NOON, state=State.UNRESOLVED, limit=5, user_id=1)

# What grows with events, by its name and by what the statements call it. `environment` (at most
# 500 rows), projects, lists given as JSON and results of other queries may be scanned.
GROWS = (
    *("event", "event_body", "issue", "issue_env", "grouphash", "hash_person", "person"),
    *(
        "count_minute",
        "count_hour",
        "count_day",
        "project_minute",
        "count_release",
        "tag_value",
        "group_text",
        "activity",
    ),
    *("cause", "outbox", "delivery", "spike", "rule_told", "mute", "release_project"),
    *("outcome_hour", "hash_person", "release_told", "release_commit", "commit_path", "deploy"),
    *("web_session", "note", "e", "g", "c", "i", "p", "q", "n", "a", "s"),
)
SCAN = re.compile(rf"SCAN ({'|'.join(GROWS)})(?! VIRTUAL)\b")
# A list is one range of `issue_env`, sorted: no index is rewritten when an issue is seen
# (docs/storage.md, "Hot tables"). The others sort what they have gathered, a page at most.
SORTS_OF_ITS_OWN = (
    "from issue_env e where",
    "from bundle_file f indexed by",  # the builds of one bundle
    "with its(id, first_at)",  # the releases of projects, whose order is that of their deploys
    "where u.project_id = 1 and u.release = '1.0'",  # what was uploaded for one release
    "from issue_env e cross join issue i",
    "from counted k",
    "from json_each(",
    "from loudest l",  # at most 120 issues, of a rehearsal
    "from feedback f",
    "from part t",  # the projects of a page of releases
    *("from release_ref f", "from code_mapping m"),  # at most 1,000
    "from (select distinct id from wanted) w cross join release r",  # and itself
    "from ( select * from feedback",
    "from web_session s",
    "from team_member m join team",
    "from project_team p join team",
    "from team order by",  # at most 500
    "order by id desc limit 3000) near",
    "where s.user_id = 1 and s.shared = 0 order by",  # at most 50
    "order by length(m.stack_root) desc",  # code mappings of a project, at most 1,000
    "order by v.n desc",  # the values of one tag, at most 3,024
    "| (rowid &",  # events of a project in the order of receipt, out of that of hashes
)


def listed(**over: object) -> Ask:
    query = replace(QUERY, **over)  # type: ignore[arg-type]
    return lambda db: issue_list.search(db, query)


def second_page(**over: object) -> Ask:
    def ask(db: sqlite3.Connection) -> object:
        query = replace(QUERY, **over)  # type: ignore[arg-type]
        first = issue_list.search(db, query)
        assert first.next_cursor is not None
        second = issue_list.search(db, replace(query, cursor=first.next_cursor))
        return issue_list.search(db, replace(query, cursor=second.prev_cursor))

    return ask


INBOX = InboxQuery(now_ms=NOON, period_ms=DAY)


def inbox_of(**over: object) -> Ask:
    def ask(db: sqlite3.Connection) -> object:
        query = replace(INBOX, **over)  # type: ignore[arg-type]
        inbox.quiet(db, query)
        inbox.count_act_now(db, query)
        found = inbox.find(db, query)
        return [inbox_rows.rows(db, query, some) for some in found.shown.values()]

    return ask


SEARCHES = (
    'browser:"Firefox 150" level:error',
    "price cart",
    "function:total !level:warning",
    "is:new OR browser:Fire*",
    "user:u3 environment:staging",
    "release:>=1.0",
    "events:>1 is:unassigned firstSeen:-30d platform:python culprit:total",
    "assigned:me is:unseen team:shop",
)


def walked(**over: object) -> Ask:
    def ask(db: sqlite3.Connection) -> object:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(narrowed, "MOST_READ", 0)
            patch.setattr(narrowed, "MOST_COUNTED", 0)
            return listed(**over)(db)

    return ask


QUESTIONS: dict[str, Ask] = {
    **{
        f"issues by {sort}, {period_ms and period_ms // DAY} d, {env}": listed(
            sort=sort, period_ms=period_ms, env=env
        )
        for sort in SORTS
        for period_ms in (DAY, 14 * DAY, None)
        for env in ("production", None)
    },
    **{f"by {sort}, there and back": second_page(sort=sort, period_ms=14 * DAY) for sort in SORTS},
    "by events in a day, there and back": second_page(sort="events", period_ms=DAY),
    **{
        f"a search: {text}, by {sort}": listed(what=parse(text), period_ms=7 * DAY, sort=sort)
        for text in SEARCHES
        for sort in SORTS
    },
    **{f"a search walked: {text}": walked(what=parse(text)) for text in SEARCHES},
    "what a search finds": lambda db: issue_list.ids(
        db, replace(QUERY, what=parse(SEARCHES[0])), 9
    ),
    "how many a search finds": lambda db: issue_list.totals(
        db, replace(QUERY, what=parse(SEARCHES[0]))
    ),
    "one project": listed(project_ids=(1,), state=None),
    "how many": lambda db: issue_list.totals(db, QUERY),
    **{
        f"inbox, {env}, {group}": inbox_of(env=env, group=group)
        for env in ("production", None)
        for group in (None, "wait")
    },
    "inbox of a project": inbox_of(project_ids=(1,)),
    "inbox of a team": inbox_of(whose=Whose((1,), (1, 2))),
    "where the code of a release is": lambda db: revisions.told(db, 1, "web@1", "x/shop"),
    "a file that was fetched": lambda db: source_cache.get(db, 1, "https://x.example/a"),
    "where an issue stands": lambda db: inbox.standing(db, 1, INBOX),
    "issues of the same traces": lambda db: same_trace.linked(db, [1, 2, 3]),
    "how long people took": lambda db: pace.to_acknowledge(db, (1,), NOON),
    "what people did": lambda db: pace.recent(db, None, NOON - DAY, 5),
    "what came back in a week": lambda db: weeks.back(db, (1,), NOON - DAY, NOON, 3),
    "what stirs": lambda db: stirring.candidates(db, NOON - DAY, NOON + 3 * DAY),
    "what is spiking": lambda db: spikes.of_issues(db, [1, 2]),
    **{
        f"the minutes of {words}": lambda db, it=it: (
            minutes.known(db, it),
            minutes.counts(db, it, NOON // 60_000 - 14 * 1440, NOON // 60_000),
            spikes.of_subject(db, it, NOON - DAY),
        )
        for words, it in {"an issue": Subject(1, 1), "a project": Subject(1)}.items()
    },
    "errors by minutes": lambda db: volume.bars(db, None, None, NOON - HOUR, NOON, 60_000),
    "issues of a few minutes": lambda db: volume.issues(db, (1,), "staging", NOON - HOUR, NOON),
    "errors by hours": lambda db: volume.bars(db, (1,), "staging", NOON - DAY, NOON, HOUR),
    "what a rule is rehearsed on": lambda db: (
        rehearsal.happened(db, (1,), NOON - DAY),
        rehearsal.faces(db, [1, 2]),
        rehearsal.acts(db, (1,), NOON - DAY),
        rehearsal.of_rows(db, [1, 2, 3]),
        rehearsal.first_met(db, 1, 10, late=False),
        rehearsal.met(db, 1, [rehearsal.Rows(db, NOON - DAY).span(NOON - DAY, NOON)], 10),
        rehearsal.minutes(db, [1, 2], NOON - DAY),
        rehearsal.shares(db, (1,), NOON - DAY),
        rehearsal.tag_ids(db, ["browser"]),
    ),
    "which issues were loud": lambda db: (
        rehearsal.busy(db, (1,), NOON - DAY, 2, 5),
        rehearsal.lively(db, (1,), NOON - DAY, 1),
    ),
    "whom issues can be given to": lambda db: assignees.of_projects(db, (1, 2)),
    "who does not see theirs": lambda db: assignees.blind(db, (1, 2, 3)),
    "what they do not see": lambda db: (
        assignees.hidden_from(db, Assignee("user", 1, ""), (1, 2)),
        assignees.hidden_from(db, Assignee("team", 1, ""), (1, 2)),
    ),
    "an issue": lambda db: issues.get(db, 1, ALL),
    "an issue by its short id": lambda db: issues.by_short_id(db, "SHOP-1", ALL),
    "its history": lambda db: activity.of_issue(db, 1),
    "its hashes": lambda db: hashes.of_issue(db, 1),
    "its hashes as people choose": lambda db: hashes.kinds(db, 1, NOON, 5),
    "how many hashes": lambda db: hashes.how_many(db, 1),
    "the issues of hashes": lambda db: hashes.issues(db, 1, [b"0" * 16], 1),
    "the issues of events": lambda db: hashes.issues_of_events(db, [1, 2, 3]),
    "its tags": lambda db: tag_stats.of_issue(db, 1, None),
    "its tags in an environment": lambda db: tag_stats.of_issue(db, 1, "staging"),
    "one of its tags in full": lambda db: tag_stats.values(db, 1, None, "browser"),
    "the tags of its project": lambda db: tag_stats.of_project(db, 1, "staging", NOON - DAY),
    **{
        f"tags to suggest, {within}": lambda db, within=within: _suggested(db, within)
        for within in (None, (1,))
    },
    **{
        f"a {key} to suggest, {text}": lambda db, key=key, text=text: suggestions.said_by_groups(
            db, key, text, (1,)
        )
        for key in ("type", "file")
        for text in ("", "pay")
    },
    "releases as they were told": lambda db: _told(db),
    "what went out": lambda db: (
        release_list.page(db, (1, 2), "production", release_list.FIRST, 5, ALL),
        release_list.since(db, (1, 2), None, NOON - DAY),
        release_list.count(db, (1, 2), None, NOON - DAY),
        release_list.last_deploy(db, 1, None),
    ),
    "what failed in releases": lambda db: (
        release_counts.courses(db, (1, 2), "staging", release_counts.span(7 * DAY, 84, NOON)),
        release_counts.last_day(db, (1, 2), None, NOON),
        release_counts.returned(db, (1, 2), NOON - DAY),
    ),
    "what was uploaded": lambda db: (
        upload_list.page(db, 1, upload_list.FIRST, 5),
        upload_list.of_release(db, 1, "1.0"),
        upload_list.origin(db, 1, 1, 1),
        upload_list.some_names(db, 1, "1.0", "", 5),
        upload_list.maps_of(db, 1, "1.0"),
    ),
    "releases to suggest": lambda db: suggestions.releases(db, "1.", (1,), 12),
    "what people want by mail": lambda db: preferences.of_people(db, [1, 2], 1),
    "what somebody wants by mail": lambda db: (
        preferences.of(db, 1),
        preferences.of_projects(db, 1),
    ),
    "searches that are saved": lambda db: saved_searches.seen(db, 1),
    "a search that is saved": lambda db: saved_searches.get(db, 1, 1),
    "who met it": lambda db: _met(db),
    **{
        f"its events, {words}": lambda db, over=over: issue_events.page(
            db, 1, EventQuery(limit=5, **over)
        )
        for words, over in {
            "newest first": {"since_ms": NOON - DAY},
            "oldest first": {"oldest_first": True, "cursor": 5},
            "with a tag": {"text": "level:error", "env": "staging"},
        }.items()
    },
    "its comments": lambda db: (notes.of_issue(db, 1), notes.of_issue(db, 1, 5, (NOON, 9))),
    "how many comments": lambda db: notes.counts(db, [1, 2]),
    "its reports": lambda db: feedback.of_issue(db, 1),
    "its chart by minutes": lambda db: counters.series(db, 1, None, NOON - HOUR, NOON, 60_000),
    "its chart by hours": lambda db: counters.series(db, 1, "staging", NOON - DAY, NOON, HOUR),
    "its chart by days": lambda db: counters.series(
        db, 1, None, (NOON // DAY - 9) * DAY, NOON, DAY
    ),
    "its totals": lambda db: counters.totals(db, 1, None, NOON - DAY),
    **{
        f"its {which} event in {env}": lambda db, which=which, env=env: events.chosen(
            db, 1, which, env
        )
        for which in ("recommended", "latest", "first", "ab" * 16)
        for env in (None, "staging", "rare")
    },
    "around an event": lambda db: events.around(db, 1, 20),
    "a list of its events": lambda db: events.list_of_issue(db, 1, 20, 5),
    "events of a project": lambda db: events.list_of_project(db, 1, 30, 5),
    "a body": lambda db: bodies.of_event(db, 20),
    "an event by its id": lambda db: events.by_event_id(db, "ab" * 16, None),
    "the report on an event": lambda db: feedback.of_event(db, "ab" * 16, 1),
    "environments": environments.names,
    "whose issues are": lambda db: owners.of_issues(db, [1, 2]),
    "what rules have decided": lambda db: owners.decided(db, 1, NOON - DAY),
    "issues to judge again": lambda db: owners.unjudged(db, lambda _: 1, 5),
    "having them judged again": lambda db: owners.take_names(db),
    "a session": lambda db: sessions.find(db, "x", NOON),
    "sessions of a user": lambda db: sessions.of_user(db, 1),
    "a token": lambda db: tokens.find(db, "x", NOON),
    "a user": lambda db: users.by_email(db, "x"),
    "tokens of a user": lambda db: tokens.of_user(db, 1),
    "the audit log": lambda db: audit.page(db, Wanted(), 50),
    "a page of the audit log": lambda db: audit.page(db, Wanted(1, "key", NOON - DAY, 900), 50),
    "teams of a user": lambda db: teams.of_user(db, 1),
    "teams of a project": lambda db: teams.of_project(db, 1),
    "issues of a deleted project": lambda db: erasing._issues(db, 1),
    "hashes of a deleted project": lambda db: erasing._hashes(db, 99, NOON),
    "resolving and taking it back": lambda db: _resolve(db),
}


def _suggested(db: sqlite3.Connection, within: tuple[int, ...] | None) -> None:
    tags = suggestions.tags(db, within)
    tags.names(), tags.values("browser"), tags.saying("fire")


def _told(db: sqlite3.Connection) -> None:
    announced.of_ids(db, announced.newest(db, (1, 2), None, 5), ALL)
    announced.find(db, "1.0", ALL)
    announced.before_with_commits(db, 3)
    commits.of_release(db, 1, 0, 5)
    commits.refs(db, 1)
    deploys.of_release(db, 1, 5)
    repositories.code_mappings(db, 1)


def _met(db: sqlite3.Connection) -> None:
    people = affected.everybody(db, 1, None).people
    assert affected.names(db, people)
    affected.named(db, people, "u1")
    affected.usual(db, 1, NOON, HOUR, 24)


def _resolve(db: sqlite3.Connection) -> None:
    undo = triage.set_state(db, [1, 2], State.RESOLVED, None, NOON)
    assert undo is not None
    triage.undo(db, undo.token, None, NOON)


@pytest.fixture(scope="module", params=["as it comes", "analysed"])
def db(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sqlite3.Connection]:
    with a_shelf(tmp_path_factory.mktemp("plans")) as shelf:
        for n in range(400):
            shelf.receive(
                an_event(
                    at=NOON - (400 - n) * HOUR,
                    group=str(n % 20),
                    user=f"u{n % 50}",
                    environment=("production", "staging", "production", None)[n % 4],
                )
            )
        shelf.receive(an_event(group="0", environment="rare"))
        shelf.db.execute("delete from event where id = (select max(id) from event)")
        if request.param == "analysed":
            shelf.db.execute("analyze")
        yield shelf.db


def asked(db: sqlite3.Connection, ask: Ask) -> list[str]:
    """The statements a question runs, with their values."""
    statements: list[str] = []
    db.set_trace_callback(statements.append)
    try:
        ask(db)
    finally:
        db.set_trace_callback(None)
    # what FTS5 asks for itself is shown as a comment
    return list(dict.fromkeys(it for it in statements if not it.startswith("--")))


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_page_asks_only_what_indexes_answer(db: sqlite3.Connection, name: str) -> None:
    assert_planned(db, asked(db, QUESTIONS[name]), SORTS_OF_ITS_OWN)


def assert_planned(
    db: sqlite3.Connection,
    statements: list[str],
    sorts_of_its_own: tuple[str, ...],
    scan: re.Pattern[str] = SCAN,
) -> None:
    assert statements
    for statement in statements:
        if statement in ("BEGIN", "COMMIT"):
            continue
        plan = [row[3] for row in db.execute(f"explain query plan {statement}")]
        shown = "\n".join((" ".join(statement.split())[:3000], *plan))
        if "MATERIALIZE scope" in plan:  # the issues of a page: gathered first, called s, walked
            plan = [line for line in plan if not re.match("(SCAN|SEARCH) s( |$)", line)]
        assert not [line for line in plan if scan.match(line) or "AUTOMATIC" in line], shown
        if any("TEMP B-TREE FOR ORDER BY" in line for line in plan):
            plain = " ".join(statement.split())
            assert any(allowed in plain for allowed in sorts_of_its_own), shown


def test_a_scan_would_be_noticed(db: sqlite3.Connection) -> None:
    for statement in ("select * from event e where env_id = 1", "select count(*) from issue"):
        plan = [row[3] for row in db.execute(f"explain query plan {statement}")]
        assert SCAN.match(plan[0]), plan
