"""Which key a request carries: every form SDKs of ten years use, and what is refused how."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.errors import AuthError
from lighttrace.ingest.auth import (
    Credentials,
    agreed,
    credentials,
    of_dsn,
    project_number,
)

KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
OTHER = "0f0e0d0c0b0a09080706050403020100"


@pytest.mark.parametrize(
    "header",
    [
        f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=sentry.python/2.75.0",
        f"Sentry sentry_client=sentry.python/2.75.0,sentry_key={KEY},sentry_secret={OTHER}",
        f"sentry sentry_version=6, sentry_key={KEY.upper()}, sentry_client=sentry.python%2F2.75.0",
        f"SENTRY,sentry_key={KEY}, sentry_client=sentry.python/2.75.0, sentry_timestamp=1.5",
        f"sentry_key={KEY}, sentry_client=sentry.python/2.75.0",
        f"Sentry  sentry_key= {KEY} ,, sentry_client=sentry.python/2.75.0, =, x",
    ],
)
def test_the_header_of_every_sdk_is_understood(header: str) -> None:
    wanted = Credentials(KEY, "sentry.python/2.75.0")
    assert credentials(header.encode(), None, b"") == wanted
    if header.lower().startswith("sentry "):
        assert credentials(None, header.encode(), b"") == wanted


def test_browsers_send_the_key_in_the_address() -> None:
    query = f"sentry_version=7&sentry_key={KEY}&sentry_client=sentry.javascript.react%2F11.12.0"
    assert credentials(None, None, query.encode()) == Credentials(
        KEY, "sentry.javascript.react/11.12.0"
    )
    assert credentials(None, None, f"sentry_key={KEY}&&=&x".encode()) == Credentials(KEY)


def test_other_uses_of_authorization_are_understood_or_left_alone() -> None:
    assert credentials(None, f"DSN http://{KEY}@h/1".encode(), b"") == Credentials(KEY)
    assert credentials(None, f"Bearer {KEY}".encode(), b"") == Credentials(KEY)
    basic = b"Basic " + base64.b64encode(b"proxy:password")
    for meant_for_others in (basic, f"Bearer {KEY * 2}".encode(), b"Bearer", b"", b"Digest x=1"):
        assert credentials(None, meant_for_others, b"") is None
    assert credentials(None, basic, f"sentry_key={KEY}".encode()) == Credentials(KEY)


@pytest.mark.parametrize(
    "dsn",
    [
        f"https://{KEY}@errors.example.com/5",
        f"http://{KEY}:{OTHER}@127.0.0.1:9000/errors/5",
        f"http://{KEY}:@host/2",
        f" https://{KEY.upper()}@[::1]:8000/5 ",
    ],
)
def test_the_key_of_a_dsn(dsn: str) -> None:
    assert of_dsn(dsn).key == KEY


@pytest.mark.parametrize(
    "dsn",
    ["", "nonsense", "https://host/5", "https://short@host/5", "http://[::1", "//" + "x" * 9999],
)
def test_a_dsn_without_a_key_is_malformed(dsn: str) -> None:
    with pytest.raises(AuthError) as refused:
        of_dsn(dsn)
    assert refused.value.status == 400


@pytest.mark.parametrize("key", ["x", KEY[:-1], KEY + "0", "z" * 32, "%00" * 32, "null"])
def test_what_cannot_be_a_key_is_malformed(key: str) -> None:
    for sources in (
        (f"Sentry sentry_key={key}".encode(), None, b""),
        (None, None, f"sentry_key={key}".encode()),
    ):
        with pytest.raises(AuthError) as refused:
            credentials(*sources)
        assert refused.value.status == 400


def test_no_key_is_no_error_yet_since_an_envelope_may_bring_one() -> None:
    for sources in (
        (None, None, b""),
        (b"", b"", b"sentry_version=7"),
        (b"Sentry sentry_version=7", None, b"sentry_key="),
    ):
        assert credentials(*sources) is None


def test_sources_that_disagree_are_refused_like_an_unknown_key() -> None:
    header, query = f"Sentry sentry_key={KEY}".encode(), f"sentry_key={OTHER}".encode()
    with pytest.raises(AuthError) as refused:
        credentials(header, None, query)
    assert refused.value.status == 403
    assert credentials(header, None, f"sentry_key={KEY}&sentry_client=x".encode()) == Credentials(
        KEY, "x"
    )
    with pytest.raises(AuthError):
        agreed(Credentials(KEY), Credentials(OTHER))
    assert agreed(None, None) is None


def test_sources_are_bounded() -> None:
    with pytest.raises(AuthError):
        credentials(b"Sentry sentry_client=" + b"x" * 3000, None, b"")
    long_client = credentials(
        f"Sentry sentry_key={KEY}, sentry_client={'x' * 999}".encode(), None, b""
    )
    assert long_client is not None and long_client.client == "x" * 128


def test_a_project_is_a_number_the_database_can_hold() -> None:
    assert project_number("5") == 5
    for odd in ("0", "05", "-1", "five", "5 ", "٥", "1" * 19, "", "5\n"):
        with pytest.raises(AuthError) as refused:
            project_number(odd)
        assert refused.value.status == 400


sources = st.none() | st.binary(max_size=80) | st.text(max_size=40).map(lambda t: t.encode())
starts = st.sampled_from([b"", b"Sentry ", b"DSN ", b"Bearer ", b"Sentry sentry_key="])


@given(starts, sources, starts, sources, st.binary(max_size=80))
def test_anything_else_raises_only_auth_errors(
    start: bytes, header: bytes | None, other: bytes, authorization: bytes | None, query: bytes
) -> None:
    try:
        credentials(
            None if header is None else start + header,
            None if authorization is None else other + authorization,
            query,
        )
    except AuthError as error:
        assert error.status in (400, 403)


@given(st.text(max_size=60))
def test_any_dsn_raises_only_auth_errors(dsn: str) -> None:
    for candidate in (dsn, f"http://{dsn}@host/1", f"https://{KEY}@{dsn}/1"):
        try:
            of_dsn(candidate)
        except AuthError as error:
            assert error.status == 400
