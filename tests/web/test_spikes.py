"""What pages and scripts say of an issue that is louder than usual."""

import re
from dataclasses import replace

import pytest

from lighttrace.store import spikes, stirring, triage
from lighttrace.store.minutes import Subject
from lighttrace.store.spikes import Spike
from lighttrace.store.states import State
from tests.web.api.asking import Script
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
WORDS = "61 per h, usually 4"


@pytest.fixture
def shop(mira: Site) -> Site:
    """Two issues of three days; Loud has come 61 times in this hour, and is spiking."""
    add_projects(mira, "shop-web")
    now_ms = mira.clock.now_ms()
    mira.clock.set(now_ms - 3 * DAY)
    send(mira, an_error("LoudError"), an_error("CalmError"))
    mira.clock.set(now_ms)
    send(mira, *(an_error("LoudError", user={"id": str(n)}) for n in range(61)))
    send(mira, an_error("CalmError"))
    mira.write(spikes.begin, loud(now_ms), None, now_ms)
    return mira


def loud(now_ms: int) -> Spike:
    since = now_ms // MINUTE - 60
    return Spike(0, Subject(1, 1), "events", 60, 61, 4 / 60, WORDS, since, 1.0, 1.0, 9)


def page(site: Site, path: str) -> str:
    answer = site.client.get(path)
    assert answer.status_code == 200, path
    return answer.text


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_list_says_how_many_there_are_and_were(shop: Site) -> None:
    html = page(shop, "/issues")
    assert len(re.findall(r'class="pill spike"', html)) == 1
    assert text_of(html).count(WORDS) == 1
    assert 'class="spark spike"' in html and 'class="hi"' in html


def test_it_is_found_by_its_state(shop: Site) -> None:
    assert re.findall(r"<b>(\w+Error)</b>", page(shop, "/issues?query=is:spiking")) == ["LoudError"]


def test_the_inbox_gives_it_points_and_says_why(shop: Site) -> None:
    html = page(shop, "/")
    first = html.split('class="pill spike"', 1)[1]
    assert "Spiking 15×" in first
    assert WORDS in text_of(first).replace(" ,", ",")


def test_its_activity_names_the_release_it_began_with(shop: Site) -> None:
    now_ms = shop.clock.now_ms()
    shop.write(spikes.end, shop.read(spikes.open_ones)[0], "over", now_ms, {"minutes": 3})
    noted = {"began": {"words": "began 4 min after <b>shop@2.1.0"}}
    shop.write(spikes.begin, loud(now_ms), None, now_ms, noted)
    html = page(shop, "/issues/SHOP-WEB-1")
    assert f"<b>Spiking</b>: {WORDS}; began 4 min after &lt;b&gt;shop@2.1.0" in html


def test_its_activity_says_that_it_was_active_again(shop: Site) -> None:
    how = "3 per h, usually 1 a week"
    shop.write(stirring.note, Subject(1, 2), how, shop.clock.now_ms())
    assert f"<b>Active again</b>: {how}" in page(shop, "/issues/SHOP-WEB-2")


def test_its_page_draws_what_is_usual(shop: Site) -> None:
    html = page(shop, "/issues/SHOP-WEB-1?period=24h")
    assert re.search(r'<text class="us"[^>]*>usually 4</text>', html)
    assert 'class="b loud"' in html
    assert f"{WORDS}, since" in text_of(html)
    assert f"Spiking : {WORDS}" in text_of(html)


def test_of_one_environment_nothing_is_drawn(shop: Site) -> None:
    """It is judged over all of them together."""
    html = page(shop, "/issues/SHOP-WEB-1?period=24h&environment=production")
    assert 'class="us"' not in html and 'class="b loud"' not in html


def test_scripts_get_words_and_numbers(shop: Site) -> None:
    listed = Script(shop).get("/api/0/organizations/lighttrace/issues/")
    by_id = {it["shortId"]: it for it in listed}
    assert by_id["SHOP-WEB-1"]["spike"] == {
        "reason": WORDS,
        "factor": 15.25,
        "usualPerMinute": pytest.approx(4 / 60),
        "since": "2026-11-24T05:00:00.000Z",
    }
    assert by_id["SHOP-WEB-2"]["spike"] is None
    assert Script(shop).get("/api/0/issues/1/")["spike"]["reason"] == WORDS


def test_what_is_resolved_is_not_called_loud(shop: Site) -> None:
    shop.write(triage.set_state, [1], State.RESOLVED, 1, shop.clock.now_ms())
    html = page(shop, "/issues?state=resolved")
    assert "pill spike" not in html and WORDS not in text_of(html)
    assert Script(shop).get("/api/0/issues/1/")["spike"] is None


def test_when_it_is_over_the_activity_says_so(shop: Site) -> None:
    now_ms = shop.clock.now_ms()
    (it,) = shop.read(spikes.open_ones)
    shop.write(spikes.end, it, "over", now_ms + HOUR, {"minutes": 75})
    html = page(shop, "/issues/SHOP-WEB-1")
    assert "As usual again after 1 h 15" in text_of(html)
    assert "pill spike" not in html


def test_what_stays_is_said_with_both_levels(shop: Site) -> None:
    (it,) = shop.read(spikes.open_ones)
    said = {"minutes": 1440, "reason": "stays at 9 a minute (was 1)"}
    assert shop.write(spikes.end, it, "level_shift", shop.clock.now_ms() + DAY, said)
    assert not shop.write(spikes.end, replace(it), "over", shop.clock.now_ms() + DAY)
    text = text_of(page(shop, "/issues/SHOP-WEB-1"))
    assert "No spike any more : stays at 9 a minute (was 1)" in text
