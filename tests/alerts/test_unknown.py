"""What rules name and nobody knows."""

from pathlib import Path

from lighttrace import config
from lighttrace.alerts.unknown import unknown_names
from tests.alerts.told import a_shop
from tests.store.make import an_event

RULES = """
[[project]]
slug = "new-one"

[[alerts.rule]]
name = "a"
when = "new"
project = ["shop", "new-one", "shap"]
to = ["team:biling", "owner", "mirra@shop.example", "ops@elsewhere.example"]
where = 'assigned:[mira@shop.example,Mirra,none] owner:#search project:[sh*,shopp]'

[[alerts.rule]]
name = "b"
when = "new"
where = 'environment:[prodution,production] (browsr:x OR !has:level) time:"UTC" browser:Firefox*'
"""


def test_each_name_that_stands_for_nothing_is_said_with_the_nearest_one(tmp_path: Path) -> None:
    with a_shop(tmp_path) as shop:
        shop.person("mira", shop.team("billing"))
        shop.receive(an_event())
        (file := tmp_path / "rules.toml").write_text(RULES, "utf-8")
        found = unknown_names(shop.db, config.load(file, env={}))
    assert found == [
        '[[alerts.rule]] "a" in line 5: there is no team biling. Did you mean billing?',
        '[[alerts.rule]] "a" in line 5: mirra@shop.example is nobody\'s account. '
        "Did you mean mira@shop.example?",
        '[[alerts.rule]] "a" in line 5: there is no project shap. Did you mean shop?',
        '[[alerts.rule]] "a" in line 5: there is no person Mirra. Did you mean Mira?',
        '[[alerts.rule]] "a" in line 5: there is no team search.',
        '[[alerts.rule]] "a" in line 5: there is no project shopp. Did you mean shop?',
        '[[alerts.rule]] "b" in line 12: no event has come from an environment prodution yet. '
        "Did you mean production?",
        '[[alerts.rule]] "b" in line 12: no event has had a tag browsr yet. Did you mean browser:?',
    ]
