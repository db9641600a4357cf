"""The events of one issue that a search means, as rows."""

from bisect import bisect_left

from lighttrace.event.query.tree import Node
from lighttrace.store import counters, text_index
from lighttrace.store.database import Reader
from lighttrace.store.search import compile
from lighttrace.store.search.answers import Answers
from lighttrace.store.search.asker import Asker
from lighttrace.store.search.classes import classes, hashes_of
from lighttrace.store.search.conditions import says
from lighttrace.store.search.span import Span

THE_ISSUE = "e.env_id = 0 and e.issue_id = :issue_id"
BEGINS = "select first_event from issue_env where env_id = 0 and issue_id = ?"


def rows(
    db: Reader, issue_id: int, what: Node, env: str | None, since_ms: int, asker: Asker
) -> list[int]:
    """All of them, oldest first. Raises QueryError."""
    condition = compile.condition(db, what, asker)
    begins = db.execute(BEGINS, (issue_id,)).fetchone()
    if condition is False or begins is None:
        return []
    everywhere = True if env is None else says([text_index.token("environment", env)])
    envs = None if env is None else counters.scopes(db, env)
    span = Span.since(db, since_ms)
    several = classes(db, condition, everywhere, THE_ISSUE, {"issue_id": issue_id}, span)
    hash_ids = hashes_of(db, [issue_id]).get(issue_id, [])
    found = [
        row
        for piece in span.pieces
        for answers in [Answers.of(db, several, piece, envs, hash_ids)]
        for hash_id in hash_ids
        for row in answers.rows(hash_id)
    ]
    found.sort()
    return found[bisect_left(found, begins[0]) :]
