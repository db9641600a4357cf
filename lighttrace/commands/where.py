"""`--config` and `--data`: where a command finds its settings and its database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from lighttrace import config as configuration
from lighttrace.config import Config


def where(command: Callable[..., None]) -> Callable[..., None]:
    """`--config` and `--data`, alike for every command that needs the database."""
    command = click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        help="The folder of the database. Beats the file.",
    )(command)
    return click.option(
        "--config",
        "file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The settings. Without it: ./lighttrace.toml, else /etc/lighttrace/lighttrace.toml.",
    )(command)


def read(file: Path | None, data: Path | None, **flags: Any) -> Config:
    return configuration.load(configuration.find(file), flags={"data": data, **flags})
