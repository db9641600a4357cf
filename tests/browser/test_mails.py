"""Mails, as a program on a desk and one on a phone show them, by day and by night."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from lighttrace.store import triage
from lighttrace.store.states import State
from tests.alerts.pictures import an_error, told_of
from tests.browser.visitor import Visitor
from tests.store.make import DAY, MINUTE, NOON
from tests.store.shelf import Shelf, a_shelf

SPIKE = {
    "rate": {"count": 61, "window_min": 60, "usual": 4.3},
    "reason": "61 per h, usually 4",
    "since_at": NOON,
}
RULE = {"n": 53, "minutes": 5, "reason": "53 events in 5 min"}
KINDS = {"new": {}, "regression": {}, "escalating": {}, "spike": SPIKE, "volume": RULE}


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """One issue that was resolved, and is back and loud; and one with endless names."""
    with a_shelf(tmp_path, "checkout") as shelf:
        other = {"group": "b", "tags": (("host", "db-2"),)}
        shelf.receive(*(an_error(at=NOON - DAY + n, **other) for n in range(60)))
        issue = shelf.receive_one(
            an_error(at=NOON - 22 * DAY, release="web@3.18.0", unhandled=True)
        )
        triage.set_state(shelf.db, [issue], State.RESOLVED, None, NOON - 17 * DAY)
        shelf.receive(an_error(group="c", release="web@3.19.0", at=NOON - 3 * MINUTE))
        loud = {"release": "web@3.19.0", "tags": (("host", "db-1"),)}
        for n in range(61):
            shelf.receive(an_error(at=NOON + n, user=f"u{n % 38}", **loud))
        endless = {"function": "f" * 300, "filename": "a/b/" * 80, "context_line": "y" * 400}
        shelf.receive(an_error(group="d", title="Endless" * 40, value="x" * 900, frame=endless))
        yield shelf


@pytest.mark.parametrize("width", [600, 390])
async def test_every_mail_can_be_read(chromium: Browser, shelf: Shelf, width: int) -> None:
    async with Visitor.at(chromium, "about:blank", size=(width, 844)) as reader:
        for kind, payload in KINDS.items():
            mail = told_of(shelf, kind, 2, payload, now_ms=NOON + 54 * MINUTE)
            await reader.page.set_content(mail.html)
            await reader.check(f"mail-{kind}-{width}")
        mail = told_of(shelf, "new", 4)
        await reader.page.set_content(mail.html)
        await reader.check(f"mail-endless-{width}")
