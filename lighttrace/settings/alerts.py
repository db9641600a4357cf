"""`[alerts]`."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

import msgspec

from lighttrace.settings.kinds import Recipients, Sensitivity
from lighttrace.settings.webhooks import PREFIX, Webhook
from lighttrace.toml.setting import Disagreement, Note, Table


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
        for one in self.to:
            if one.startswith(PREFIX) and one.removeprefix(PREFIX) not in names:
                known = ", ".join(names) or "none"
                message = f"there is no [[alerts.webhook]] of that name: {one}. There is: {known}."
                yield Disagreement("to", message)
