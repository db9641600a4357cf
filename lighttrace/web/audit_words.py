"""Entries of the audit log in words: who, what they did to what, and how. Pure."""

from dataclasses import dataclass

from lighttrace.store.audit import Entry

# the noun of an action → what to call it in the filter
KINDS = {
    "sign_in": "Sign-ins",
    "user": "People and invitations",
    "team": "Teams",
    "project": "Projects",
    "key": "Keys",
    "token": "API tokens",
    "issue": "Deleted issues",
    "mute": "Mutes",
    "upload": "Uploads",
    "settings": "Settings",
}
# action → what stands before its subject and after it; {} are filled from the detail
WORDS = {
    "sign_in.new": ("signed in as", ""),
    "sign_in.failed": ("failed to sign in as", ""),
    "sign_in.locked": ("was locked out of", ""),
    "user.add": ("made the account", "as {role}"),
    "user.invite": ("invited", "as {role}"),
    "user.withdraw": ("withdrew the invitation of", ""),
    "user.reset": ("made a link to a new password for", ""),
    "user.name": ("renamed", "to {now}"),
    "user.role": ("made", "{now}"),
    "user.disable": ("disabled", ""),
    "user.enable": ("enabled", ""),
    "user.password": ("set a new password of", ""),
    "user.identity": ("connected a company login to", ""),
    "user.factor_on": ("switched the second factor on for", ""),
    "user.factor_off": ("switched the second factor off for", ""),
    "team.add": ("made the team", ""),
    "team.rename": ("renamed the team", "to {now}"),
    "team.remove": ("deleted the team", ""),
    "team.join": ("put {person} into the team", ""),
    "team.leave": ("took {person} out of the team", ""),
    "project.add": ("made the project", ""),
    "project.rename": ("renamed the project", "to {now}"),
    "project.archive": ("archived the project", ""),
    "project.unarchive": ("took the project", "out of the archive"),
    "project.delete": ("deleted the project", ""),
    "project.teams": ("gave the project", "to {now}"),
    "key.add": ("made a key of", ""),
    "key.disable": ("disabled a key of", ""),
    "key.enable": ("enabled a key of", ""),
    "key.rotate": ("replaced a key of", ""),
    "token.add": ("made the token", ""),
    "token.revoke": ("revoked the token", ""),
    "issue.delete": ("deleted the issue", ""),
    "issue.discard": ("deleted the issue", "and discards its future"),
    "issue.undiscard": ("keeps again what was discarded of", ""),
    "mute.add": ("muted", "for everybody"),
    "mute.end": ("unmuted", ""),
    "upload.withdraw": ("deleted what was uploaded for", ""),
    "settings.reload": ("reloaded", ""),
}
ALARMING = {"sign_in.failed", "sign_in.locked"}


@dataclass(frozen=True, slots=True)
class Said:
    """`kind` of whoever did it: person, token, command, unknown. `how`: what of the detail the
    sentence does not say.
    """

    who: str
    kind: str
    before: str
    subject: str
    after: str
    how: str
    alarming: bool


def said(entry: Entry) -> Said:
    """The sentence of an entry. An action that has no words yet says its name."""
    before, after = WORDS.get(entry.action, (entry.action.replace(".", ": "), ""))
    detail = {key: str(value) for key, value in entry.detail.items() if value not in (None, "")}
    used = {key for key in detail if f"{{{key}}}" in before + after}
    rest = [f"{key} {value}" for key, value in detail.items() if key not in used]
    for key in used:
        before = before.replace(f"{{{key}}}", detail[key])
        after = after.replace(f"{{{key}}}", detail[key])
    who, kind = _who(entry)
    return Said(
        *(who, kind, before, entry.subject, after),
        ", ".join(rest).replace("_", " "),
        entry.action in ALARMING,
    )


def _who(entry: Entry) -> tuple[str, str]:
    if entry.token is not None:
        owner = f", token of {entry.user}" if entry.user else ""
        return f"{entry.token}{owner}", "token"
    if entry.user is not None:
        return entry.user, "person"
    if entry.ip is not None:
        return "somebody", "unknown"
    return "command line", "command"
