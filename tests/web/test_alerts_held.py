"""The tenth message of an hour leads to the list of what is held back."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from lighttrace.alerts import news
from lighttrace.alerts.compose import compose
from lighttrace.alerts.storm import HOURLY
from lighttrace.store import outbox
from lighttrace.store.database import Transaction
from lighttrace.store.outbox import Attempt
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site, served
from tests.web.test_alerts_page import page, tell

FILE = """
[smtp]
host = "mail.example.com"
from = "errors@example.com"
[alerts]
to = ["mira@example.com"]
"""
SENT = """
insert into outbox(dedupe, kind, target, caused_at, made_at, due_at, state, released_at, done_at,
  message_id, payload)
values(?1, 'mention', 'mira@example.com', ?2, ?2, ?2, 'done', ?2, ?2, ?1, '{}')
"""


def nine_were_sent(tx: Transaction, now_ms: int) -> None:
    tx.executemany(SENT, [(f"sent{number}", now_ms) for number in range(HOURLY - 1)])


def deliver(site: Site) -> None:
    now_ms = site.clock.now_ms()
    for it in site.read(outbox.due, now_ms, 50):
        site.write(outbox.claim, it.id, now_ms)
        site.write(outbox.record_delivered, it.id, Attempt(now_ms, "250", 1, "ok"))


def held_rows(html: str) -> dict[str, str]:
    """Title → what became of it."""
    table = html[html.index('id="deliveries"') :]
    rows = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
    found = {}
    for row in rows:
        if title := re.search(r"Error\d", row):
            found[title[0]] = "Waits" if "Waits" in row else "In a digest"
    return found


def test_the_link_of_the_tenth_message_opens_the_list_of_all_that_is_held(tmp_path: Path):
    with served(tmp_path, FILE) as site:
        site.user()
        site.sign_in()
        add_projects(site, "shop")
        site.write(nine_were_sent, site.clock.now_ms())
        for number in (1, 2, 3):
            send(site, an_error(f"Error{number}"))
        tell(site)
        site.clock.advance(3_000)
        (last,) = tell(site)
        (message,) = site.read(outbox.due, site.clock.now_ms(), 9)
        assert (message.id, message.kind, message.payload["count"]) == (last, "held", 3)
        url, now_ms = "https://errors.example.com", site.clock.now_ms()
        told = site.read(news.read, message, message.payload, url, now_ms)
        assert told is not None
        mail = compose(told, message, now_ms)
        (link,) = re.findall(r"Held-back messages: (\S+)", mail.text)
        assert f'href="{link}"' in mail.html.replace("&amp;", "&")
        deliver(site)

        for number in (4, 5):
            send(site, an_error(f"Error{number}"))
        assert tell(site) == []
        parts = urlsplit(link)
        assert held_rows(page(site, f"{parts.path}?{parts.query}")) == {
            **dict.fromkeys(("Error4", "Error5"), "Waits"),
            **dict.fromkeys(("Error1", "Error2", "Error3"), "In a digest"),
        }
