"""`lighttrace grouping try`: what a rule would change, before it is written into the file."""

import click

from lighttrace.commands import named
from lighttrace.commands.where import Place, where
from lighttrace.errors import RuleError
from lighttrace.event.grouping.preview import Pile
from lighttrace.event.grouping.rules import FINGERPRINT, STACK
from lighttrace.store.issues import Issue
from lighttrace.store.sight import ALL
from lighttrace.web.rule_trial import try_rules


@click.group()
def grouping() -> None:
    """Rules for what is one issue."""


@grouping.command("try")
@click.argument("project")
@where
@click.option("--fingerprint", metavar="RULE", help="Such as 'error.type:Down -> down'.")
@click.option("--stack", metavar="RULE", help="Such as 'path:**/generated/** -group'.")
def try_rule(at: Place, project: str, fingerprint: str | None, stack: str | None) -> None:
    """Say what one more rule would change, on the newest events of a project. Nothing changes."""
    if (fingerprint is None) == (stack is None):
        raise click.UsageError("Give one rule: --fingerprint RULE or --stack RULE.")
    now = at.config.grouping_rules(project)
    try:
        then = now.plus(FINGERPRINT if stack is None else STACK, fingerprint or stack or "")
    except RuleError as error:
        raise click.UsageError(f"{error}.") from error
    with at.database() as db:
        tried = try_rules(db, named.project(db, project).id, None, now, then, ALL)
    click.echo(tried.verdict)
    preview = tried.preview
    for flow in preview.flows:
        source, target = preview.before[flow.source], preview.after[flow.target]
        there = _called(target, tried.issues)
        click.echo(f"{flow.n:>6}  {_called(source, tried.issues)} -> {there}")
    if preview.others:
        stay = "issue, which stays as it is"
        if preview.others > 1:
            stay = "issues, which stay as they are"
        click.echo(f"{preview.other_events:>6}  in {preview.others} other {stay}")


def _called(pile: Pile, issues: dict[int, Issue]) -> str:
    issue = issues.get(pile.place) if isinstance(pile.place, int) else None
    return issue.short_id if issue else f"new: {pile.title[:60]}" if pile.is_new else "an issue"
