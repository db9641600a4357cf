"""Who may come in by the provider, and as what. Pure; the rules are those of `[sign_in.oidc]`
(docs/sign-in.md, "A provider of your own").
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lighttrace.errors import SignInError
from lighttrace.event.model import Json
from lighttrace.settings.sign_in import Oidc

EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,255}")
MOST_NAME = 100
MOST_SUBJECT = 255  # as the standard bounds it


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody who may come in. `is_admin`: what the groups say; None if they say nothing."""

    issuer: str
    subject: str
    email: str
    name: str
    is_admin: bool | None


def admit(claims: Mapping[str, Json], options: Oidc) -> Admitted:
    """Raises SignInError with the reason, for whoever wanted to come in."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MOST_SUBJECT:
        raise SignInError("The provider did not say who you are.")
    email = claims.get("email")
    if not isinstance(email, str) or not EMAIL.fullmatch(email):
        raise SignInError("The provider did not tell your e-mail address.")
    # some providers write it as text
    verified = claims.get("email_verified") in (True, "true")
    if not verified and not options.unverified_email:
        raise SignInError(f"The provider has not verified your address {email}.")
    domains, domain = options.allowed_domains, email.rpartition("@")[2].lower()
    if domains and "*" not in domains and domain not in domains:
        raise SignInError(f"Addresses in {domain} are not let in here.")
    groups = groups_of(claims, options.groups_claim)
    if options.allowed_groups and not groups & set(options.allowed_groups):
        raise SignInError("You are in none of the groups that are let in here.")
    is_admin = bool(groups & set(options.admin_groups)) if options.admin_groups else None
    return Admitted(str(claims["iss"]), subject, email, _name(claims, email), is_admin)


def groups_of(claims: Mapping[str, Json], claim: str) -> frozenset[str]:
    """A list of names, or one; `realm_access.roles` is looked for inside, too."""
    found: Json = claims.get(claim)
    if found is None and "." in claim:
        found = claims
        for part in claim.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    names = found if isinstance(found, list) else [found]
    return frozenset(name for name in names if isinstance(name, str))


def _name(claims: Mapping[str, Json], email: str) -> str:
    for claim in ("name", "preferred_username", "nickname"):
        given = claims.get(claim)
        if isinstance(given, str) and (name := " ".join(given.split())):
            return name[:MOST_NAME]
    return email.partition("@")[0]
