"""What the page of alerts asks: what became of messages, how old they were, who acted."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.store import alert_ages, alert_history, notes, outbox, reactions, sendings, users
from lighttrace.store.alert_history import Became
from lighttrace.store.outbox import Attempt, Draft
from lighttrace.store.reactions import Reacted, Reaction
from lighttrace.store.sight import ALL, Sight
from tests.store.make import DAY, HOUR, NOON, an_event
from tests.store.shelf import Shelf, a_shelf
from tests.store.test_plans import asked

MINUTE = 60_000
ADA, HOOK = "ada@example.com", "webhook:chat"
BOB = Sight(frozenset({1}))


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path, "shop", "secret") as shelf:
        yield shelf


def put(
    shelf: Shelf, name: str, at: int = NOON, *, project: int = 1, target: str = ADA, **over: str
) -> tuple[int, int]:
    """A message that is held; its id and that of its issue."""
    issue_id = shelf.receive_one(an_event(project_id=project, group=f"{project}-{name}", at=at))
    payload = {"rules": [over.get("rule", "all")]}
    draft = Draft(f"{name}:{target}", over.get("kind", "new"), target, issue_id, at, payload)
    made = outbox.add(shelf.db, draft, "host", at)
    assert made is not None
    return made, issue_id


def send(shelf: Shelf, name: str, at: int = NOON, *, took_ms: int = 1_000, **over: str) -> int:
    """A message that was handed over; the id of its issue."""
    made, issue_id = put(shelf, name, at, **over)  # type: ignore[arg-type]
    outbox.release(shelf.db, made, at)
    outbox.claim(shelf.db, made, at)
    outbox.record_delivered(shelf.db, made, Attempt(at + took_ms, "250", took_ms, "ok"))
    return issue_id


def refuse(shelf: Shelf, name: str, at: int = NOON, code: str = "503", **over: str) -> int:
    made, _ = put(shelf, name, at, **over)  # type: ignore[arg-type]
    outbox.release(shelf.db, made, at)
    outbox.claim(shelf.db, made, at)
    outbox.postpone(shelf.db, made, Attempt(at, code, 30, "No."), at + MINUTE)
    return made


def test_what_became_of_messages_is_told_apart(shelf: Shelf):
    send(shelf, "sent")
    refuse(shelf, "refused")
    failed, _ = put(shelf, "failed")
    outbox.release(shelf.db, failed, NOON)
    outbox.give_up(shelf.db, failed, Attempt(NOON, "550", 1, "No such mailbox."))
    outbox.release(shelf.db, put(shelf, "due")[0], NOON)
    put(shelf, "waits")
    members = [put(shelf, f"m{n}")[0] for n in range(3)]
    digest = Draft("d", "digest", ADA, None, NOON, {})
    outbox.gather(shelf.db, digest, members, "host", NOON)
    send(shelf, "last week", NOON - 7 * DAY)

    found = alert_history.became(shelf.db, ALL, NOON - DAY)
    assert found == Became(sent=1, failed=1, retried=1, due=2, held=1, gathered=3, digests=1)
    assert (found.went_out, found.held_back, found.all) == (3, 4, 9)


def test_bob_must_not_learn_how_many_messages_there_were_of_what_he_does_not_see(shelf: Shelf):
    send(shelf, "mine"), send(shelf, "theirs", project=2)  # type: ignore[arg-type]
    refuse(shelf, "refused", project=2)  # type: ignore[arg-type]
    assert alert_history.became(shelf.db, BOB, NOON - DAY).all == 1
    assert alert_history.retried(shelf.db, BOB) == []
    assert alert_history.by_rule(shelf.db, BOB, NOON + HOUR)["all"].n == 1
    assert reactions.reacted(shelf.db, BOB, NOON - DAY).of == 1
    assert len(alert_ages.taken(shelf.db, BOB, NOON - DAY)) == 1


def test_a_message_that_is_refused_says_how_often_and_when_next(shelf: Shelf):
    made = refuse(shelf, "burning", rule="burning", target=HOOK)
    outbox.claim(shelf.db, made, NOON + MINUTE)
    again = Attempt(NOON + MINUTE, "timeout", 20_000, "No answer.")
    outbox.postpone(shelf.db, made, again, NOON + 6 * MINUTE)
    [found] = alert_history.retried(shelf.db, ALL)
    assert (found.target, found.rules, found.due_at) == (HOOK, ("burning",), NOON + 6 * MINUTE)
    assert [it.code for it in found.attempts] == ["timeout", "503"]


def test_how_many_waited_for_the_end_of_the_night(shelf: Shelf):
    evening, morning = NOON - 14 * HOUR, NOON - 5 * HOUR
    late, _ = put(shelf, "waits until morning", evening + HOUR)
    outbox.release(shelf.db, late, morning)
    told = [put(shelf, f"told in the morning {n}", evening + HOUR)[0] for n in range(2)]
    outbox.gather(shelf.db, Draft("d", "digest", ADA, None, morning, {}), told, "host", morning)
    send(shelf, "went through", evening + HOUR)
    assert alert_history.waited(shelf.db, ALL, evening, morning) == 3
    assert alert_history.waited(shelf.db, ALL, evening - DAY, morning - DAY) == 0


def test_ages_are_a_course_over_time_and_apart_by_channel(shelf: Shelf):
    send(shelf, "a", NOON - 3 * HOUR, took_ms=1_000)
    send(shelf, "b", NOON - 3 * HOUR, took_ms=3_000, target=HOOK)
    send(shelf, "c", NOON - HOUR, took_ms=500)
    send(shelf, "d", NOON - 30 * HOUR)
    taken = alert_ages.taken(shelf.db, ALL, NOON - 4 * HOUR)
    assert [(it.age_ms, it.by_hook) for it in taken] == [
        (500, False),
        (3_000, True),
        (1_000, False),
    ]
    course = alert_ages.course(taken, NOON - 4 * HOUR, HOUR, 4)
    assert [it.count for it in course] == [0, 2, 0, 1]
    assert course[1].p50_ms == 2_000 and course[0].p95_ms is None


def test_each_channel_says_its_last_yes_and_its_last_no(shelf: Shelf):
    send(shelf, "a", NOON), send(shelf, "b", NOON + MINUTE, target=HOOK)
    refuse(shelf, "c", NOON + 2 * MINUTE, target=HOOK)
    found = alert_ages.channels(shelf.db)
    mail, hook = found["mail"], found[HOOK]
    assert mail.yes and mail.yes.at == NOON + 1_000 and not mail.is_down
    assert hook.yes and hook.no and (hook.no.code, hook.is_down) == ("503", True)
    assert alert_ages.outbox(shelf.db, NOON - DAY).waiting == 1
    assert alert_ages.outbox(shelf.db, NOON - DAY).oldest_at == NOON + 2 * MINUTE


def a_user(shelf: Shelf) -> int:
    return users.add(shelf.db, "mira@example.com", "Mira", "owner", "", NOON).id


def act(shelf: Shelf, issue_id: int, at: int, kind: str = "acknowledged", user: int | None = 1):
    shelf.db.execute(
        "insert into activity(issue_id, at, user_id, kind) values(?, ?, ?, ?)",
        (issue_id, at, user, kind),
    )


def test_the_first_thing_somebody_did_after_a_message_counts(shelf: Shelf):
    mira = a_user(shelf)
    seen, said, alone, done = (send(shelf, it) for it in ("seen", "said", "alone", "before"))
    sent_at = NOON + 1_000
    act(shelf, done, NOON - HOUR, user=mira)  # before anybody was told
    act(shelf, seen, sent_at + MINUTE, "regressed", user=None)  # nobody did that
    act(shelf, seen, sent_at + 9 * MINUTE, "resolved", user=mira)
    act(shelf, seen, sent_at + 3 * MINUTE, user=mira)
    notes.add(shelf.db, said, mira, "I know why.", sent_at + 5 * MINUTE)
    found = reactions.first(shelf.db, [(it, sent_at) for it in (seen, said, alone, done)])
    assert found == {
        (seen, sent_at): Reaction("Mira", 3 * MINUTE),
        (said, sent_at): Reaction("Mira", 5 * MINUTE),
    }
    assert reactions.reacted(shelf.db, ALL, NOON - DAY) == Reacted(2, 4, 4 * MINUTE)
    assert reactions.reacted(shelf.db, ALL, NOON + DAY) == Reacted(0, 0, None)


def test_a_message_to_several_people_is_acted_on_once(shelf: Shelf):
    a_user(shelf)
    for target in (ADA, "bob@example.com", HOOK):
        issue_id = send(shelf, "one", target=target)
    act(shelf, issue_id, NOON + HOUR)
    found = reactions.reacted(shelf.db, ALL, NOON - DAY)
    assert (found.n, found.of) == (1, 1)


def test_pages_of_one_kind_lead_from_one_to_the_next_within_the_period(shelf: Shelf):
    old = refuse(shelf, "old", NOON - 2 * DAY)
    outbox.give_up(shelf.db, old, Attempt(NOON, "550", 1, "No."))
    wanted = []
    for number in range(7):
        send(shelf, f"sent {number}")
        made, _ = put(shelf, f"failed {number}")
        outbox.release(shelf.db, made, NOON)
        outbox.give_up(shelf.db, made, Attempt(NOON, "550", 1, "No."))
        wanted.append(made)
    for sight in (ALL, BOB):
        seen: list[int] = []
        cursor = None
        while True:
            page = sendings.history(
                shelf.db, sight, cursor, limit=3, since_ms=NOON - DAY, state="failed"
            )
            seen += [it.id for it in page.rows]
            cursor = page.cursor
            if cursor is None:
                break
        assert seen == wanted[::-1]
    assert sendings.history(shelf.db, ALL, since_ms=NOON + DAY).rows == ()


# The last tries are read from the end of `delivery`, a bounded number; of people there are few.
SCAN = re.compile(r"SCAN (o|outbox|i|issue|a|b|activity|c|n|note)\b(?! USING| VIRTUAL)")


def everything(db: sqlite3.Connection) -> None:
    for sight in (ALL, BOB):
        alert_history.by_rule(db, sight, NOON), alert_history.became(db, sight, NOON - DAY)
        alert_history.waited(db, sight, NOON - DAY, NOON), alert_history.retried(db, sight)
        reactions.reacted(db, sight, NOON - DAY), alert_ages.taken(db, sight, NOON)
        sendings.history(db, sight, 9, since_ms=NOON - DAY, state="failed")
    reactions.first(db, [(1, NOON), (2, NOON)])
    alert_ages.channels(db), alert_ages.outbox(db, NOON - DAY)


@pytest.mark.parametrize("analysed", [False, True])
def test_nothing_goes_through_all_messages_or_all_that_was_done(shelf: Shelf, analysed: bool):
    user = a_user(shelf)
    for number in range(60):
        act(shelf, send(shelf, str(number)), NOON + HOUR, user=user)
    if analysed:
        shelf.db.execute("analyze")
    for statement in asked(shelf.db, everything):
        plan = [row[3] for row in shelf.db.execute(f"explain query plan {statement}")]
        lost = [line for line in plan if SCAN.match(line) or "AUTOMATIC" in line]
        assert not lost, (statement, plan)
