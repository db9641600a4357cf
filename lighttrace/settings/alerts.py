"""`[alerts]`."""

from typing import Annotated

from lighttrace.settings.kinds import Addresses
from lighttrace.toml.setting import Note, Table


class Alerts(Table, frozen=True):
    """`[alerts]`: who is told of new issues."""

    to: Annotated[Addresses, Note(example=["you@example.com"])] = ()
    """Everybody here gets a mail when an issue appears for the first time, and when a resolved one
    comes back.
    """
