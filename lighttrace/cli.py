"""The `lighttrace` command. The only place that prints; what it does is done elsewhere.

Exit codes: 0 done, 1 it could not be done (one sentence says why), 2 the file or the command line
is wrong.
"""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from lighttrace import __version__, example, log
from lighttrace import config as configuration
from lighttrace.clock import SystemClock
from lighttrace.commands import check, grouping, people, projects, sourcemaps, teams, tokens
from lighttrace.commands.where import options, read
from lighttrace.demo.fill import EMAIL, PASSWORD, Filled, fill
from lighttrace.errors import ConfigError, LightTraceError


class Commands(click.Group):
    """Our own errors become their sentence and an exit code; nobody is shown a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            click.echo(explained(error), err=True)
            ctx.exit(2)
        except LightTraceError as error:
            click.echo(f"lighttrace: {error}", err=True)
            ctx.exit(1)


def explained(error: ConfigError) -> str:
    """Every mistake with its place, what was expected, and an example."""
    lines = []
    for problem in error.problems:
        place = error.source + (f", line {problem.line}" if problem.line else "")
        about = f"{problem.path}: " if problem.path else ""
        lines.append(f"lighttrace: {place}: {about}{problem.message}")
        if problem.example:
            lines.append(f"  For example: {problem.example}")
    return "\n".join(lines)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="LightTrace", message="%(prog)s %(version)s")
def cli() -> None:
    """LightTrace: a self-hosted error tracker that any Sentry SDK can talk to."""


@cli.command()
@options
@click.option("--host", help="The address to listen on. Default: 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help="Default: 8000. 0 takes a free one.")
@click.option("--no-copy", is_flag=True, help="Do not copy the database before a new version.")
def serve(
    file: Path | None, data: Path | None, host: str | None, port: int | None, no_copy: bool
) -> None:
    """Start the server. Runs without any settings; prints a link to set it up."""
    from lighttrace import serve as server  # the web takes 300 ms to import; other commands do not

    config = read(file, data, host=host, port=port)
    log.to_stderr()

    def ready(url: str, link: str | None) -> None:
        lines = [f"LightTrace {__version__} listening on {url}"]
        if link:
            lines.append(f"Set it up here, within 24 hours: {link}")
        with suppress(BrokenPipeError):  # whoever started us may have stopped listening
            click.echo("\n".join(lines))
            sys.stdout.flush()

    reason = server.run(
        config,
        copy=not no_copy,
        tell=lambda line: click.echo(f"lighttrace: {line}", err=True),
        ready=ready,
    )
    if reason is not None:
        click.echo(f"lighttrace: stopped: {reason}", err=True)
        sys.exit(1)


@cli.command()
@click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(configuration.FILE),
    show_default=True,
    help="Where to write it.",
)
def init(file: Path) -> None:
    """Write a file with every setting, commented, to start from."""
    text = example.text()
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise LightTraceError(f"{file} is there already; nothing was changed.") from None
    except OSError as error:
        raise LightTraceError(f"Cannot write {file}: {error.strerror}.") from error
    click.echo(f"Wrote {file}. Nothing has to be changed; `lighttrace serve` starts the server.")


@cli.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("lighttrace-demo"),
    show_default=True,
    help="A folder for the made-up data.",
)
def demo(data: Path) -> None:
    """Fill a fresh database with two weeks of a made-up shop, to look around in."""
    path = data / configuration.DATABASE
    with click.progressbar(length=1, label="Two weeks of a shop", file=sys.stderr) as bar:

        def tell(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        made: Filled = asyncio.run(fill(path, SystemClock().now_ms(), tell))
    click.echo(f"{made.events:,} events in {made.issues} issues of {made.projects} projects.")
    click.echo(f"Look around: lighttrace serve --data {data}")
    click.echo(f"Sign in as {EMAIL} with the password {PASSWORD}")


for command in (
    check.check,
    projects.project,
    tokens.token,
    people.user,
    teams.team,
    grouping.grouping,
    sourcemaps.sourcemaps,
):
    cli.add_command(command)


def main() -> None:
    cli()
