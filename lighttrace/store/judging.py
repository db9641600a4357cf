"""What a judgement becomes: an issue's owner, and its assignee if the file wants that. What the
rules are and whether they match is none of the store's business.
"""

from collections.abc import Sequence

from lighttrace.store import assignees, triage
from lighttrace.store.assignees import Assignee
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.writes import Claim, Judgement


def choose(db: Reader, claims: Sequence[Claim]) -> tuple[Claim, Assignee] | None:
    """The first claim whose team or person exists."""
    for claim in claims:
        if who := assignees.find(db, claim.owner):
            return claim, who
    return None


GIVE = """
update issue set owner_user = ?, owner_team = ?, owner_rule = ?, owner_judged = ? where id = ?
"""


def give(tx: Transaction, issue_id: int, judgement: Judgement, now_ms: int) -> None:
    """Write down whose an issue is. With `auto_assign` it is assigned too, unless somebody has
    decided that by hand, or the owner does not see it.
    """
    chosen = choose(tx, judgement.claims)
    if chosen is None:
        tx.execute(GIVE, (None, None, None, judgement.mark, issue_id))
        return
    claim, who = chosen
    user_id = who.id if who.kind == "user" else None
    team_id = who.id if who.kind == "team" else None
    tx.execute(GIVE, (user_id, team_id, claim.rule, judgement.mark, issue_id))
    if judgement.auto_assign and assignees.hidden_from(tx, who, [issue_id]) is None:
        triage.assign(tx, [issue_id], who, None, now_ms, rule=claim.rule)
