"""Who may come in by the provider: by address, by group, and as what."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.errors import SignInError
from lighttrace.settings.sign_in import Oidc
from lighttrace.web.admission import Admitted, admit, groups_of

TOVE = {
    "iss": "https://id.example.com",
    "sub": "248289761001",
    "email": "tove@example.com",
    "email_verified": True,
    "name": "  Tove \n Olsen ",
    "groups": ["developers"],
}


def options(**over: Any) -> Oidc:
    given: dict[str, Any] = {"issuer": "https://id.example.com", "client_id": "lt"} | over
    return Oidc(**given)


def test_somebody_with_a_verified_address_in_a_domain_comes_in():
    admitted = admit(TOVE, options(allowed_domains=("example.com",)))
    assert admitted == Admitted(
        "https://id.example.com", "248289761001", "tove@example.com", "Tove Olsen", None
    )


@pytest.mark.parametrize(
    ("over", "why"),
    [
        ({"sub": ""}, "who you are"),
        ({"sub": 5}, "who you are"),
        ({"sub": "x" * 256}, "who you are"),
        ({"email": None}, "did not tell"),
        ({"email": ["tove@example.com"]}, "did not tell"),
        ({"email": "tove"}, "did not tell"),
        ({"email": "tove@example.com\r\nBcc: x@y"}, "did not tell"),
        ({"email": "a@b@example.com"}, "did not tell"),
        ({"email_verified": False}, "not verified"),
        ({"email_verified": None}, "not verified"),
        ({"email_verified": "false"}, "not verified"),
        ({"email_verified": 1.5}, "not verified"),
        ({"email": "tove@sub.example.com"}, "not let in"),
        ({"email": "tove@example.com.evil.example"}, "not let in"),
        ({"email": "tove@notexample.com"}, "not let in"),
        ({"groups": ["Developers"]}, "none of the groups"),
        ({"groups": None}, "none of the groups"),
        ({"groups": {"developers": 1}}, "none of the groups"),
    ],
)
def test_somebody_else_does_not_and_is_told_why(over: dict[str, Any], why: str):
    rules = options(allowed_domains=("example.com",), allowed_groups=("developers", "support"))
    assert admit(TOVE, rules)
    with pytest.raises(SignInError, match=why):
        admit(TOVE | over, rules)


def test_a_star_is_every_domain_and_groups_alone_are_enough():
    elsewhere = TOVE | {"email": "tove@anywhere.example"}
    assert admit(elsewhere, options(allowed_domains=("*",)))
    assert admit(elsewhere, options(allowed_groups=("developers",)))


def test_verified_may_be_a_text_and_may_be_waived():
    assert admit(TOVE | {"email_verified": "true"}, options(allowed_domains=("*",)))
    lenient = options(allowed_domains=("*",), unverified_email=True)
    assert admit(TOVE | {"email_verified": False}, lenient)


def test_groups_say_who_is_an_admin_only_if_the_file_asks():
    rules = options(allowed_domains=("*",), admin_groups=("ops", "developers"))
    assert admit(TOVE, rules).is_admin is True
    assert admit(TOVE | {"groups": []}, rules).is_admin is False
    assert admit(TOVE, options(allowed_domains=("*",))).is_admin is None


def test_groups_are_found_inside_and_under_names_with_dots():
    inside = {"realm_access": {"roles": ["a", 5, None, "b"]}}
    assert groups_of(inside, "realm_access.roles") == {"a", "b"}
    assert groups_of({"https://x.example/groups": "one"}, "https://x.example/groups") == {"one"}
    assert groups_of({"realm_access": "x"}, "realm_access.roles") == frozenset()


def test_somebody_without_a_name_is_called_by_the_address():
    nameless = {key: value for key, value in TOVE.items() if key != "name"}
    assert admit(nameless, options(allowed_domains=("*",))).name == "tove"
    assert admit(TOVE | {"name": "x" * 500}, options(allowed_domains=("*",))).name == "x" * 100


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*TOVE, "groups.x"]), JSON))
def test_whatever_a_provider_says_is_an_answer_or_a_reason(said: dict[str, Any]):
    rules = options(allowed_domains=("example.com",), admin_groups=("x",), groups_claim="groups.x")
    try:
        admit(TOVE | said | {"iss": "https://id.example.com"}, rules)
    except SignInError as error:
        assert str(error)
