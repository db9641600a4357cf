"""`lighttrace team`: who works together, and on which projects."""

from typing import Any

import click

from lighttrace.commands import answers, named
from lighttrace.commands.where import Place, where
from lighttrace.store import projects, teams
from lighttrace.store.sight import ALL


@click.group()
def team() -> None:
    """Teams: who works together, and on which projects."""


@team.command("list")
@where
@answers.as_json
def team_list(at: Place, as_json: bool) -> None:
    """List the teams with their people and projects."""
    with at.database() as tx:
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
    nothing = "There are no teams, so everybody sees every project: lighttrace team add NAME"
    answers.listed(found, as_json, _lines, nothing)


def _lines(one: dict[str, Any]) -> str:
    people, seen = ", ".join(one["people"]), ", ".join(one["projects"])
    return f"#{one['slug']}: {people or 'nobody'}\n  projects: {seen or 'none'}"


@team.command("add")
@click.argument("name")
@where
def team_add(at: Place, name: str) -> None:
    """Make a team."""
    with at.database() as tx:
        made = teams.add(tx, name, at.now_ms)
        at.note(tx, "team.add", made.slug, name=made.name)
    click.echo(f"Team {made.slug}. Put people into it: lighttrace team join {made.slug} EMAIL")


@team.command("remove")
@click.argument("slug", metavar="TEAM")
@where
def team_remove(at: Place, slug: str) -> None:
    """Delete a team. Not while a project has no other: everybody would see it."""
    with at.database() as tx:
        found = named.team(tx, slug)
        teams.remove(tx, found.id)
        at.note(tx, "team.remove", found.slug, name=found.name)
    click.echo(f"Team {found.slug} is deleted.")


@team.command("join")
@click.argument("slug", metavar="TEAM")
@click.argument("email")
@where
def team_join(at: Place, slug: str, email: str) -> None:
    """Put somebody into a team."""
    with at.database() as tx:
        found, person = named.team(tx, slug), named.person(tx, email)
        if teams.join(tx, found.id, person.id):
            at.note(tx, "team.join", slug, person=person.email)
    click.echo(f"{person.email} is in {slug}.")


@team.command("leave")
@click.argument("slug", metavar="TEAM")
@click.argument("email")
@where
def team_leave(at: Place, slug: str, email: str) -> None:
    """Take somebody out of a team."""
    with at.database() as tx:
        found, person = named.team(tx, slug), named.person(tx, email)
        if teams.leave(tx, found.id, person.id):
            at.note(tx, "team.leave", slug, person=person.email)
    click.echo(f"{person.email} is not in {slug}.")


@team.command("projects")
@click.argument("project")
@click.argument("slugs", nargs=-1, metavar="[TEAM]...")
@where
@click.option("--everybody", is_flag=True, help="No teams: everybody sees the project.")
def team_projects(at: Place, project: str, slugs: tuple[str, ...], everybody: bool) -> None:
    """Say which teams see a project. Owners and admins see it anyway."""
    if everybody == bool(slugs):
        raise click.UsageError("Name the teams that see it, or say --everybody.")
    with at.database() as tx:
        found = named.project(tx, project)
        was = ", ".join(one.slug for one in teams.of_project(tx, found.id)) or "everybody"
        teams.set_of_project(tx, found.id, [named.team(tx, slug).id for slug in slugs])
        now = ", ".join(one.slug for one in teams.of_project(tx, found.id)) or "everybody"
        at.note(tx, "project.teams", project, was=was, now=now)
    click.echo(f"{project} is seen by {now}" + (", owners and admins." if slugs else "."))
