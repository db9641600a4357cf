"""`lighttrace project`: what a DSN points at."""

from typing import Any

import click

from lighttrace.commands import answers
from lighttrace.commands.where import Place, where
from lighttrace.store import keys, projects, sight
from lighttrace.store.database import Reader
from lighttrace.web import links


@click.group()
def project() -> None:
    """Projects: what a DSN points at."""


@project.command("add")
@click.argument("name")
@where
@click.option("--platform", help="Such as python-django or javascript-react.")
@answers.as_json
def project_add(at: Place, name: str, platform: str | None, as_json: bool) -> None:
    """Make a project and print its DSN."""
    with at.database() as tx:
        made = projects.add(tx, name, at.now_ms, platform=platform)
        at.note(tx, "project.add", made.slug)
        shown = _shown(tx, made, at.config.base_url)
    text = f"Project {shown['id']}, {shown['slug']}\nDSN: {shown['dsn']}"
    answers.one(shown, as_json, text)


@project.command("list")
@where
@answers.as_json
def project_list(at: Place, as_json: bool) -> None:
    """List the projects with their DSNs."""
    with at.database() as tx:
        shown = [_shown(tx, one, at.config.base_url) for one in projects.every(tx, sight.ALL)]
    nothing = "There are no projects yet: lighttrace project add NAME"
    answers.listed(shown, as_json, _line, nothing)


def _shown(db: Reader, one: projects.Project, base_url: str) -> dict[str, Any]:
    live = [key for key in keys.of_project(db, one.id) if key.disabled_at is None]
    dsn = links.dsn(base_url, live[0].public, one.id) if live else None
    return {
        "id": one.id,
        "slug": one.slug,
        "name": one.name,
        "platform": one.platform,
        "dsn": dsn,
    }


def _line(one: dict[str, Any]) -> str:
    return f"{one['id']:>4}  {one['slug']:<24} {one['dsn'] or 'every key is disabled'}"
