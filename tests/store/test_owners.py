"""Whose an issue is: what a judgement becomes in the database, and what no rule may change."""

from typing import Any

from lighttrace.store import activity, judging, owners, teams, triage, users
from lighttrace.store.assignees import Assignee
from lighttrace.store.database import Transaction
from lighttrace.store.owners import Owner
from lighttrace.store.store import Store
from lighttrace.store.writes import Claim, Judgement
from tests.store.make import DAY, NOON, an_event, rows

BILLING = Claim("#billing", "path:src/checkout/*")
MIRA = Claim("mira@shop.example", "url:*/account/*")


def judged(*claims: Claim, auto_assign: bool = False, mark: int = 1) -> Judgement:
    return Judgement(claims, mark, auto_assign)


async def somebody(store: Store) -> tuple[int, int]:
    """Team billing and Mira; their ids."""
    team = await store.write(teams.add, "Billing", NOON, slug="billing")
    user = await store.write(users.add, "Mira@shop.example", "Mira", "member", None, NOON)
    return team.id, user.id


async def owner(store: Store, issue_id: int = 1) -> Owner | None:
    return (await store.read(owners.of_issues, [issue_id])).get(issue_id)


async def assignee(store: Store) -> Any:
    found = await rows(store, "select assignee_user, assignee_team, assigned_by_hand from issue")
    return found[0]


async def test_a_new_issue_belongs_to_the_first_owner_that_exists(store: Store):
    team_id, _ = await somebody(store)
    nobody = Claim("#payments", "tags.component:checkout")
    await store.submit(an_event(judgement=judged(nobody, BILLING, MIRA)))
    found = await owner(store)
    assert found == Owner("team", team_id, "billing", "path:src/checkout/*")
    assert (found.shown, found.by_tag) == ("#billing", False)
    assert await assignee(store) == (None, None, 0)


async def test_a_person_is_found_by_address_in_any_case(store: Store):
    _, user_id = await somebody(store)
    await store.submit(an_event(judgement=judged(MIRA)))
    assert await owner(store) == Owner("user", user_id, "Mira", "url:*/account/*")


async def test_a_team_tag_is_no_owner_until_there_is_such_a_team(store: Store):
    tagged = judged(Claim("#billing", "team:billing"))
    await store.submit(an_event(judgement=tagged))
    assert await owner(store) is None
    await somebody(store)
    await store.write(judging.give, 1, tagged, NOON)
    found = await owner(store)
    assert found is not None and found.by_tag


async def test_later_events_do_not_change_the_owner(store: Store):
    await somebody(store)
    await store.submit(an_event(judgement=judged(BILLING)))
    await store.submit(an_event(judgement=judged(MIRA)))
    found = await owner(store)
    assert found is not None and found.shown == "#billing"


async def test_an_owner_who_is_gone_owns_nothing(store: Store):
    team_id, user_id = await somebody(store)
    await store.submit(an_event(judgement=judged(BILLING)))
    await store.submit(an_event(group="b", judgement=judged(MIRA)))
    await store.write(_leave, user_id)
    await store.write(teams.remove, team_id)
    assert await store.read(owners.of_issues, [1, 2]) == {}


def _leave(tx: Transaction, user_id: int) -> None:
    tx.execute("update user set disabled_at = 1 where id = ?", (user_id,))


async def test_an_issue_is_assigned_to_its_owner_if_the_file_says_so(store: Store):
    team_id, user_id = await somebody(store)
    await store.submit(an_event(judgement=judged(BILLING, auto_assign=True)))
    assert await assignee(store) == (None, team_id, 0)
    (entry,) = await store.read(activity.of_issue, 1)
    assert (entry.kind, entry.user_name) == ("assigned", None)
    assert entry.detail.items() >= {"cause": "rule", "to": "#billing"}.items()
    assert entry.detail["rule"] == "path:src/checkout/*"
    # the rules change, and nobody has decided anything meanwhile
    await store.write(judging.give, 1, judged(MIRA, auto_assign=True), NOON)
    assert await assignee(store) == (user_id, None, 0)
    # the same again is no news
    await store.write(judging.give, 1, judged(MIRA, auto_assign=True), NOON)
    assert len(await store.read(activity.of_issue, 1)) == 2


async def test_no_rule_changes_what_somebody_assigned_by_hand(store: Store):
    """Mira gave it to nobody, and nobody it stays."""
    _, user_id = await somebody(store)
    await store.submit(an_event())
    for by_hand in (None, Assignee("user", user_id, "Mira")):
        await store.write(triage.assign, [1], by_hand, user_id, NOON)
        await store.write(judging.give, 1, judged(BILLING, auto_assign=True), NOON)
        assert await assignee(store) == (by_hand and user_id, None, 1)
    kinds = [it.kind for it in await store.read(activity.of_issue, 1)]
    assert kinds == ["assigned", "unassigned"]
    found = await owner(store)
    assert found is not None and found.shown == "#billing"  # whom the rules name is another thing


async def test_any_event_may_say_that_its_issue_matters_most_and_then_it_does(store: Store):
    async def value() -> object:
        return (await rows(store, "select high_value from issue"))[0][0]

    await store.submit(an_event())
    assert await value() is None
    await store.submit(an_event(high_value="tags.plan:pro"))
    await store.submit(an_event(high_value="url:*/pay"))
    await store.submit(an_event())
    assert await value() == "tags.plan:pro"


async def test_a_value_that_an_event_noted_meanwhile_stays(store: Store):
    await store.submit(an_event(high_value="tags.plan:pro"))
    await store.write(owners.set_value, 1, None, "url:*/pay")  # judged before that event came
    assert await rows(store, "select high_value from issue") == [("tags.plan:pro",)]


async def test_open_issues_of_other_rules_wait_to_be_judged_the_liveliest_first(store: Store):
    await store.submit(an_event(group="a", at=NOON - DAY, judgement=judged(mark=7)))
    await store.submit(an_event(group="b", at=NOON - DAY, judgement=judged(mark=8)))
    await store.submit(an_event(group="c"))
    await store.submit(an_event(group="d", judgement=judged(mark=7)))
    await store.write(lambda tx: tx.execute("update issue_env set state = 1 where issue_id = 4"))

    def waiting(limit: int = 9, mark: int = 8) -> Any:
        return store.read(owners.unjudged, lambda project_id: mark, limit)

    assert [it.issue_id for it in await waiting()] == [3, 1]
    assert [it.issue_id for it in await waiting(limit=1)] == [3]
    await store.write(owners.keep, 3, 8)
    await store.write(judging.give, 1, judged(mark=8), NOON)
    assert await waiting() == []


async def test_when_somebody_comes_or_goes_all_open_issues_are_judged_again(store: Store):
    await store.submit(an_event(judgement=judged(mark=8)))
    assert await store.read(owners.names_changed)
    await store.write(owners.take_names)
    assert not await store.read(owners.names_changed)
    await store.write(owners.keep, 1, 8)
    await somebody(store)
    assert await store.read(owners.names_changed)
    await store.write(owners.take_names)
    assert len(await store.read(owners.unjudged, lambda _: 8, 9)) == 1


async def test_what_the_rules_have_decided_is_counted_by_issue(store: Store):
    await somebody(store)
    await store.submit(an_event(group="a", judgement=judged(BILLING), high_value="url:*"))
    await store.submit(an_event(group="a", judgement=judged(MIRA)))
    await store.submit(an_event(group="b", judgement=judged(BILLING)))
    await store.submit(an_event(group="c", judgement=judged()))
    await store.submit(an_event(group="d", at=NOON - 40 * DAY, judgement=judged(MIRA)))
    found = await store.read(owners.decided, 1, NOON - 30 * DAY)
    assert (found.issues, found.owned, found.valued) == (3, 2, 1)
    assert found.owners == {"path:src/checkout/*": 2}
    assert found.high_value == {"url:*": 1}
    assert (await store.read(owners.decided, 2, 0)).issues == 0
