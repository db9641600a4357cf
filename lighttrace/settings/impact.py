"""`[impact]`."""

import msgspec

from lighttrace.event.impact import Weights
from lighttrace.settings.kinds import Points
from lighttrace.toml.setting import Table

USUAL = Weights()


class Impact(Table, frozen=True):
    """`[impact]`: how many points each reason adds to an issue's impact, of 100. The inbox goes by
    it. 0 turns a reason off.
    """

    new: Points = USUAL.new
    """What began in the last 24 hours."""
    regressed: Points = USUAL.regressed
    """What was resolved and came back."""
    spiking: Points = USUAL.spiking
    """At most, for what happens far more often than usual."""
    users: Points = USUAL.users
    """At most, for the people who met it: some 700 of them earn it all."""
    high_value: Points = USUAL.high_value
    """What a tag or a path says is worth most."""
    after_deploy: Points = USUAL.after_deploy
    """What began within an hour after a deploy."""
    failed_fix: Points = USUAL.failed_fix
    """What a fix was just meant to end, and did not."""
    fatal: Points = USUAL.fatal
    """What is fatal, or was not handled in a program of the backend."""
    same_trace: Points = USUAL.same_trace
    """What happened in the same trace as a worse issue."""

    @property
    def weights(self) -> Weights:
        return Weights(**msgspec.structs.asdict(self))
