"""The `lighttrace` command. The only place that prints; what it does is done elsewhere.

Exit codes: 0 done, 1 it could not be done (one sentence says why), 2 the file or the command line
is wrong.
"""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import click

from lighttrace import __version__, example, log
from lighttrace import config as configuration
from lighttrace.alerts.mail import send_test
from lighttrace.clock import SystemClock
from lighttrace.commands import grouping, people
from lighttrace.commands.where import read, where
from lighttrace.config import Config
from lighttrace.demo.fill import EMAIL, PASSWORD, Filled, fill
from lighttrace.errors import ConfigError, LightTraceError, StartError
from lighttrace.event.decode import decode
from lighttrace.event.model import Arrival
from lighttrace.event.normalize import normalise
from lighttrace.event.owners import Rulebook
from lighttrace.ingest import ownership
from lighttrace.store import audit, keys, owners, projects, sight, tokens
from lighttrace.store.database import Transaction
from lighttrace.store.store import Store
from lighttrace.web import links


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
@where
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
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(example.text())
    except FileExistsError:
        raise LightTraceError(f"{file} is there already; nothing was changed.") from None
    except OSError as error:
        raise LightTraceError(f"Cannot write {file}: {error.strerror}.") from error
    click.echo(f"Wrote {file}. Nothing has to be changed; `lighttrace serve` starts the server.")


@cli.command()
@where
@click.option("--mail", metavar="ADDRESS", help="Send a test mail there and say how it went.")
@click.option("--provider", is_flag=True, help="Ask the provider of [sign_in.oidc] for its keys.")
@click.option(
    "--owners", "event", type=click.File("rb"), metavar="FILE", help="Say whose an event is."
)
@click.option("--project", "slug", metavar="SLUG", help="With --owners: whose rules to use.")
def check(
    file: Path | None,
    data: Path | None,
    mail: str | None,
    provider: bool,
    event: IO[bytes] | None,
    slug: str | None,
) -> None:
    """Say what is wrong with the settings."""
    config = read(file, data)
    known, unknown = _who_exists(config)
    if event is not None:
        arrival = Arrival(received_at=SystemClock().now_ms(), event_id="0" * 32)
        read_event = normalise(decode(event.read()).raw, arrival)
        rules = _rules_for(config, slug)
        click.echo("\n".join(ownership.in_words(read_event, rules, known)))
        return
    for warning in (*config.warnings, *unknown):
        click.echo(f"note: {warning}")
    source = config.source or "Without a file"
    click.echo(f"{source}: all is well. Database: {config.store.path}")
    if provider:
        _ask_provider(config)
    if mail is None:
        return
    if config.smtp is None:
        raise LightTraceError("There is no [smtp] in the settings, so no mail can be sent.")
    answer = asyncio.run(send_test(config.smtp, mail, config.base_url, SystemClock().now_ms()))
    click.echo(f"Sent to {mail}. The mail server said: {answer}")


def _ask_provider(config: Config) -> None:
    # 60 ms that other commands need not wait
    from lighttrace.web.entry import CALLBACK
    from lighttrace.web.oidc import Provider

    options = config.sign_in.oidc
    if options is None:
        raise LightTraceError("There is no [sign_in.oidc] in the settings, so nobody is asked.")
    count = asyncio.run(Provider(options, SystemClock()).look())
    click.echo(f"{options.issuer} answers, with {count} key{'s' if count > 1 else ''} for tokens.")
    click.echo(f"The redirect address it has to know: {config.base_url}{CALLBACK}")


def _who_exists(config: Config) -> tuple[tuple[str, ...] | None, list[str]]:
    """Teams and people, as rules write them, and a sentence for each that is missing; None and
    nothing as long as there is no database of this version.
    """
    with suppress(StartError), Store.connect(config.store.path) as tx:
        return owners.names(tx).owners, ownership.unknown_owners(tx, config)
    return None, []


def _rules_for(config: Config, slug: str | None) -> Rulebook:
    named = [it.slug for it in config.projects]
    if slug is None and len(named) > 1:
        raise click.UsageError(f"Whose rules? Say --project, one of {', '.join(named)}.")
    return config.rulebook(slug or next(iter(named), ""))


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


@cli.group()
def project() -> None:
    """Projects: what a DSN points at."""


@project.command("add")
@click.argument("name")
@where
@click.option("--platform", help="Such as python-django or javascript-react.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def project_add(
    name: str, file: Path | None, data: Path | None, platform: str | None, as_json: bool
) -> None:
    """Make a project and print its DSN."""
    config = read(file, data)
    with Store.connect(config.store.path) as tx:
        now_ms = SystemClock().now_ms()
        made = projects.add(tx, name, now_ms, platform=platform)
        audit.note(tx, audit.COMMAND, "project.add", made.slug, now_ms)
        shown = _project(tx, made, config.base_url)
    if as_json:
        click.echo(json.dumps(shown))
    else:
        click.echo(f"Project {shown['id']}, {shown['slug']}\nDSN: {shown['dsn']}")


@project.command("list")
@where
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def project_list(file: Path | None, data: Path | None, as_json: bool) -> None:
    """List the projects with their DSNs."""
    config = read(file, data)
    with Store.connect(config.store.path) as tx:
        shown = [_project(tx, one, config.base_url) for one in projects.every(tx, sight.ALL)]
    if as_json:
        click.echo(json.dumps(shown))
        return
    for one in shown:
        click.echo(f"{one['id']:>4}  {one['slug']:<24} {one['dsn'] or 'every key is disabled'}")
    if not shown:
        click.echo("There are no projects yet: lighttrace project add NAME")


def _project(tx: Transaction, one: projects.Project, base_url: str) -> dict[str, Any]:
    live = [key for key in keys.of_project(tx, one.id) if key.disabled_at is None]
    dsn = links.dsn(base_url, live[0].public, one.id) if live else None
    return {
        "id": one.id,
        "slug": one.slug,
        "name": one.name,
        "platform": one.platform,
        "dsn": dsn,
    }


@cli.group()
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
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def token_add(
    name: str, file: Path | None, data: Path | None, scopes: tuple[str, ...], as_json: bool
) -> None:
    """Make a token. It is shown now and never again."""
    config, now_ms = read(file, data), SystemClock().now_ms()
    with Store.connect(config.store.path) as tx:
        made, secret = tokens.add(tx, name, scopes or tokens.DEFAULT_SCOPES, None, now_ms)
        scopes_said = " ".join(sorted(made.scopes))
        audit.note(tx, audit.COMMAND, "token.add", made.name, now_ms, scopes=scopes_said)
    if as_json:
        shown = {"id": made.id, "name": name, "token": secret, "scopes": sorted(made.scopes)}
        click.echo(json.dumps(shown))
    else:
        click.echo(secret)


cli.add_command(people.user)
cli.add_command(grouping.grouping)
cli.add_command(people.team)


def main() -> None:
    cli()
