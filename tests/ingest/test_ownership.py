"""What ingest asks the rules, and when."""

from pathlib import Path

from lighttrace import config as configuration
from lighttrace.event.model import Event
from lighttrace.event.owners import NO_RULES, Rulebook, rules_of
from lighttrace.event.tags import all_tags
from lighttrace.ingest import ownership
from lighttrace.ingest.errors import event_write
from lighttrace.ingest.familiar import Familiar
from lighttrace.ingest.origin import Origin
from lighttrace.store import teams
from lighttrace.store.store import Store
from lighttrace.store.writes import Claim, Judgement
from tests.event.make import NOW, read
from tests.store.make import running

RULES = ["level:* #storefront", "tags.component:checkout #billing mira@shop.example"]


def book(*rules: str, value: tuple[str, ...] = ()) -> Rulebook:
    read_rules, wrong = rules_of((it, None) for it in rules)
    valued, _ = rules_of(((it, None) for it in value), high_value=True)
    assert wrong == ()
    return Rulebook(read_rules, valued)


def judge(event: Event, rules: Rulebook, *, is_new: bool = True) -> object:
    return ownership.judge(event, all_tags(event), rules, is_new=is_new)


def test_the_claims_of_an_event_go_from_the_strongest_to_its_tag():
    event = read(message="x", tags={"component": "checkout", "team": "search"})
    rules = book(*RULES)
    claims = (
        Claim("#billing", "tags.component:checkout"),
        Claim("mira@shop.example", "tags.component:checkout"),
        Claim("#storefront", "level:*"),
        Claim("#search", "team:search"),
    )
    assert judge(event, rules) == (Judgement(claims, rules.mark), None)


def test_an_event_of_a_known_group_is_only_asked_whether_it_matters_most():
    event = read(message="x", tags={"component": "checkout"})
    assert judge(event, NO_RULES, is_new=False) == (None, None)
    rules = book(*RULES, value=("tags.component:checkout",))
    assert judge(event, rules, is_new=False) == (None, "tags.component:checkout")


def test_no_event_claims_more_than_a_few_owners():
    event = read(message="x")
    rules = book(*(f"level:* {' '.join(f'#t{n}-{m}' for m in range(19))}" for n in range(9)))
    found, _ = ownership.judge(event, (), rules, is_new=True)
    assert found is not None and len(found.claims) == ownership.MOST_CLAIMS


def test_ingest_judges_what_is_new_and_what_it_keeps_was_scrubbed():
    """A rule sees what is stored: no secret is in what an issue says about its owner."""
    familiar = Familiar()
    rules = book("message:* #billing", value=("url:*hunter2*",))
    origin = Origin(1, 1, NOW, familiar=familiar, rules=rules)
    payload = b'{"message": "password=hunter2", "request": {"url": "https://a:hunter2@x.example/"}}'
    first = event_write(payload, origin)
    assert first.judgement is not None and first.judgement.claims[0].owner == "#billing"
    assert first.high_value is None
    familiar.keep((1, first.grouping_version, first.hash), NOW)
    assert event_write(payload, origin).judgement is None


async def test_who_does_not_exist_is_told_with_the_nearest_who_does(tmp_path: Path, clock):
    file = tmp_path / configuration.FILE
    file.write_text(
        '[owners]\nrules = ["level:* #biling #billing"]\n'
        '[[project]]\nslug = "shop"\nowners = """\n\nlevel:* mira@shop.example\n"""\n'
    )
    config = configuration.load(file, env={})
    async with running(tmp_path / "lighttrace.db", clock) as store:
        assert isinstance(store, Store)
        await store.write(teams.add, "Billing", NOW)
        assert await store.read(ownership.unknown_owners, config) == [
            '[owners], line 2: there is no team #biling. Did you mean "#billing"?',
            '[[project]] "shop", line 7: there is no user mira@shop.example.',
        ]
