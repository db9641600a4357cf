"""`[sign_in]` and the provider in it."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec

from lighttrace.settings.kinds import Domains, Groups, Name, Url
from lighttrace.toml.setting import Disagreement, Note, Table, letters, read_by


def _scopes(value: Any) -> tuple[str, ...]:
    scopes = msgspec.convert(value, tuple[str, ...])
    if "openid" not in scopes:
        raise ValueError('"openid" is what makes it a sign-in')
    return scopes


class Oidc(Table, frozen=True):
    """`[sign_in.oidc]`: a provider that people sign in by, as any with OpenID Connect. Tell it that
    its answers go to your address with /login/oidc/callback at the end.
    """

    issuer: Annotated[
        Url, Note("the address of the provider, with https://", "https://id.example.com")
    ]
    """Its address, as it calls itself; the rest is read from there
    (/.well-known/openid-configuration).
    """
    client_id: Annotated[Name, Note("the client id that the provider gave out", "lighttrace")]
    """The name by which the provider knows LightTrace."""
    client_secret: Annotated[
        str | None,
        Note("the client secret that the provider gave out", "${OIDC_SECRET}", secret=True),
    ] = None
    """The secret that goes with it, if the provider gave one. Rather than here, keep it in the
    environment, as below, or in a file that client_secret_file names.
    """
    name: Annotated[str, letters(40)] = "company login"
    """What people call it: the button says "Continue with" and this."""
    scopes: Annotated[
        tuple[str, ...], read_by(_scopes, 'a list of scopes with "openid" among them')
    ] = ("openid", "profile", "email")
    """What is asked for. Some providers tell of groups only after "groups"."""
    allowed_domains: Annotated[Domains, Note(example=["example.com"])] = ()
    """Only people with an address in one of these domains get in; "*" stands for any that the
    provider knows.
    """
    allowed_groups: Annotated[Groups, Note(example=["developers", "support"])] = ()
    """Only people in one of these groups get in."""
    groups_claim: Annotated[Name, Note("the name of a claim")] = "groups"
    """The claim in which the provider lists somebody's groups."""
    admin_groups: Annotated[Groups, Note(example=["lighttrace-admins"])] = ()
    """People in one of these groups become admins when they sign in, and admins who are in none of
    them stop being one. Owners stay owners.
    """
    role: Literal["viewer", "member", "admin", "nobody"] = "member"
    """What somebody becomes who comes for the first time. With "nobody", only those come in who
    have an account or an invitation.
    """
    unverified_email: bool = False
    """Whether an address is believed that the provider does not say it has verified. Only where
    people cannot choose their address there.
    """
    second_factor: bool = False
    """Whether our second factor is asked for after this way in as well. Most providers see to that
    themselves.
    """

    def disagreements(self) -> Iterator[Disagreement]:
        if not self.allowed_domains and not self.allowed_groups:
            yield Disagreement(
                "",
                "it has to be said who may come in: allowed_domains or allowed_groups is missing.",
                'allowed_domains = ["example.com"], or ["*"] for everybody whom the provider knows',
            )


class SignInOptions(Table, frozen=True):
    """`[sign_in]`: how people prove who they are."""

    password_login: bool = True
    """Whether people can sign in with a password. Without, they come by the provider below;
    `lighttrace user reset` on the server still lets somebody in.
    """
    require_second_factor: bool = False
    """Whether everybody who signs in with a password must have a second factor. Who has none is led
    to set it up before anything else.
    """
    oidc: Oidc | None = None

    def disagreements(self) -> Iterator[Disagreement]:
        if self.oidc is None and not self.password_login:
            message = "nobody could sign in: there is no [sign_in.oidc] either."
            yield Disagreement("password_login", message)
