"""Quiet hours, the line a day and the sign of life, as the file says them."""

from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lighttrace import config
from lighttrace.alerts import quiet
from lighttrace.errors import ConfigError
from lighttrace.settings.quiet_hours import QuietHours

NIGHT = '[alerts.quiet_hours]\nfrom = "22:00"\nto = "7:00"\nzone = "Europe/Berlin"\n'


def load(folder: Path, text: str) -> config.Config:
    file = folder / config.FILE
    file.write_text(text, encoding="utf-8")
    return config.load(file, env={})


def test_they_are_read(tmp_path: Path):
    alerts = load(tmp_path, f'{NIGHT}days = ["sun", "mon"]\nlevel = "none"\n').alerts
    berlin = ZoneInfo("Europe/Berlin")
    assert alerts.quiet_hours == QuietHours(time(22), time(7), berlin, ("mon", "sun"), "none")
    said = '[alerts]\nto = ["a@b.example"]\nalive = "08:30 Europe/Berlin"\n'
    assert load(tmp_path, said).alerts.alive == (time(8, 30), berlin)


CHAT = '[[alerts.webhook]]\nname = "chat"\nkind = "slack"\nurl = "https://hooks.slack.com/x"\n'
OF_CHAT = f"{CHAT}{NIGHT.replace('alerts.', 'alerts.webhook.')}"


def test_a_webhook_has_its_own_and_another_one_those_of_all(tmp_path: Path):
    another = CHAT.replace('"chat"', '"other"')
    text = f'{OF_CHAT}days = ["sat"]\n{another}{NIGHT}'
    alerts = load(tmp_path, text.replace("22:00", "20:00", 1)).alerts
    hours = quiet.of_file(alerts)
    own, default = hours.of("webhook:chat"), hours.of("webhook:other")
    assert own and default and (own.start, own.days) == (time(20), {5})
    assert default == hours.default == quiet.of_settings(alerts.quiet_hours)
    always = load(tmp_path, f"{CHAT}always = true\n{NIGHT}").alerts
    assert quiet.of_file(always).of("webhook:chat") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NIGHT.replace("22:00", "24:00"), 'a time of day, such as "22:00"'),
        (NIGHT.replace("Europe/Berlin", "../../etc/passwd"), 'such as "Europe/Berlin"'),
        (NIGHT.replace("22:00", "7:00"), "that end when they begin are none"),
        (f'{NIGHT}days = ["someday"]\n', '"someday" is not one of mon'),
        (f"{NIGHT}days = []\n", "a list of days"),
        (f'{NIGHT}level = "loud"\n', '"none", "spike", "escalating" or "regression"'),
        ('[alerts.quiet_hours]\nfrom = "22:00"\n', "to is missing"),
        (OF_CHAT.replace("22:00", "7:00"), "that end when they begin are none"),
        (f'{OF_CHAT}lewel = "none"\n', 'Did you mean "level"?'),
        (OF_CHAT.replace("kind", "always = true\nkind"), "one of the two is enough"),
        ('[alerts]\nalive = "08:00"\n', 'a time of day and a zone, "08:00 Europe/Berlin"'),
        ('[alerts]\nalive = "08:00 Europe/Berlin"\n', "names nobody who could be told"),
        ('[alerts]\nping_url = "http://10.0.0.1/x"\n', "ping_allow_private = true"),
        ('[alerts]\nfallback = "webhook:chat"\n', "there is no [[alerts.webhook]]"),
        ('[alerts]\nfallback = "nobody"\n', "a mail address or a webhook"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    (problem, *_) = caught.value.problems
    assert said in f"{problem.message} {problem.example}"
