"""Who is told of what: rules, owners, sight, mutes and preferences."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.alerts import news
from lighttrace.alerts.compose import compose
from lighttrace.errors import RefusedError
from lighttrace.store import asides, causes, mutes, preferences, projects, teams, triage
from lighttrace.store.archiving import FOREVER, Archive
from lighttrace.store.assignees import Assignee
from lighttrace.store.mutes import Muted
from lighttrace.store.states import State
from lighttrace.store.writes import Claim, Judgement
from tests.alerts.told import Shop, a_shop
from tests.store.make import DAY, HOUR, MINUTE, NOON, an_event

OPS = ("ops@example.com", "new", ["it is new"])


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with a_shop(tmp_path) as made:
        yield made


def owned(owner: str) -> Judgement:
    return Judgement((Claim(owner, "path:*"),), mark=1)


def rule(name: str, **settings: str) -> str:
    lines = "".join(f"{key} = {value}\n" for key, value in settings.items())
    return f'[[alerts.rule]]\nname = "{name}"\n{lines}'


# --- owners ---


def test_without_rules_what_is_nobodys_goes_to_alerts_to(shop: Shop) -> None:
    shop.receive(an_event())
    assert shop.told() == [OPS]
    shop.receive(an_event(at=NOON + 1))
    assert shop.told() == []


def test_the_owner_is_told_and_nobody_else(shop: Shop) -> None:
    shop.person("mira", billing := shop.team("billing"))
    shop.person("ben", billing)
    shop.person("ada")
    shop.receive(an_event(judgement=owned("#billing")))
    assert shop.to() == ["ben@shop.example", "mira@shop.example"]
    shop.receive(an_event(group="2", judgement=owned("ada@shop.example")))
    assert shop.to() == ["ada@shop.example"]


def test_whom_it_is_assigned_to_counts_for_more_than_the_rules_of_owners(shop: Shop) -> None:
    mira = shop.person("mira", shop.team("billing"))
    ada = shop.person("ada")
    issue = shop.receive_one(an_event(judgement=owned("#billing")))
    triage.assign(shop.db, [issue], Assignee("user", ada.id, "Ada"), mira.id, NOON)
    assert shop.to() == ["ada@shop.example"]


def test_an_owner_who_left_is_told_nothing_and_the_others_are(shop: Shop) -> None:
    ada = shop.person("ada")
    shop.receive(an_event(judgement=owned("ada@shop.example")))
    shop.db.execute("update user set disabled_at = 1 where id = ?", (ada.id,))
    assert shop.to() == ["ops@example.com"]


def test_who_does_not_see_the_project_hears_nothing_of_it_however_named(shop: Shop) -> None:
    """Bob is in no team of the project: neither as its owner, nor in a team, nor by his address."""
    billing, search = shop.team("billing"), shop.team("search")
    shop.person("mira", billing)
    shop.person("bob", search)
    teams.set_of_project(shop.db, 1, [billing])
    shop.says(
        rule("all", when='"new"', to='["owner", "team:search", "everyone", "BOB@shop.example"]')
    )
    shop.receive(an_event(judgement=owned("bob@shop.example")))
    assert shop.to() == ["mira@shop.example", "ops@example.com"]


def test_a_mail_program_that_is_not_there_leaves_webhooks_alone(shop: Shop) -> None:
    hook = '[[alerts.webhook]]\nname = "chat"\nkind = "slack"\nurl = "https://chat.example/x"\n'
    told = rule("chat", when='"new"', to='["owner", "webhook:chat"]')
    shop.says(told + hook, smtp=False)
    shop.receive(an_event())
    assert shop.to() == ["webhook:chat"]


# --- rules ---


def test_several_rules_make_one_message_with_the_strongest_reason_first(shop: Shop) -> None:
    shop.says(
        rule("fresh", when='"new"')
        + rule("both", when='["new", "regression"]', to='["owner", "OPS@example.com"]')
        + rule("elsewhere", when='"new"', project='"other"')
    )
    issue = shop.receive_one(an_event())
    triage.set_state(shop.db, [issue], State.RESOLVED, None, NOON)
    shop.receive(an_event(at=NOON + MINUTE))
    assert shop.told() == [
        (
            "ops@example.com",
            "regression",
            ["both: it is back", "fresh: it is new", "both: it is new"],
        )
    ]


@pytest.mark.parametrize(
    ("where", "is_told"),
    [
        ("environment:production level:>=error", True),
        ("environment:staging", False),
        ("!environment:production", False),
        ("has:user", True),
        ("user.email:mira@shop.example", True),  # which only the body says
        ("!user.email:mira@shop.example sdk:x", False),
        ("age:<1h count:<10", True),
        ("is:regressed", False),
        ('time:"Tue 12:00-13:00 UTC"', True),
        ('time:"Sat,Sun UTC"', False),
        ("browser:Fire* !component:checkout", True),
    ],
)
def test_a_rule_looks_at_the_event_that_did_it(shop: Shop, where: str, is_told: bool) -> None:
    shop.says(rule("some", when='"new"', where=f"'{where}'"))
    body = b'{"event_id": "%s", "user": {"id": "17", "email": "mira@shop.example"}}' % (b"ab" * 16)
    tags = (("browser", "Firefox 150"), ("user", "id:17"))
    user = {"user": "17", "person_shown": "mira@shop.example"}
    shop.receive(an_event(**user, body=body, tags=tags))
    shop.receive(an_event(at=NOON + 1, environment="staging", tags=()))  # of the same issue
    assert bool(shop.told()) is is_told


def test_a_pause_is_kept_for_each_issue(shop: Shop) -> None:
    shop.says(rule("back", when='["new", "regression"]', every='"1h"'))
    first, second = (shop.receive_one(an_event(group=it)) for it in "12")
    assert shop.to() == ["ops@example.com"] * 2
    for issue, group, at in ((first, "1", 59 * MINUTE), (second, "2", 61 * MINUTE)):
        triage.set_state(shop.db, [issue], State.RESOLVED, None, NOON)
        shop.receive(an_event(group=group, at=NOON + at))
        assert len(shop.told(NOON + at)) == (at > HOUR)


def test_what_is_new_and_loud_is_told_within_the_pause(shop: Shop) -> None:
    shop.says(rule("fresh", when='"new"', every='"1h"'))
    issue = shop.receive_one(an_event())
    shop.told()
    said = {"n": 50, "minutes": 5, "of": "events"}
    assert causes.note(shop.db, "loud", NOON, issue_id=issue, said=said, dedupe=f"loud:{issue}")
    assert not causes.note(shop.db, "loud", NOON, issue_id=issue, dedupe=f"loud:{issue}")
    assert shop.told() == [("ops@example.com", "volume", ["fresh: 50 events in 5 min"])]


def test_archived_and_merged_issues_are_silent(shop: Shop) -> None:
    one, other = (shop.receive_one(an_event(group=it)) for it in "12")
    triage.set_state(shop.db, [one], State.ARCHIVED, None, NOON, archive=FOREVER)
    shop.db.execute("update issue set merged_into = ? where id = ?", (one, other))
    assert shop.told() == []


def test_a_project_is_told_of_to_those_whose_nothing_is(shop: Shop) -> None:
    ada = shop.person("ada")
    shop.says(rule("quota", when='["quota", "ingest"]', to='["owner", "ada@shop.example"]'))
    causes.note(shop.db, "ingest", NOON, project_id=1, said={"n": 200, "share": 40})
    causes.note(shop.db, "ingest", NOON, project_id=99)
    said = ["quota: 200 refused within an hour, 40 % of what was sent"]
    assert shop.told() == [(ada.email, "quota", said), ("ops@example.com", "quota", said)]


# --- mutes ---


def test_a_muted_issue_project_or_rule_makes_no_messages_and_counts_them(shop: Shop) -> None:
    mira = shop.person("mira")
    shop.says(rule("fresh", when='"new"', to='["owner", "mira@shop.example"]'))
    for what in (Muted(project_id=1), Muted(rule="fresh")):
        mute = mutes.add(shop.db, what, NOON + DAY, mira.id, NOON)
        shop.receive(an_event(group=what.rule or "a"))
        assert shop.told() == []
        (it,) = mutes.every(shop.db, NOON)
        assert (it.id, it.made_by, it.held) == (mute, "Mira", 2)
        assert mutes.end(shop.db, mute, NOON)
        assert not mutes.end(shop.db, mute, NOON)
    shop.receive(an_event(group="z"))
    assert len(shop.told()) == 2
    kept = asides.of(shop.db, mira.email, "muted")
    assert [it.n for it in kept] == [1, 1]
    assert [(it.until, it.held) for it in mutes.some(shop.db, [it.about for it in kept])] == [
        (NOON, 2),
        (NOON, 2),
    ]


def test_a_mute_of_a_rule_leaves_what_another_rule_says(shop: Shop) -> None:
    shop.says(rule("one", when='"new"') + rule("two", when='"new"'))
    mutes.add(shop.db, Muted(rule="one"), NOON + DAY, None, NOON)
    shop.receive(an_event())
    assert shop.told() == [("ops@example.com", "new", ["two: it is new"])]


def test_who_wants_a_rest_is_left_alone_and_the_others_are_not(shop: Shop) -> None:
    mira = shop.person("mira")
    shop.says(rule("fresh", when='"new"', to='"everyone"'))
    shop.person("ben")
    mutes.add(shop.db, Muted(for_user=mira.id), NOON + HOUR, mira.id, NOON)
    shop.receive(an_event())
    assert shop.to() == ["ben@shop.example"]
    assert [it.held for it in mutes.of_person(shop.db, mira.id, NOON)] == [1]
    shop.receive(an_event(group="2", at=NOON + HOUR))
    assert len(shop.to(NOON + HOUR)) == 2  # the hour is over
    assert mutes.of_person(shop.db, mira.id, NOON + HOUR) == []


def test_a_mute_ends_earlier_when_as_much_has_happened_as_it_waits_for(shop: Shop) -> None:
    issue = shop.receive_one(an_event())
    shop.told()
    until = Archive("events", n=2)
    mutes.add(shop.db, Muted(issue_id=issue), NOON + DAY, None, NOON, condition=until)
    for n in (1, 2):
        shop.receive(an_event(at=NOON + n))
        causes.note(shop.db, "spike", NOON + n, issue_id=issue)
        assert len(shop.told(NOON + n)) == n - 1
    assert mutes.of_issue(shop.db, issue, NOON + 3) == []


def test_what_a_mute_waits_for_is_looked_at_when_its_issue_has_something_to_say(
    shop: Shop,
) -> None:
    """Not with every message of any other: a condition may have much to read."""
    issue = shop.receive_one(an_event())
    shop.told()
    until = Archive("events", n=1)
    mutes.add(shop.db, Muted(issue_id=issue), NOON + DAY, None, NOON, condition=until)
    shop.receive(an_event(at=NOON + 1))
    shop.receive(an_event(at=NOON + 1, group="another"))
    assert len(shop.told(NOON + 2)) == 1
    assert len(mutes.of_issue(shop.db, issue, NOON + 2)) == 1
    causes.note(shop.db, "spike", NOON + 3, issue_id=issue)
    assert len(shop.told(NOON + 3)) == 1
    assert mutes.of_issue(shop.db, issue, NOON + 3) == []


@pytest.mark.parametrize(
    ("what", "until", "condition"),
    [
        (Muted(), NOON + 1, None),  # everything, for everybody
        (Muted(issue_id=1, rule="a"), NOON + 1, None),
        (Muted(rule="a"), NOON, None),
        (Muted(rule="a"), NOON + 367 * DAY, None),
        (Muted(rule="a"), NOON + 1, Archive("events", n=3)),
        (Muted(issue_id=1), NOON + 1, FOREVER),
    ],
)
def test_what_cannot_be_muted_is_refused(
    shop: Shop, what: Muted, until: int, condition: Archive | None
) -> None:
    with pytest.raises(RefusedError):
        mutes.add(shop.db, what, until, None, NOON, condition=condition)


# --- preferences ---


def test_who_wants_no_mail_of_a_kind_gets_none_and_of_the_others_all(shop: Shop) -> None:
    mira = shop.person("mira")
    shop.says(rule("all", when='["new", "regression"]', to='"everyone"'))
    preferences.put(shop.db, mira.id, {"new": "none"})
    assert preferences.of(shop.db, mira.id)["new"] == "none"
    issue = shop.receive_one(an_event())
    assert shop.told() == []
    triage.set_state(shop.db, [issue], State.RESOLVED, None, NOON)
    shop.receive(an_event(at=NOON + 1))
    assert shop.to() == ["mira@shop.example"]


def test_who_wants_only_what_is_theirs_hears_of_their_projects_and_issues(shop: Shop) -> None:
    billing = shop.team("billing")
    mira, ben = shop.person("mira", billing), shop.person("ben")
    shop.says(rule("all", when='"new"', to='"everyone"'))
    for one in (mira, ben):
        preferences.put(shop.db, one.id, {"new": "mine"})
    shop.receive(an_event(group="1"))
    assert shop.to() == []
    shop.receive(an_event(group="2", judgement=owned("#billing")))
    assert shop.to() == ["mira@shop.example"]
    shop.receive(an_event(group="3", judgement=owned("ben@shop.example")))
    assert shop.to() == ["ben@shop.example"]
    shop.db.execute("insert into project_team(project_id, team_id) values(1, ?)", (billing,))
    shop.receive(an_event(group="4"))
    assert shop.to() == ["mira@shop.example"]


def test_what_is_said_of_one_project_counts_there_for_all_kinds_and_nowhere_else(
    shop: Shop,
) -> None:
    """Four people, and what each wants of the project; none wants to hear of what is new."""
    shop.says(rule("all", when='["new", "spike", "feedback"]', to='"everyone"'))
    other = projects.add(shop.db, "other", NOON)
    for name, wants in {"ada": "all", "ben": "spike", "kim": "none", "lea": "mine"}.items():
        one = shop.person(name)
        preferences.put(shop.db, one.id, {"new": "none"})
        preferences.put_of_projects(shop.db, one.id, {1: wants})
    issue = shop.receive_one(an_event(judgement=owned("lea@shop.example")))
    assert shop.to() == ["ada@shop.example", "lea@shop.example"]
    issue = shop.receive_one(an_event(group="2"))
    assert shop.to() == ["ada@shop.example"]
    for kind, heard in {"feedback": ["ada"], "spike": ["ada", "ben"]}.items():
        causes.note(shop.db, kind, NOON, issue_id=issue)
        assert shop.to() == [f"{name}@shop.example" for name in heard]
    shop.receive(an_event(project_id=other.id))
    assert shop.to() == []
    issue = shop.db.execute("select max(id) from issue").fetchone()[0]
    causes.note(shop.db, "feedback", NOON, issue_id=issue)
    assert len(shop.to()) == 4


def test_who_does_not_see_a_project_is_not_told_of_it_whatever_they_want(shop: Shop) -> None:
    bob = shop.person("bob")
    preferences.put_of_projects(shop.db, bob.id, {1: "all"})
    shop.says(rule("all", when='"new"', to='["everyone", "bob@shop.example"]'))
    shop.receive(an_event())
    assert shop.to() == ["bob@shop.example"]
    teams.set_of_project(shop.db, 1, [shop.team("billing")])
    shop.receive(an_event(group="2"))
    assert shop.to() == []
    assert preferences.of_projects(shop.db, bob.id) == {1: "all"}


def test_what_is_said_of_a_project_goes_with_the_account(shop: Shop) -> None:
    bob = shop.person("bob")
    preferences.put_of_projects(shop.db, bob.id, {1: "none"})
    shop.db.execute("delete from user where id = ?", (bob.id,))
    assert preferences.of_projects(shop.db, bob.id) == {}


def test_a_preference_that_is_none_is_refused(shop: Shop) -> None:
    mira = shop.person("mira")
    for wants in ({"new": "some"}, {"nothing": "all"}):
        with pytest.raises(RefusedError):
            preferences.put(shop.db, mira.id, wants)
    with pytest.raises(RefusedError):
        preferences.put_of_projects(shop.db, mira.id, {1: "some"})


# --- words ---


def test_every_kind_of_message_has_its_words(shop: Shop) -> None:
    shop.says(
        rule("all", when='["new", "spike", "feedback", "quota", "ingest", "escalating"]')
        + rule("many", when='["2 events in 5m", "2 users"]')
    )
    shop.receive(an_event(user="a"), an_event(at=NOON + 1, user="b"))
    issue = shop.receive_one(an_event(group="2"))
    shop.told()
    for kind in ("spike", "spike_escalated", "loud", "feedback", "escalating"):
        causes.note(shop.db, kind, NOON, issue_id=issue, said={"reason": "61 per h, usually 4"})
        shop.told()
    for kind in ("quota", "ingest", "feedback"):
        causes.note(shop.db, kind, NOON, project_id=1, said={"n": 50, "share": 25})
        shop.told()
    subjects = []
    for message in shop.messages():
        told = news.read(shop.db, message, message.payload, "http://h", NOON)
        assert told is not None
        mail = compose(told, message, NOON)
        subjects.append(mail.subject.partition(": ")[0])
        assert all(reason in mail.text for reason in told.reasons if told.told)
    assert subjects == [
        "New in shop",
        "New in shop",
        "Spiking",
        "Still rising",
        "61 per h, usually 4",
        "Feedback",
        "Out of the archive",
        *["shop"] * 3,
    ]
