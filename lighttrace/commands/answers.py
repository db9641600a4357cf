"""What a command prints: lines for people, or JSON for programs."""

import json
from collections.abc import Callable
from typing import Any

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def one(shown: dict[str, Any], as_json: bool, text: str) -> None:
    click.echo(json.dumps(shown) if as_json else text)


def listed(
    shown: list[dict[str, Any]], as_json: bool, line: Callable[[dict[str, Any]], str], nothing: str
) -> None:
    """`nothing`: what to do where there is nothing to list."""
    if as_json:
        click.echo(json.dumps(shown))
    else:
        click.echo("\n".join(map(line, shown)) or nothing)
