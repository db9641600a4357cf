"""Why somebody is told: the reasons of a message, the strongest first, and their words. Pure."""

from dataclasses import dataclass

from lighttrace.event.model import Json
from lighttrace.event.triggers import pause

# from the strongest
ORDER = ("regression", "escalating", "new", "spike_escalated", "spike", "loud", "events", "users",
         "every", "feedback", "quota", "ingest")  # fmt: skip
# what a message is about, where that goes by another name than its cause
MESSAGES = {"loud": "volume", "events": "volume", "every": "volume", "ingest": "quota"}
SAID = {
    "new": "it is new",
    "regression": "it is back",
    "escalating": "it is louder than foreseen",
    "spike": "it is far louder than usual",
    "spike_escalated": "it is louder still",
    "every": "there is an event",
    "feedback": "a user has said something",
    "quota": "more was sent than can be taken",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """`rule`: its name, empty of what holds without one; `said`: the numbers of its cause."""

    kind: str
    rule: str
    said: dict[str, Json]

    @property
    def message(self) -> str:
        """The kind of the message that leads with it."""
        return MESSAGES.get(self.kind, self.kind)

    @property
    def words(self) -> str:
        """`53 events in 5 min`, `15 per min, usually 2; began 4 min after shop@2.1.0`; empty where
        the kind alone says it.
        """
        n, minutes = self.said.get("n"), self.said.get("minutes")
        if isinstance(n, int) and self.kind in ("events", "users", "loud"):
            within = f" in {pause(minutes)}" if isinstance(minutes, int) and minutes else ""
            return f"{n:,} {self.said.get('of', self.kind)}{within}"
        if isinstance(n, int) and self.kind == "ingest":
            share = self.said.get("share", 0)
            return f"{n:,} refused within an hour, {share} % of what was sent"
        if isinstance(n, int) and self.kind == "quota":
            return f"{n:,} refused within an hour, more was sent than can be taken"
        return "; ".join(filter(None, (str(self.said.get("reason", "")), self._began)))

    @property
    def _began(self) -> str:
        """`began 4 min after shop@2.1.0`, of a spike that came with a release."""
        began = self.said.get("began")
        return str(began.get("words", "")) if isinstance(began, dict) else ""

    @property
    def plainly(self) -> str:
        return self.words or SAID.get(self.kind, self.kind)

    @property
    def sentence(self) -> str:
        """`checkout is burning: 53 events in 5 min`"""
        return f"{self.rule}: {self.plainly}" if self.rule else self.plainly


def strongest_first(reasons: list[Reason]) -> list[Reason]:
    """Each once; of equal kinds in their order."""
    once = {(it.kind, it.rule): it for it in reasons}
    return sorted(once.values(), key=lambda it: ORDER.index(it.kind))
