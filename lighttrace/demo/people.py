"""The people of the made-up shop: who works there, in which teams, what they changed of late."""

from lighttrace.store import (
    audit,
    keys,
    preferences,
    projects,
    saved_searches,
    teams,
    tokens,
    users,
)
from lighttrace.store.audit import Actor
from lighttrace.store.database import Transaction
from lighttrace.store.sight import ALL
from lighttrace.store.tokens import Use

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
DOMAIN = "shop.example"

# name, role, teams, last seen before now (ms); Mira, the owner, is there already
STAFF = (
    ("Jonas", "admin", ("billing", "operations"), 4 * MINUTE_MS),
    ("Tove", "member", ("storefront", "mobile"), HOUR_MS),
    ("Samir", "member", ("operations",), 22 * HOUR_MS),
    ("Ines", "member", ("billing",), 3 * DAY_MS),
    ("Support desk", "viewer", (), 12 * MINUTE_MS),
)
# team → its projects
TEAMS = {
    "Storefront": ("shop-web",),
    "Billing": ("shop-api", "shop-web"),
    "Operations": ("fulfillment", "shop-api"),
    "Mobile": ("mobile-app",),
}
# whose, name, query string, for everybody
SEARCHES = (
    ("Mira", "Checkout, not bots", "query=component%3Acheckout%20%21browser%3A%2ABot%2A", False),
    ("Mira", "My team at night", "query=is%3Amine&period=24h", False),
    ("Jonas", "Fatal in production", "query=level%3Afatal&environment=production", True),
    ("Tove", "Back after a fix", "query=is%3Aregressed&state=all&sort=users", True),
)
# of which project somebody wants other mails than of the others
WANTS = (("Mira", "fulfillment", "spike"), ("Mira", "mobile-app", "none"))
OFFICE, ELSEWHERE = "203.0.113.7", "198.51.100.66"


def settle(tx: Transaction, password_hash: str, began_ms: int, now_ms: int) -> None:
    """Make the staff (all with one password), their teams, tokens and the audit log of a week."""
    mira = users.by_email(tx, f"mira@{DOMAIN}")
    assert mira is not None
    made = {name: teams.add(tx, name, began_ms) for name in TEAMS}
    by_slug = {team.slug: team for team in made.values()}
    teams.join(tx, by_slug["storefront"].id, mira.id)
    people = {"Mira": mira}
    for name, role, of, ago_ms in STAFF:
        email = f"{name.split()[0].lower()}@{DOMAIN}"
        person = people[name] = users.add(tx, email, name, role, password_hash, began_ms)
        users.saw(tx, person.id, now_ms - ago_ms)
        for slug in of:
            teams.join(tx, by_slug[slug].id, person.id)
    for project in projects.every(tx, ALL):
        own = [team.id for name, team in made.items() if project.slug in TEAMS[name]]
        teams.set_of_project(tx, project.id, own)
        if project.slug == "shop-web":
            keys.add(tx, project.id, "mobile web", now_ms - 5 * HOUR_MS)
    _tokens(tx, {name: person.id for name, person in people.items()}, now_ms)
    _history(tx, {name: person.id for name, person in people.items()}, now_ms)
    for name, slug, wants in WANTS:
        found = projects.by_slug(tx, slug, ALL)
        assert found is not None
        preferences.put_of_projects(tx, people[name].id, {found.id: wants})
    for owner, name, query, shared in SEARCHES:
        saved_searches.save(tx, people[owner].id, name, query, shared, began_ms)


def _tokens(tx: Transaction, ids: dict[str, int], now_ms: int) -> None:
    for name, scopes, maker, age_ms, used_ms, agent in (
        ("old laptop", ("event:read", "event:write"), "Samir", 200 * DAY_MS, 94 * DAY_MS, "curl/8"),
        ("Dashboard export", ("event:read",), "Mira", 60 * DAY_MS, 12 * MINUTE_MS, "curl/8"),
        ("CI, shop-api", ("project:releases",), "", 30 * DAY_MS, 5 * HOUR_MS, "sentry-cli/3.8"),
    ):
        own = ids.get(maker)
        token, _ = tokens.add(
            tx, name, scopes, own, now_ms - age_ms, created_by=own or ids["Jonas"],
            expires_at=None if age_ms > 100 * DAY_MS else now_ms - age_ms + 365 * DAY_MS,
        )  # fmt: skip
        tokens.touch(tx, {token.id: Use(now_ms - used_ms, OFFICE, agent)})


def _history(tx: Transaction, ids: dict[str, int], now_ms: int) -> None:
    """What stands in the audit log, oldest first."""
    mira, jonas = Actor(ids["Mira"], OFFICE), Actor(ids["Jonas"], "203.0.113.9")
    guess = Actor(None, ELSEWHERE)
    samir = f"samir@{DOMAIN}"
    log = [
        (50, audit.COMMAND, "user.add", f"jonas@{DOMAIN}", {"role": "member"}),
        (46, mira, "user.role", f"jonas@{DOMAIN}", {"was": "member", "now": "admin"}),
        (45, jonas, "team.join", "operations", {"person": samir}),
        (29, guess, "sign_in.failed", samir, {}),
        (29, guess, "sign_in.failed", samir, {}),
        (29, guess, "sign_in.locked", samir, {}),
        (27, jonas, "project.teams", "shop-api", {"was": "billing", "now": "billing, operations"}),
        (6, audit.COMMAND, "settings.reload", "lighttrace.toml", {}),
        (5, mira, "key.add", "shop-web", {"key": "mobile web"}),
        (2, jonas, "token.add", "CI, shop-api", {"scopes": "project:releases"}),
        (1, mira, "user.invite", f"lea@{DOMAIN}", {"role": "member", "team": "mobile"}),
    ]  # fmt: skip
    for number, (hours, by, action, subject, detail) in enumerate(log):
        at = now_ms - hours * HOUR_MS + number * MINUTE_MS
        audit.note(tx, by, action, subject, at, **detail)
