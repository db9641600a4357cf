"""`lighttrace user` and `lighttrace team`: people and their teams, from the server's own shell.

Whoever can run these can read the database too, so they ask for no rights; but for one rule, that
somebody stays who is an owner. The audit log calls them "command line".
"""

import json
import sys
from pathlib import Path
from typing import Any

import click

from lighttrace.clock import SystemClock
from lighttrace.commands.where import read, where
from lighttrace.errors import LightTraceError
from lighttrace.store import (
    audit,
    invites,
    members,
    projects,
    second_factors,
    sessions,
    teams,
    users,
)
from lighttrace.store.database import Transaction
from lighttrace.store.sight import ALL
from lighttrace.store.store import Store
from lighttrace.web.passwords import hash_password

LEAST_PASSWORD = 8
MOST_LISTED = 10_000


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
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_add(
    email: str,
    file: Path | None,
    data: Path | None,
    name: str,
    role: str | None,
    admin: bool,
    slugs: tuple[str, ...],
    password_stdin: bool,
) -> None:
    """Let somebody sign in. The first one with --admin is the owner."""
    config, now_ms = read(file, data), SystemClock().now_ms()
    if "@" not in email:
        raise click.UsageError(f"{email!r} is not an e-mail address.")
    if admin and role not in (None, "admin"):
        raise click.UsageError(f"--admin and --role {role} contradict each other.")
    hashed = hash_password(_password(password_stdin))
    with Store.connect(config.store.path) as tx:
        if role is None:
            role = ("admin" if users.any_exist(tx) else "owner") if admin else "member"
        made = users.add(tx, email, name or email.partition("@")[0], role, hashed, now_ms)
        for slug in slugs:
            teams.join(tx, _team(tx, slug).id, made.id)
        audit.note(
            *(tx, audit.COMMAND, "user.add", made.email, now_ms),
            role=role,
            teams=", ".join(slugs),
        )
    click.echo(f"{made.email} can sign in as {made.role}.")


@user.command("list")
@where
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def user_list(file: Path | None, data: Path | None, as_json: bool) -> None:
    """List everybody with role and teams; those who are disabled last."""
    config = read(file, data)
    with Store.connect(config.store.path) as tx:
        found = members.page(tx, "", MOST_LISTED)
    if as_json:
        click.echo(json.dumps([_shown(one) for one in found]))
        return
    for one in found:
        role = "disabled" if one.disabled_at is not None else one.user.role
        extra = " ".join(f"#{slug}" for slug in one.teams)
        click.echo(f"{role:<9} {one.user.email:<32} {one.user.name:<20} {extra}".rstrip())
    if not found:
        click.echo("Nobody can sign in yet: lighttrace user add EMAIL --admin")


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


@user.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice(users.ROLES))
@where
def user_role(email: str, role: str, file: Path | None, data: Path | None) -> None:
    """Give somebody another role. With a lower one they are signed out."""
    config, now_ms = read(file, data), SystemClock().now_ms()
    with Store.connect(config.store.path) as tx:
        was = users.set_role(tx, _person(tx, email).id, role, None)
        audit.note(tx, audit.COMMAND, "user.role", was.email, now_ms, was=was.role, now=role)
    click.echo(f"{was.email} was {was.role} and is {role} now.")


@user.command("disable")
@click.argument("email")
@where
def user_disable(email: str, file: Path | None, data: Path | None) -> None:
    """Shut somebody out. Sessions and tokens end; what they did stays under their name."""
    config, now_ms = read(file, data), SystemClock().now_ms()
    with Store.connect(config.store.path) as tx:
        gone = users.disable(tx, _person(tx, email).id, None, now_ms)
        audit.note(tx, audit.COMMAND, "user.disable", gone.email, now_ms)
    click.echo(f"{gone.email} cannot sign in any more.")


@user.command("enable")
@click.argument("email")
@where
def user_enable(email: str, file: Path | None, data: Path | None) -> None:
    """Let somebody in again, with the role of before. Tokens have to be made anew."""
    config, now_ms = read(file, data), SystemClock().now_ms()
    with Store.connect(config.store.path) as tx:
        found = users.anybody(tx, email)
        if found is None:
            raise LightTraceError(f"Nobody here has the address {email}.")
        users.enable(tx, found.id, None)
        audit.note(tx, audit.COMMAND, "user.enable", found.email, now_ms)
    click.echo(f"{found.email} can sign in as {found.role} again.")


@user.command("password")
@click.argument("email")
@where
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_password(email: str, file: Path | None, data: Path | None, password_stdin: bool) -> None:
    """Give somebody a new password. Open sessions end."""
    config = read(file, data)
    hashed = hash_password(_password(password_stdin))
    with Store.connect(config.store.path) as tx:
        found = _person(tx, email)
        users.set_password(tx, found.id, hashed)
        sessions.revoke_all(tx, found.id)
        audit.record(tx, "user.password", found.email, SystemClock().now_ms())
    click.echo(f"{found.email} has a new password.")


@user.command("reset")
@click.argument("email")
@where
def user_reset(email: str, file: Path | None, data: Path | None) -> None:
    """Print a link by which somebody chooses a new password. It works once, for a day."""
    config, now_ms = read(file, data), SystemClock().now_ms()
    with Store.connect(config.store.path) as tx:
        found = _person(tx, email)
        secret = invites.reset(tx, found.id, None, now_ms)
        audit.record(tx, "user.reset", found.email, now_ms)
    click.echo(f"{config.base_url}/reset/{secret}")


@user.command("reset-2fa")
@click.argument("email")
@where
def user_reset_2fa(email: str, file: Path | None, data: Path | None) -> None:
    """Turn off the second factor of somebody who has lost it. Open sessions end."""
    config = read(file, data)
    with Store.connect(config.store.path) as tx:
        found = _person(tx, email)
        if not second_factors.remove(tx, found.id):
            raise LightTraceError(f"{found.email} has no second factor.")
        sessions.revoke_all(tx, found.id)
        audit.record(tx, "user.factor_off", found.email, SystemClock().now_ms())
    click.echo(f"{found.email} signs in without a second factor now.")


def _person(tx: Transaction, email: str) -> users.User:
    found = users.by_email(tx, email)
    if found is None:
        raise LightTraceError(f"Nobody here has the address {email}.")
    return found


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


@click.group()
def team() -> None:
    """Teams: who works together, and on which projects."""


@team.command("list")
@where
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def team_list(file: Path | None, data: Path | None, as_json: bool) -> None:
    """List the teams with their people and projects."""
    config = read(file, data)
    with Store.connect(config.store.path) as tx:
        slugs = {one.id: one.slug for one in projects.every(tx, ALL)}
        found = [
            {
                "slug": one.slug,
                "name": one.name,
                "people": [it.email for it in teams.members(tx, one.id)],
                "projects": [slugs[it] for it in teams.project_ids(tx, one.id)],
            }
            for one in teams.every(tx)
        ]
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found:
        click.echo(f"#{one['slug']}: {', '.join(one['people']) or 'nobody'}")
        click.echo(f"  projects: {', '.join(one['projects']) or 'none'}")
    if not found:
        click.echo("There are no teams, so everybody sees every project: lighttrace team add NAME")


@team.command("add")
@click.argument("name")
@where
def team_add(name: str, file: Path | None, data: Path | None) -> None:
    """Make a team."""
    config, now_ms = read(file, data), SystemClock().now_ms()
    with Store.connect(config.store.path) as tx:
        made = teams.add(tx, name, now_ms)
        audit.note(tx, audit.COMMAND, "team.add", made.slug, now_ms, name=made.name)
    click.echo(f"Team {made.slug}. Put people into it: lighttrace team join {made.slug} EMAIL")


@team.command("remove")
@click.argument("slug", metavar="TEAM")
@where
def team_remove(slug: str, file: Path | None, data: Path | None) -> None:
    """Delete a team. Not while a project has no other: everybody would see it."""
    config, now_ms = read(file, data), SystemClock().now_ms()
    with Store.connect(config.store.path) as tx:
        found = _team(tx, slug)
        teams.remove(tx, found.id)
        audit.note(tx, audit.COMMAND, "team.remove", found.slug, now_ms, name=found.name)
    click.echo(f"Team {found.slug} is deleted.")


@team.command("join")
@click.argument("slug", metavar="TEAM")
@click.argument("email")
@where
def team_join(slug: str, email: str, file: Path | None, data: Path | None) -> None:
    """Put somebody into a team."""
    config, now_ms = read(file, data), SystemClock().now_ms()
    with Store.connect(config.store.path) as tx:
        found, person = _team(tx, slug), _person(tx, email)
        if teams.join(tx, found.id, person.id):
            audit.note(tx, audit.COMMAND, "team.join", slug, now_ms, person=person.email)
    click.echo(f"{person.email} is in {slug}.")


@team.command("leave")
@click.argument("slug", metavar="TEAM")
@click.argument("email")
@where
def team_leave(slug: str, email: str, file: Path | None, data: Path | None) -> None:
    """Take somebody out of a team."""
    config, now_ms = read(file, data), SystemClock().now_ms()
    with Store.connect(config.store.path) as tx:
        found, person = _team(tx, slug), _person(tx, email)
        if teams.leave(tx, found.id, person.id):
            audit.note(tx, audit.COMMAND, "team.leave", slug, now_ms, person=person.email)
    click.echo(f"{person.email} is not in {slug}.")


@team.command("projects")
@click.argument("project")
@click.argument("slugs", nargs=-1, metavar="[TEAM]...")
@where
@click.option("--everybody", is_flag=True, help="No teams: everybody sees the project.")
def team_projects(
    project: str, slugs: tuple[str, ...], file: Path | None, data: Path | None, everybody: bool
) -> None:
    """Say which teams see a project. Owners and admins see it anyway."""
    if everybody == bool(slugs):
        raise click.UsageError("Name the teams that see it, or say --everybody.")
    config, now_ms = read(file, data), SystemClock().now_ms()
    with Store.connect(config.store.path) as tx:
        found = projects.by_slug(tx, project, ALL)
        if found is None:
            raise LightTraceError(f"There is no project {project}; see `lighttrace project list`.")
        was = ", ".join(one.slug for one in teams.of_project(tx, found.id)) or "everybody"
        teams.set_of_project(tx, found.id, [_team(tx, slug).id for slug in slugs])
        now = ", ".join(one.slug for one in teams.of_project(tx, found.id)) or "everybody"
        audit.note(tx, audit.COMMAND, "project.teams", project, now_ms, was=was, now=now)
    click.echo(f"{project} is seen by {now}" + (", owners and admins." if slugs else "."))


def _team(tx: Transaction, slug: str) -> teams.Team:
    found = teams.by_slug(tx, slug.removeprefix("#"))
    if found is None:
        raise LightTraceError(f"There is no team {slug}; see `lighttrace team list`.")
    return found
