"""`[alerts]`."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

import msgspec

from lighttrace import outward
from lighttrace.settings.alert_rules import MOST_RULES, AlertRule
from lighttrace.settings.kinds import Recipient, Recipients, Sensitivity, Url
from lighttrace.settings.quiet_hours import Daily, QuietHours
from lighttrace.settings.webhooks import PREFIX, Webhook
from lighttrace.toml.setting import Disagreement, Note, Table, within


class Alerts(Table, frozen=True):
    """`[alerts]`: who is told of what happens."""

    to: Annotated[Recipients, Note(example=["you@example.com", "webhook:chat"])] = ()
    """Everybody here is told of what is nobody's, issues without an owner and projects: by mail, or
    as a message to a webhook of below. That is everything, as long as there are no owners.
    """
    spikes: Sensitivity = "default"
    """How much louder than usual an issue must be to be a spike: "low" takes five times as much,
    "high" twice, "default" three times, and all of them more than chance explains. "off": nothing
    is one.
    """
    fallback: Annotated[Recipient | None, Note(example="oncall@example.com")] = None
    """Who is told of a message that could not be delivered, once and what it was about, after the
    last of its tries.
    """
    weekly: bool = True
    """Whether everybody with an account gets a report on Monday morning: what was new, what was
    resolved, what came back. Each can do without it, on the page of their account.
    """
    alive: Annotated[Daily | None, Note(example="08:00 Europe/Berlin")] = None
    """When everybody in `to` gets a line a day that says how many messages there were: if it does
    not come, something is wrong.
    """
    ping_url: Annotated[Url | None, Note(example="https://hc-ping.com/your-check")] = None
    """An address that is asked for every few minutes, as long as messages get through. A service
    that waits for it notices when LightTrace is down, which LightTrace itself cannot tell you.
    """
    ping_every_min: Annotated[int, within(1, 1440, "minutes,")] = 5
    """How many minutes are between two of these."""
    ping_allow_private: bool = False
    """Whether that address may be in your own network, and without encryption."""
    quiet_hours: QuietHours | None = None
    rules: tuple[AlertRule, ...] = msgspec.field(default=(), name="rule")
    webhooks: tuple[Webhook, ...] = msgspec.field(default=(), name="webhook")

    @property
    def mailed(self) -> tuple[str, ...]:
        """Those who are told by mail."""
        return tuple(one for one in self.to if not one.startswith(PREFIX))

    def webhook(self, name: str) -> Webhook | None:
        return next((one for one in self.webhooks if one.name == name), None)

    def tells(self, target: str) -> bool:
        """Whether anything goes to a target by its name."""
        return target in self.to or any(target in rule.to for rule in self.rules)

    def disagreements(self) -> Iterator[Disagreement]:
        names = Counter(one.name for one in self.webhooks)
        for name, n in names.items():
            if n > 1:
                yield Disagreement("webhook", f'{n} of them are called "{name}".')
        yield from (Disagreement("to", it) for it in self._unknown(self.to))
        fallback = (self.fallback,) if self.fallback else ()
        yield from (Disagreement("fallback", it) for it in self._unknown(fallback))
        for rule in self.rules:
            yield from (Disagreement("to", it, of=rule) for it in self._unknown(rule.to))
        if len(self.rules) > MOST_RULES:
            yield Disagreement("rule", f"{MOST_RULES} rules are as many as there may be.")
        for name, n in Counter(one.name for one in self.rules).items():
            if n > 1:
                message = f'{n} rules are called "{name}": a name has to say which is meant.'
                last = [one for one in self.rules if one.name == name][-1]
                yield Disagreement("name", message, f'name = "{name[:55]}, 2"', of=last)

        if self.alive is not None and not self.to:
            yield Disagreement("alive", "[alerts] to names nobody who could be told.")
        if self.ping_url is not None:
            try:
                outward.read(self.ping_url, allow_private=self.ping_allow_private)
            except ValueError as error:
                remedy = "ping_allow_private = true, if it is in your own network"
                yield Disagreement("ping_url", f"{error}.", remedy)

    def _unknown(self, targets: tuple[str, ...]) -> Iterator[str]:
        """Webhooks that do not exist, in a sentence each."""
        for one in targets:
            if one.startswith(PREFIX) and self.webhook(one.removeprefix(PREFIX)) is None:
                known = ", ".join(it.target for it in self.webhooks) or "none"
                yield f"there is no [[alerts.webhook]] of that name: {one}. There is: {known}."
