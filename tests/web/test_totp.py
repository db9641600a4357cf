"""Codes of an authenticator and its picture."""

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.web import totp

NOW = 1_795_500_000_000
# RFC 6238, appendix B, SHA-1: six of its eight digits
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "287082"), (1111111109, "081804"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_the_codes_are_those_of_the_standard(second: int, code: str):
    assert totp.step_of(SECRET, code, second * 1000) == second // 30


@given(st.text(max_size=50))
def test_anything_may_be_typed(typed: str):
    step = totp.step_of(SECRET, totp.cleaned(typed), NOW)
    assert step is None or abs(step - NOW // 30_000) <= 1


def test_codes_are_taken_as_people_type_them():
    assert totp.cleaned(" 123 456 ") == "123456"
    assert totp.cleaned("K3F9A X2M7Q") == totp.cleaned("k3f9ax2m7q") == "k3f9a-x2m7q"


def test_a_new_secret_is_one_of_ours_and_as_long_as_the_standard_wants():
    secret = totp.new_secret()
    assert totp.is_secret(secret) and len(pyotp.TOTP(secret).byte_secret()) == 20
    assert totp.spaced(secret).replace(" ", "") == secret


def test_spare_codes_differ_and_stay_as_they_are_when_typed():
    codes = totp.new_spare_codes()
    assert len(set(codes)) == 10 and [totp.cleaned(code) for code in codes] == codes


def test_the_picture_holds_every_dark_module_and_a_quiet_border():
    picture = totp.picture(SECRET, "mira@example.com", "LightTrace errors.example.com")
    cells = set()
    for move in picture.path.split("M")[1:]:
        x, rest = move.split(" ")
        y, run = rest.split("h")[0], rest.split("h")[1].removesuffix("v1")
        cells |= {(int(x) + n, int(y)) for n in range(int(run))}
    assert min(min(cell) for cell in cells) == 4
    assert max(max(cell) for cell in cells) == picture.size - 5
    finder = {(4 + n, 4) for n in range(7)}  # the corner that scanners look for
    assert finder <= cells and (11, 4) not in cells


def test_a_long_address_still_makes_a_picture():
    assert totp.picture(SECRET, "m" * 320, "L" * 320).size < 100
