"""`[alerts]`."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

import msgspec

from lighttrace.settings.kinds import Recipient, Recipients, Sensitivity, Url
from lighttrace.settings.quiet_hours import Daily, QuietHours
from lighttrace.settings.webhooks import PREFIX, Webhook
from lighttrace.toml.setting import Disagreement, Note, Table, within


class Alerts(Table, frozen=True):
    """`[alerts]`: who is told of new issues."""

    to: Annotated[Recipients, Note(example=["you@example.com", "webhook:chat"])] = ()
    """Everybody here is told when an issue appears for the first time, and when a resolved one
    comes back: by mail, or as a message to a webhook of below.
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
    webhooks: tuple[Webhook, ...] = msgspec.field(default=(), name="webhook")

    @property
    def mailed(self) -> tuple[str, ...]:
        """Those who are told by mail."""
        return tuple(one for one in self.to if not one.startswith(PREFIX))

    def webhook(self, name: str) -> Webhook | None:
        return next((one for one in self.webhooks if one.name == name), None)

    def disagreements(self) -> Iterator[Disagreement]:
        names = Counter(one.name for one in self.webhooks)
        for name, n in names.items():
            if n > 1:
                yield Disagreement("webhook", f'{n} of them are called "{name}".')
        for key, one in (*(("to", one) for one in self.to), ("fallback", self.fallback or "")):
            if one.startswith(PREFIX) and one.removeprefix(PREFIX) not in names:
                known = ", ".join(names) or "none"
                message = f"there is no [[alerts.webhook]] of that name: {one}. There is: {known}."
                yield Disagreement(key, message)
