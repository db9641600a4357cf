"""Stacks of languages whose clients send the lines themselves, as a page shows them: what real
clients sent where the corpus has them; for PHP and Java what the protocol says that they send.
"""

import html
import json
import re
import secrets
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.event.corpus import sample
from tests.web.sending import add_projects, send
from tests.web.served import Site

DATA = Path(__file__).parents[1] / "data" / "languages"


class Shown(NamedTuple):
    """A call on the page, newest first. `code`: the line it was at, if its lines are shown."""

    function: str
    place: str
    pill: str
    code: str


PYTHON = [
    Shown("unit_price", "shop/orders.py:15", "crashed here", "return total // parts"),
    Shown(
        "checkout", "shop/orders.py:22", "", 'return unit_price(dict(order, returned=order["qty"]))'
    ),
]
RUBY = [
    Shown(
        *("rescue in pay", "main.rb:12", "crashed here"),
        'raise ArgumentError, "payment refused for #{id}"',
    ),
    Shown("pay", "main.rb:9", "", "def pay(id)"),
    Shown(
        "<main>",
        "main.rb:14",
        "",
        "begin; pay(7); rescue => e; Sentry.capture_exception(e); end",
    ),
]
GO = [
    Shown("main.func2.1", "main.go:40", "crashed here", ""),
    Shown("checkout", "main.go:20", "", ""),
    Shown("main.func2", "main.go:43", "", ""),
    Shown("main", "main.go:44", "", ""),
]
PHP = [
    Shown(
        *("Shop\\Checkout::charge", "/src/Checkout.php:31", "crashed here"),
        "throw new PaymentRefused($card->last4());",
    ),
    Shown("Shop\\Checkout::pay", "/src/Checkout.php:18", "", "return $this->charge($card);"),
    Shown("{closure}", "/public/index.php:9", "", "$checkout->pay($card);"),
]
JAVA = [
    Shown(
        *("Money.plus", "com.shop.Money.java:12", "crashed here"),
        'throw new PaymentError("negative amount " + other.cents);',
    ),
    Shown("Checkout.lambda$pay$0", "com.shop.Checkout.java:29", "", ""),
]


def sent(name: str) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(
        (DATA / f"{name}.json").read_bytes() if "/" not in name else sample(name).payload
    )
    return raw | {"event_id": secrets.token_hex(16)}


def words(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).strip()


def calls(page: str) -> list[Shown]:
    """The calls of the page's first stack that are not folded away."""
    stack = page.partition('aria-label="Stack trace"')[2] or page.partition('class="frames"')[2]
    stack = re.split(r'class="frames|</section>', stack)[0]
    found = []
    for frame in re.split(r'<div class="frame(?= |")', stack)[1:]:
        if frame.startswith(" sys fold"):
            break
        heading = re.search(r'class="fn">(.*?)</span>', frame)
        place = re.search(r'class="fl">(.*?)</span>', frame)
        pill = re.search(r'class="pill line hide-s">(.*?)</span>', frame)
        code = re.search(r'class="ln hit"><span>\d+</span><span>(.*?)</span></span>', frame)
        assert heading
        found.append(Shown(*(words(it[1]) if it else "" for it in (heading, place, pill, code))))
    return found


@pytest.fixture
def shop(site: Site) -> Site:
    add_projects(site, "shop")
    site.user()
    site.sign_in()
    return site


@pytest.mark.parametrize(
    ("name", "expected", "folded"),
    [
        ("python/flask_app-03", PYTHON, "4 frames in flask"),
        ("ruby/main-01", RUBY, None),
        ("go/main-03", GO, None),
        ("php", PHP, "2 frames in slim/slim"),
        ("java", JAVA, "2 frames in org.springframework, java.lang"),
    ],
)
def test_a_stack_reads_as_its_client_sent_it(
    shop: Site, name: str, expected: list[Shown], folded: str | None
) -> None:
    send(shop, sent(name))
    page = shop.client.get("/issues/SHOP-1").text
    found = calls(page)
    assert found[: len(expected)] == expected
    if folded:
        assert folded in words(page)


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("python/flask_app-03", {"parts": "0", "total": "900"}),
        ("php", {"order": "Object Shop\\Order", "attempt": "2"}),
    ],
)
def test_variables_stand_below_the_lines(shop: Site, name: str, variables: dict[str, str]) -> None:
    send(shop, sent(name))
    page = shop.client.get("/issues/SHOP-1").text
    found = re.findall(r"<dt>(.*?)</dt> <dd[^>]*><bdi>(.*?)</bdi>", page)
    assert variables.items() <= {key: words(value) for key, value in found}.items()
