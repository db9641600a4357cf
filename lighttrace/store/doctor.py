"""Do the counters agree with the rows? Reads everything, changes nothing: for `lighttrace doctor`,
and for the tests that kill the server.

After retention the older counters know more than the events that are left, so counters by time are
compared from the oldest event on, and sums over an issue's whole life only while nothing was
removed.
"""

from dataclasses import dataclass

from lighttrace.store.database import Reader

MOST_SHOWN = 5  # examples of each kind of disagreement
SETTLED_MS = 60_000  # rows rise with receive time, but for what arrived within the same moment


@dataclass(frozen=True, slots=True)
class Check:
    """Two questions that must have the same answer; what is in only one of them is shown."""

    says: str
    counted: str
    rows: str


# what is on its way out leaves table by table
STAYS = "hash_id not in (select id from grouphash where removed_at is not null)"
# :since is the first moment from which every event is still there
BY_TIME = tuple(
    Check(
        f"count_{name}, per ({name}, hash, environment{', release' if release else ''}): n",
        f"select {name}, hash_id, env_id, {'release_id, ' if release else ''}n from count_{name}"
        f" where {name} * {unit} >= :since and {STAYS}",
        f"select received_at / {unit}, hash_id, env_id,"
        f" {'coalesce(release_id, 0), ' if release else ''}count(*) from event"
        f" where received_at / {unit} * {unit} >= :since and {STAYS} and"
        f" received_at / {unit} >= (select coalesce(min({name}), 0) from count_{name})"
        f" group by 1, 2, 3{', 4' if release else ''}",
    )
    for name, unit, release in (
        ("minute", 60_000, False),
        ("hour", 3_600_000, True),
        ("day", 86_400_000, True),
    )
)
PEOPLE_OF_MINUTE = Check(
    "count_minute, per (minute, hash, environment): people, capped",
    "select minute, hash_id, env_id, people, capped from count_minute"
    f" where minute * 60000 >= :since and {STAYS}",
    f"""
    with each as (
      select received_at / 60000 as minute, hash_id, env_id, person_id,
             sum(received_at - happened_at <= 600000) as n
        from event
       where received_at / 60000 * 60000 >= :since and {STAYS}
         and received_at / 60000 >= (select coalesce(min(minute), 0) from count_minute)
       group by 1, 2, 3, 4)
    select minute, hash_id, env_id, sum(person_id is not null and n > 0),
           sum(iif(person_id is null, n, min(n, 3)))
      from each group by 1, 2, 3
    """,
)
ALWAYS = (
    Check(
        "issue_env, copies per (environment, issue): project, state",
        "select env_id, issue_id, project_id, state from issue_env",
        "select e.env_id, i.id, i.project_id, i.state from issue_env e"
        " join issue i on i.id = e.issue_id",
    ),
    Check(
        "event, per event: its hash, and an issue of that hash in the same project",
        "select id, hash_id, project_id from event",
        "select e.id, g.id, coalesce(i.project_id, g.project_id)"
        " from event e join grouphash g on g.id = e.hash_id"
        " left join issue i on i.id = g.issue_id where i.id or g.removed_at",
    ),
    Check(
        "hash_person, per (hash, environment): people",
        "select e.hash_id, e.env_id, e.person_id from event e where e.person_id is not null",
        "select e.hash_id, e.env_id, m.person_id from event e join hash_person m"
        " on m.hash_id = e.hash_id and m.person_id = e.person_id and m.env_id = e.env_id",
    ),
    Check(
        "group_text, per hash",
        "select distinct hash_id from event",
        "select hash_id from group_text where hash_id in (select hash_id from event)",
    ),
)
SCOPED = """
with scoped as (
  select g.issue_id, s.env_id, e.id as row, e.happened_at, e.person_id
    from event e join grouphash g on g.id = e.hash_id
    join (select 0 as env_id union all select id from environment) s on s.env_id in (0, e.env_id)
   where g.issue_id is not null)
"""
WHILE_COMPLETE = (
    Check(
        "project_minute, per (minute, project): n",
        "select minute, project_id, n from project_minute where minute * 60000 >= :since",
        "select received_at / 60000, project_id, count(*) from event"
        " where received_at / 60000 * 60000 >= :since"
        " and received_at / 60000 >= (select coalesce(min(minute), 0) from project_minute)"
        " group by 1, 2",
    ),
    Check(
        "count_release, per (hour, project, environment, release): n",
        "select hour, project_id, env_id, release_id, n from count_release"
        " where hour * 3600000 >= :since",
        "select received_at / 3600000, project_id, env_id, coalesce(release_id, 0), count(*)"
        " from event where received_at / 3600000 * 3600000 >= :since"
        " and received_at / 3600000 >= (select coalesce(min(hour), 0) from count_release)"
        " group by 1, 2, 3, 4",
    ),
    Check(
        "issue_env, per (environment, issue): n, people, first_at, last_at, first and last event",
        "select env_id, issue_id, n, people, first_at, last_at, first_event, last_event"
        " from issue_env",
        SCOPED + "select env_id, issue_id, count(*), count(distinct person_id), min(happened_at),"
        " max(happened_at), min(row), max(row) from scoped group by 1, 2",
    ),
    Check(
        "event_body, per event",
        "select id from event_body",
        "select id from event",
    ),
    Check(
        "outcome_hour, per project: accepted",
        "select project_id, sum(n) from outcome_hour where outcome = 'accepted'"
        " and category in ('error', 'security') and source = 'server' group by 1",
        "select project_id, count(*) from event group by 1",
    ),
    Check(
        "cause, per issue: new",
        "select issue_id, count(*) from cause where kind = 'new' group by 1",
        "select id, 1 from issue where id not in"
        " (select issue_id from activity where kind = 'split_from')",
    ),
    Check(
        "release_project, per (project, release): first and last event",
        "select project_id, release_id, first_event_at, last_event_at from release_project",
        "select project_id, release_id, min(received_at), max(received_at) from event"
        " where release_id is not null group by 1, 2",
    ),
)

EXTENT = "select count(*), coalesce(min(id), 0), coalesce(max(id), 0) from event"
OLDEST = "select received_at from event where id = ?"
EVER = """
select max(coalesce((select max(last_event) from issue_env where env_id = 0), 0),
  coalesce((select cast(value as integer) from setting where key = 'newest_deleted'), 0))
"""


def disagreements(db: Reader) -> list[str]:
    """What does not agree, in sentences; empty if all is well."""
    count, first, last = db.execute(EXTENT).fetchone()
    complete = count == last and db.execute(EVER).fetchone()[0] == last
    since = 0
    if not complete:
        oldest = db.execute(OLDEST, (first,)).fetchone()
        since = 1 << 62 if oldest is None else oldest[0] + SETTLED_MS
    checks = (*BY_TIME, PEOPLE_OF_MINUTE, *ALWAYS, *(WHILE_COMPLETE if complete else ()))
    found = []
    for check in checks:
        found += _compare(db, check, since)
    return found


def _compare(db: Reader, check: Check, since: int) -> list[str]:
    found = []
    for only, more, less in (
        ("counted, not there", check.counted, check.rows),
        ("there, not counted", check.rows, check.counted),
    ):
        sql = f"select * from ({more}) except select * from ({less}) limit {MOST_SHOWN}"
        found += [f"{check.says}: {only}: {row}" for row in db.execute(sql, {"since": since})]
    return found
