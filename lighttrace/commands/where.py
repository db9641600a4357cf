"""`--config` and `--data`: where a command finds its settings and its database."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import click

from lighttrace import config as configuration
from lighttrace.clock import SystemClock
from lighttrace.config import Config
from lighttrace.event.model import Json
from lighttrace.store import audit
from lighttrace.store.database import Transaction
from lighttrace.store.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """What a command works on, and when."""

    config: Config
    now_ms: int = field(default_factory=lambda: SystemClock().now_ms())

    def database(self) -> AbstractContextManager[Transaction]:
        """A transaction of this command's own. Raises StartError."""
        return Store.connect(self.config.store.path)

    def note(self, tx: Transaction, action: str, subject: str, **detail: Json) -> None:
        """Record what the command did."""
        audit.note(tx, audit.COMMAND, action, subject, self.now_ms, **detail)


def options(command: Callable[..., None]) -> Callable[..., None]:
    """`--config` and `--data` as they are given: `file` and `data`."""
    command = click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        help="The folder of the database. Beats the file.",
    )(command)
    return click.option(
        "--config",
        "file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The settings. Without it: lighttrace.toml in the folder of --data, else here, else "
        "/etc/lighttrace/lighttrace.toml.",
    )(command)


def where(command: Callable[..., None]) -> Callable[..., None]:
    """The same for a command that is given the `Place` they name."""

    @wraps(command)
    def at_place(file: Path | None, data: Path | None, **given: Any) -> None:
        command(Place(read(file, data)), **given)

    return options(at_place)


def read(file: Path | None, data: Path | None, **flags: Any) -> Config:
    return configuration.load(configuration.find(file, data), flags={"data": data, **flags})
