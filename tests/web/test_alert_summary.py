"""What happened of late, in a sentence; the chart of ages; lines of messages; words of channels."""

import re
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lighttrace.alerts.ping import Sign
from lighttrace.alerts.quiet import Quiet
from lighttrace.store.alert_ages import Channel, Taken, Try
from lighttrace.store.alert_history import Became, Retried
from lighttrace.store.sendings import Ages, Attempt, History, Sending
from lighttrace.web import age_chart, alert_summary, channel_words, deliveries
from lighttrace.web.alert_summary import SPANS, headline
from tests.web.served import config_of

NOON = 1_795_521_600_000  # 24 November 2026, 12:00 UTC
MINUTE, HOUR = 60_000, 3_600_000


def refused(target: str = "webhook:pager", *codes: str, due_at: int = NOON + 30 * MINUTE):
    tries = [Attempt(NOON, False, it, 30, "No.") for it in codes or ("503",)]
    return Retried(target, (), NOON, due_at, tries)


@pytest.mark.parametrize(
    ("became", "retried", "words"),
    [
        (Became(), [], "Nobody had to be told of anything in 24 h."),
        (Became(sent=1), [], "1 message went out in 24 h. 1 has arrived, the slowest after 4.1 s."),
        (
            Became(sent=8, retried=1, gathered=30, held=1, digests=1),
            [refused()],
            "9 messages went out in 24 h, 31 were held back. 8 have arrived, the slowest after "
            "4.1 s; one webhook is being retried.",
        ),
        (
            Became(sent=2, failed=1, due=1),
            [refused("ada@example.com"), refused("bob@example.com")],
            "3 messages went out in 24 h. 2 have arrived, the slowest after 4.1 s; 2 mails are "
            "being retried; 1 could not be delivered; 1 on the way.",
        ),
        (
            Became(sent=2),
            [],
            "2 messages went out in 24 h. All have arrived, the slowest after 4.1 s.",
        ),
        (Became(held=1), [], "0 messages went out in 24 h, 1 was held back."),
    ],
)
def test_the_headline_says_both_sides(became: Became, retried: list[Retried], words: str):
    assert " ".join(it for it in headline(became, "24 h", 4_100, retried) if it) == words


def test_a_change_is_told_of_enough_messages_alone():
    before = Ages(9, 1_000, 3_300)
    assert alert_summary.change(Ages(9, 1_000, 2_900), before) == -0.4
    assert alert_summary.change(Ages(4, 1_000, 2_900), before) is None
    assert alert_summary.change(Ages(0, None, None), before) is None


def test_the_chart_says_in_a_sentence_whether_the_promise_was_kept():
    taken = [Taken(NOON - n * HOUR, 1_000 + 500 * n, False) for n in range(1, 5)]
    drawn = str(alert_summary.chart(taken, SPANS["24h"], NOON - 24 * HOUR, "UTC"))
    assert "between 1.5 s and 3.0 s in 24 h, never above the promised 5 s" in drawn
    assert "5 s promised" in drawn and ">12:00<" in drawn and "style=" not in drawn
    slow = [*taken, Taken(NOON - 10 * HOUR, 60_000, False)]
    drawn = str(alert_summary.chart(slow, SPANS["24h"], NOON - 24 * HOUR, "UTC"))
    assert "in 1 of 5 hours above the promised 5 s" in drawn
    assert str(alert_summary.chart([], SPANS["14d"], NOON, "UTC")) == ""


def test_every_point_of_the_chart_is_within_it():
    course = [Ages(1, ms, ms) if ms else Ages(0, None, None) for ms in (0, 1, 90_000, 0, 5_000)]
    drawn = str(age_chart.draw(course, "", "12:00"))
    ys = [float(it) for it in re.findall(r'cy="([\d.]+)"', drawn)]
    assert ">1 min</text>" in drawn and "5 s promised" in drawn
    assert len(ys) == 3 and all(
        age_chart.HEAD <= y <= age_chart.HEIGHT - age_chart.FOOT for y in ys
    )


def test_a_way_out_says_how_it_fares(tmp_path: Path):
    hooks = """
[smtp]
host = "mail.example.com"
from = "errors@example.com"
[alerts]
ping_url = "https://hc.example.com/check"
[[alerts.webhook]]
name = "chat"
kind = "slack"
url = "https://hooks.example.com/services/secretsecret"
"""
    config = config_of(tmp_path, hooks)
    yes, no = Try(NOON, True, "250", 1_100), Try(NOON + 1, False, "503", 20)
    known = {"mail": Channel(yes, None), "webhook:chat": Channel(yes, no)}
    mail, chat, ping = channel_words.ways(config, known, Sign(NOON))
    assert (mail.words, mail.dot, mail.took) == ("Mail, mail.example.com", "ok", "1.1 s")
    assert (chat.words, chat.dot, chat.last) == ("chat", "warn", no)
    assert (ping.dot, ping.every) == ("ok", "every 5 min")
    still = channel_words.ways(config, {}, Sign(NOON, "the disk is full"))
    assert [it.dot for it in still] == ["off", "off", "warn"] and still[2].off == "the disk is full"
    none = channel_words.ways(config_of(tmp_path), {}, Sign())
    assert [(it.words, it.off) for it in none] == [("Mail", "not set up")]


def test_what_a_refused_message_waits_for_is_said():
    def say(it: Retried, second: str = "Tove") -> str:
        return channel_words.retry(it, "pager", second, "UTC", NOON)

    assert say(refused("webhook:pager", "503", "503", "503")) == (
        "pager answered 503 three times. Next try 12:30, the last one 15:30; if that fails too, "
        "Tove is told."
    )
    assert say(refused("webhook:pager", "503", "503", "timeout", "503")) == (
        "pager answered 503 twice. Next try 12:30; if that fails too, Tove is told."
    )
    assert say(refused("webhook:pager", "timeout"), "") == (
        "pager did not answer in time. Next try 12:30, and so on until 27 Nov, 12:00."
    )


def test_the_last_quiet_hours_are_those_that_ended_today():
    night = Quiet(frozenset(range(7)), time(22), time(7), ZoneInfo("Europe/Berlin"))
    start, end = channel_words.last_night(night, NOON) or (0, 0)
    assert (end - start, NOON - end) == (9 * HOUR, 6 * HOUR)
    noon = Quiet(frozenset(range(7)), time(9), time(10), ZoneInfo("UTC"))
    assert channel_words.last_night(noon, NOON) == (NOON - 3 * HOUR, NOON - 2 * HOUR)
    evening = Quiet(frozenset(range(7)), time(20), time(0), ZoneInfo("UTC"))
    assert channel_words.last_night(evening, NOON) == (NOON - 16 * HOUR, NOON - 12 * HOUR)
    friday = Quiet(frozenset({4}), time(22), time(7), ZoneInfo("UTC"))
    assert channel_words.last_night(friday, NOON) is None
    assert channel_words.last_night(None, NOON) is None


def a_sending(number: int, target: str = "ada", cause: int = 1, state: str = "done") -> Sending:
    return Sending(
        id=number, kind="new", target=target, state=state, issue="SHOP-1", title="KeyError",
        project="shop", caused_at=cause, made_at=cause, done_at=cause + 1_000, told_by=None,
        error=None, issue_id=1, level=40, payload={}, attempts=(),
    )  # fmt: skip


def test_one_message_to_several_people_is_one_line_of_each_result():
    page = History(
        (
            a_sending(5, "cyd"),
            a_sending(4, "bob", state="failed"),
            a_sending(3, "ada"),
            a_sending(2, "ada", cause=0),
        ),
        None,
    )
    runs, cursor = deliveries.runs(page, 25)
    lines = deliveries.lines(runs, lambda it: "you" if it == "cyd" else it, {})
    assert [(it.to, it.result, it.n) for it in lines] == [
        ("you, ada", "done", 2), ("bob", "failed", 1), ("ada", "done", 1),
    ]  # fmt: skip
    assert cursor is None and lines[0].says == "New in shop: KeyError"


def test_a_message_that_a_page_cuts_in_two_is_left_for_the_next():
    page = History((a_sending(9, cause=2), a_sending(8), a_sending(7)), 7)
    runs, cursor = deliveries.runs(page, 25)
    assert ([it.id for run in runs for it in run], cursor) == ([9], 9)
    runs, cursor = deliveries.runs(History(page.rows[1:], 7), 25)
    assert ([it.id for run in runs for it in run], cursor) == ([8, 7], 7)
    runs, cursor = deliveries.runs(History(page.rows, None), 1)
    assert ([it.id for run in runs for it in run], cursor) == ([9], 9)
    assert deliveries.runs(History((), None), 1) == ([], None)
