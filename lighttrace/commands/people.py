"""`lighttrace user`: people who sign in, from the server's own shell.

Whoever can run commands can read the database too, so they ask for no rights; but for one rule,
that somebody stays who is an owner. The audit log calls them "command line".
"""

import sys
from typing import Any

import click

from lighttrace.commands import answers, named
from lighttrace.commands.where import Place, where
from lighttrace.errors import LightTraceError
from lighttrace.store import invites, members, second_factors, sessions, teams, users
from lighttrace.web.passwords import hash_password

LEAST_PASSWORD = 8
MOST_LISTED = 10_000

from_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@click.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("email")
@where
@click.option("--name", default="", help="What others see. Default: the part before the @.")
@click.option("--role", type=click.Choice(users.ROLES), help="Default: member.")
@click.option("--admin", is_flag=True, help="--role admin; the very first becomes the owner.")
@click.option("--team", "slugs", multiple=True, help="A team to join. May be given several times.")
@from_stdin
def user_add(
    at: Place,
    email: str,
    name: str,
    role: str | None,
    admin: bool,
    slugs: tuple[str, ...],
    password_stdin: bool,
) -> None:
    """Let somebody sign in. The first one with --admin is the owner."""
    if "@" not in email:
        raise click.UsageError(f"{email!r} is not an e-mail address.")
    if admin and role not in (None, "admin"):
        raise click.UsageError(f"--admin and --role {role} contradict each other.")
    hashed = hash_password(_password(password_stdin))
    with at.database() as tx:
        if role is None:
            role = ("admin" if users.any_exist(tx) else "owner") if admin else "member"
        made = users.add(tx, email, name or email.partition("@")[0], role, hashed, at.now_ms)
        for slug in slugs:
            teams.join(tx, named.team(tx, slug).id, made.id)
        at.note(tx, "user.add", made.email, role=role, teams=", ".join(slugs))
    click.echo(f"{made.email} can sign in as {made.role}.")


@user.command("list")
@where
@answers.as_json
def user_list(at: Place, as_json: bool) -> None:
    """List everybody with role and teams; those who are disabled last."""
    with at.database() as tx:
        shown = [_shown(one) for one in members.page(tx, "", MOST_LISTED)]
    nothing = "Nobody can sign in yet: lighttrace user add EMAIL --admin"
    answers.listed(shown, as_json, _line, nothing)


def _shown(one: members.Member) -> dict[str, Any]:
    return {
        "id": one.user.id,
        "email": one.user.email,
        "name": one.user.name,
        "role": one.user.role,
        "teams": list(one.teams),
        "disabled": one.disabled_at is not None,
        "second_factor": one.has_second_factor,
    }


def _line(one: dict[str, Any]) -> str:
    role = "disabled" if one["disabled"] else one["role"]
    own_teams = " ".join(f"#{slug}" for slug in one["teams"])
    return f"{role:<9} {one['email']:<32} {one['name']:<20} {own_teams}".rstrip()


@user.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice(users.ROLES))
@where
def user_role(at: Place, email: str, role: str) -> None:
    """Give somebody another role. With a lower one they are signed out."""
    with at.database() as tx:
        was = users.set_role(tx, named.person(tx, email).id, role, None)
        at.note(tx, "user.role", was.email, was=was.role, now=role)
    click.echo(f"{was.email} was {was.role} and is {role} now.")


@user.command("disable")
@click.argument("email")
@where
def user_disable(at: Place, email: str) -> None:
    """Shut somebody out. Sessions and tokens end; what they did stays under their name."""
    with at.database() as tx:
        gone = users.disable(tx, named.person(tx, email).id, None, at.now_ms)
        at.note(tx, "user.disable", gone.email)
    click.echo(f"{gone.email} cannot sign in any more.")


@user.command("enable")
@click.argument("email")
@where
def user_enable(at: Place, email: str) -> None:
    """Let somebody in again, with the role of before. Tokens have to be made anew."""
    with at.database() as tx:
        found = named.person(tx, email, disabled=True)
        users.enable(tx, found.id, None)
        at.note(tx, "user.enable", found.email)
    click.echo(f"{found.email} can sign in as {found.role} again.")


@user.command("password")
@click.argument("email")
@where
@from_stdin
def user_password(at: Place, email: str, password_stdin: bool) -> None:
    """Give somebody a new password. Open sessions end."""
    hashed = hash_password(_password(password_stdin))
    with at.database() as tx:
        found = named.person(tx, email)
        users.set_password(tx, found.id, hashed)
        sessions.revoke_all(tx, found.id)
        at.note(tx, "user.password", found.email)
    click.echo(f"{found.email} has a new password.")


@user.command("reset")
@click.argument("email")
@where
def user_reset(at: Place, email: str) -> None:
    """Print a link by which somebody chooses a new password. It works once, for a day."""
    with at.database() as tx:
        found = named.person(tx, email)
        secret = invites.reset(tx, found.id, None, at.now_ms)
        at.note(tx, "user.reset", found.email)
    click.echo(f"{at.config.base_url}/reset/{secret}")


@user.command("reset-2fa")
@click.argument("email")
@where
def user_reset_2fa(at: Place, email: str) -> None:
    """Turn off the second factor of somebody who has lost it. Open sessions end."""
    with at.database() as tx:
        found = named.person(tx, email)
        if not second_factors.remove(tx, found.id):
            raise LightTraceError(f"{found.email} has no second factor.")
        sessions.revoke_all(tx, found.id)
        at.note(tx, "user.factor_off", found.email)
    click.echo(f"{found.email} signs in without a second factor now.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        raise click.UsageError("Nobody is there to ask for a password: use --password-stdin.")
    if len(password) < LEAST_PASSWORD:
        raise click.UsageError(f"A password needs at least {LEAST_PASSWORD} characters.")
    return password
