"""`lighttrace check`: what is wrong with the settings, and whether they do what they are for."""

import asyncio
from contextlib import suppress
from typing import IO

import click

from lighttrace import outward
from lighttrace.alerts import mail, webhook
from lighttrace.alerts.unknown import misspelt_keys, unknown_names
from lighttrace.clock import SystemClock
from lighttrace.commands.where import Place, where
from lighttrace.config import Config
from lighttrace.errors import LightTraceError, StartError
from lighttrace.event.decode import decode
from lighttrace.event.model import Arrival
from lighttrace.event.normalize import normalise
from lighttrace.event.owners import Rulebook
from lighttrace.ingest import ownership
from lighttrace.settings.webhooks import PREFIX
from lighttrace.store import owners


@click.command()
@where
@click.option(
    "--mail", "address", metavar="ADDRESS", help="Send a test mail there and say how it went."
)
@click.option(
    "--webhook", "name", metavar="NAME", help="Send a test message there and say how it went."
)
@click.option("--provider", is_flag=True, help="Ask the provider of [sign_in.oidc] for its keys.")
@click.option(
    "--owners", "event", type=click.File("rb"), metavar="FILE", help="Say whose an event is."
)
@click.option("--project", "slug", metavar="SLUG", help="With --owners: whose rules to use.")
def check(
    at: Place,
    address: str | None,
    name: str | None,
    provider: bool,
    event: IO[bytes] | None,
    slug: str | None,
) -> None:
    """Say what is wrong with the settings."""
    config = at.config
    known, unknown = _who_exists(at)
    if event is not None:
        arrival = Arrival(received_at=at.now_ms, event_id="0" * 32)
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
    if address is not None:
        _send_mail(config, address, at.now_ms)
    if name is not None:
        _send_message(config, name, at.now_ms)


def _send_mail(config: Config, address: str, now_ms: int) -> None:
    if config.smtp is None:
        raise LightTraceError("There is no [smtp] in the settings, so no mail can be sent.")
    answer = asyncio.run(mail.send_test(config.smtp, address, config.base_url, now_ms))
    click.echo(f"Sent to {address}. The mail server said: {answer}")


def _send_message(config: Config, name: str, now_ms: int) -> None:
    name = name.removeprefix(PREFIX)
    hook = config.alerts.webhook(name)
    if hook is None:
        known = ", ".join(one.name for one in config.alerts.webhooks) or "none"
        raise LightTraceError(
            f'There is no [[alerts.webhook]] with the name "{name}". There is: {known}.'
        )
    answer = asyncio.run(webhook.send_test(hook, config.base_url, now_ms))
    click.echo(f"Sent to {outward.shown(hook.url)}. It said: {answer}")


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


def _who_exists(at: Place) -> tuple[tuple[str, ...] | None, list[str]]:
    """Teams and people, as rules write them, and a sentence for each that is missing; None and
    what can be said without it as long as there is no database of this version.
    """
    with suppress(StartError), at.database() as tx:
        unknown = ownership.unknown_owners(tx, at.config) + unknown_names(tx, at.config)
        return owners.names(tx).owners, unknown
    return None, misspelt_keys(at.config)


def _rules_for(config: Config, slug: str | None) -> Rulebook:
    own = [it.slug for it in config.projects]
    if slug is None and len(own) > 1:
        raise click.UsageError(f"Whose rules? Say --project, one of {', '.join(own)}.")
    return config.rulebook(slug or next(iter(own), ""))
