"""`[[project]]` and what is scrubbed from its events."""

from typing import Annotated

from lighttrace.settings.grouping import Fingerprints, StackRules
from lighttrace.settings.kinds import Names, Sensitivity, Slug
from lighttrace.settings.owners import HighValue, OwnerRules
from lighttrace.settings.source_links import SourceOptions
from lighttrace.toml.setting import Note, Table, letters


class ScrubOptions(Table, frozen=True):
    """`scrub` of a project: which values are removed from its events before anything is stored."""

    enabled: bool = True
    """Passwords, tokens, card numbers and the like are removed from every event. Turn this off only
    where no real data is handled.
    """
    keys: Annotated[Names, Note(example=["date_of_birth", "tax_id"])] = ()
    """Values of these names are removed as well."""
    safe_keys: Annotated[Names, Note(example=["token_count"])] = ()
    """Values of these names are kept, although they sound like secrets."""


class ProjectOptions(Table, frozen=True):
    """`[[project]]`: one table for each project, made at the next start or SIGHUP if it is missing.
    Removing the table here never deletes a project.
    """

    slug: Annotated[Slug, Note(example="shop-web")]
    """The short name in addresses and issue numbers. It identifies the project and never changes.
    """
    name: Annotated[Annotated[str, letters(100)] | None, Note(example="Shop")] = None
    """The name people read. Without it, the slug is shown."""
    platform: Annotated[
        Annotated[str, letters(50)] | None, Note("the name of a platform", "python-django")
    ] = None
    """What the project is written in or runs on; it chooses the instructions for setting up an SDK.
    """
    keep_addresses: bool = True
    """Whether the IP addresses of the people using your program are stored. Set it to false if you
    may not keep them.
    """
    owners: Annotated[
        OwnerRules,
        Note(example=["path:src/checkout/* #billing", "url:*/account/* mira@example.com"]),
    ] = ()
    """Whose an error of this project is: rules that come after those in [owners]."""
    high_value: Annotated[
        HighValue, Note(example=["tags.component:checkout", "transaction:POST /api/pay*"])
    ] = ()
    """What matters most here: an error that one of these matches ranks higher. The same matchers,
    without an owner.
    """
    spikes: Annotated[Sensitivity | None, Note(example="low")] = None
    """What is a spike in this project. Without it, what [alerts] says."""
    fingerprints: Fingerprints = ()
    """Fingerprint rules of this project, one a line; they come before those in [grouping]."""
    stack_rules: StackRules = ()
    """Stack trace rules of this project, one a line; they come after those in [grouping]."""
    scrub: ScrubOptions = ScrubOptions()
    source: SourceOptions | None = None
