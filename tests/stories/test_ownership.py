"""An error finds its owner: by a rule of the file, by its tag, and again when either changes."""

from pathlib import Path

from lighttrace.clock import FixedClock
from lighttrace.ingest.again import judge_some
from lighttrace.store import owners, teams
from lighttrace.store.database import Reader
from tests.test_app import House, house

SHOP = '[[project]]\nslug = "shop"\n'
BILLING = f'{SHOP}owners = ["path:src/checkout/* #billing"]\nhigh_value = ["level:fatal"]\n'
IN_CHECKOUT = {
    "exception": [
        {
            "type": "TypeError",
            "value": "order is undefined",
            "stacktrace": {"frames": [{"filename": "webpack:///./src/checkout/pay.ts"}]},
        }
    ]
}


def owned(running: House, issue_id: int = 1) -> str | None:
    found = running.read(owners.of_issues, [issue_id]).get(issue_id)
    return f"{found.shown} by {found.rule}" if found else None


def judge_all(running: House) -> None:
    services = running.app.services
    rules = lambda project_id: services.options(project_id).rules  # noqa: E731
    while running.call(judge_some, services.store, rules, services.clock.now_ms()):
        pass


def valued(running: House) -> str | None:
    return running.read(_value)


def _value(db: Reader) -> str | None:
    return db.execute("select high_value from issue where id = 1").fetchone()[0]


def test_a_new_error_belongs_to_the_team_of_its_file(tmp_path: Path, clock: FixedClock):
    with house(tmp_path, clock, BILLING) as running:
        running.write(teams.add, "Billing", clock.now_ms())
        running.post("shop", IN_CHECKOUT)
        assert owned(running) == "#billing by path:src/checkout/*"


def test_a_tag_alone_names_the_team_and_a_new_team_gets_what_was_waiting(
    tmp_path: Path, clock: FixedClock
):
    with house(tmp_path, clock, SHOP) as running:
        running.post("shop", {"message": "no stock", "tags": {"team": "fulfillment"}})
        assert owned(running) is None
        running.write(teams.add, "Fulfillment", clock.now_ms())
        judge_all(running)
        assert owned(running) == "#fulfillment by team:fulfillment"


def test_after_a_reload_open_issues_follow_the_new_rules(tmp_path: Path, clock: FixedClock):
    with house(tmp_path, clock, BILLING) as running:
        for name in ("Billing", "Storefront"):
            running.write(teams.add, name, clock.now_ms())
        running.post("shop", {**IN_CHECKOUT, "level": "fatal"})
        running.post("shop", IN_CHECKOUT)
        assert valued(running) == "level:fatal"
        running.reload('[owners]\nrules = ["path:*.ts #storefront"]\n' + SHOP)
        judge_all(running)
        assert owned(running) == "#storefront by path:*.ts"
        assert valued(running) is None
        running.reload(BILLING)
        judge_all(running)
        assert owned(running) == "#billing by path:src/checkout/*"
        # the newest event is not fatal, and what an older one said went with the rule
        assert valued(running) is None


def test_what_an_older_event_said_stays_while_its_rule_does(tmp_path: Path, clock: FixedClock):
    with house(tmp_path, clock, BILLING) as running:
        running.post("shop", {**IN_CHECKOUT, "level": "fatal"})
        running.post("shop", IN_CHECKOUT)
        running.reload(BILLING.replace("src/checkout/*", "src/*"))
        judge_all(running)
        assert valued(running) == "level:fatal"


def test_rules_of_all_projects_hold_for_those_the_file_does_not_name(
    tmp_path: Path, clock: FixedClock
):
    with house(tmp_path, clock, SHOP) as running:
        running.write(teams.add, "Everybody", clock.now_ms())
        running.reload('[owners]\nrules = ["* #everybody"]\n')
        running.post("shop", {"message": "hello"})
        assert owned(running) == "#everybody by *"


def test_an_unknown_team_is_a_warning_and_no_mistake(tmp_path: Path, clock: FixedClock, caplog):
    with house(tmp_path, clock, BILLING) as running:
        running.post("shop", IN_CHECKOUT)
        assert owned(running) is None
    assert "there is no team #billing" in caplog.text


def test_an_issue_whose_events_are_gone_keeps_its_owner(tmp_path: Path, clock: FixedClock):
    with house(tmp_path, clock, BILLING) as running:
        running.write(teams.add, "Billing", clock.now_ms())
        running.post("shop", IN_CHECKOUT)
        running.write(lambda tx: tx.execute("delete from event_body"))
        running.reload(SHOP)
        judge_all(running)
        assert owned(running) == "#billing by path:src/checkout/*"
