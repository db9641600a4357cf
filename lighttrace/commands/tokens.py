"""`lighttrace token`: tokens of scripts, for the API."""

import click

from lighttrace.commands import answers
from lighttrace.commands.where import Place, where
from lighttrace.store import tokens


@click.group()
def token() -> None:
    """Tokens of scripts, for the API."""


@token.command("add")
@click.argument("name")
@where
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(tokens.SCOPES),
    help=f"May be given several times. Default: {' '.join(tokens.DEFAULT_SCOPES)}.",
)
@answers.as_json
def token_add(at: Place, name: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make a token. It is shown now and never again."""
    with at.database() as tx:
        made, secret = tokens.add(tx, name, scopes or tokens.DEFAULT_SCOPES, None, at.now_ms)
        given = sorted(made.scopes)
        at.note(tx, "token.add", made.name, scopes=" ".join(given))
    shown = {"id": made.id, "name": name, "token": secret, "scopes": given}
    answers.one(shown, as_json, secret)
