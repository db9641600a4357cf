import json
import math

import msgspec
import pytest

from lighttrace.errors import EventError
from lighttrace.event.decode import decode
from tests.event.corpus import samples


def walk(value):
    yield value
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_every_event_of_a_real_sdk_is_read_and_can_be_stored_again(sample):
    decoded = decode(sample.payload)

    again = msgspec.json.encode(decoded.raw)
    assert msgspec.json.decode(again) == decoded.raw
    for value in walk(decoded.raw):
        if isinstance(value, str):
            value.encode()  # no half of a surrogate pair is left
            assert "\x00" not in value


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_what_was_not_cleaned_is_what_the_client_sent(sample):
    decoded = decode(sample.payload)

    if not decoded.cleaned:
        assert decoded.raw == json.loads(sample.payload)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b'{"a": "x\\u0000y"}', {"a": "xy"}),
        (b'{"a\\u0000": 1}', {"a": 1}),
        (b'{"a": "\\ud800"}', {"a": "\ufffd"}),
        (b'{"a": "x\\udc00y"}', {"a": "x\ufffdy"}),
        (b'{"\\ud83d": 1}', {"\ufffd": 1}),
        (b'{"a": NaN, "b": Infinity, "c": -Infinity}', {"a": None, "b": None, "c": None}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_what_a_database_refuses_is_made_storable(sent, kept):
    decoded = decode(sent)

    assert decoded.raw == kept
    if b'"a": 1, "a"' not in sent:
        assert decoded.cleaned


def test_a_character_written_as_a_surrogate_pair_stays_itself():
    assert decode(b'{"a": "\\ud83d\\ude00"}').raw == {"a": "\U0001f600"}
    assert decode(b'{"a": "\\ud83d\\ude00", "b": NaN}').raw == {"a": "\U0001f600", "b": None}


def test_a_written_out_escape_is_text_not_a_character():
    sent = b'{"a": "C:\\\\u0000\\\\ud800"}'

    assert decode(sent).raw == {"a": "C:\\u0000\\ud800"}


@pytest.mark.parametrize("digits", ["1" * 20, str(2**70), "-" + "9" * 22, "9" * 5000])
def test_integers_beyond_64_bits_can_be_encoded_again(digits):
    decoded = decode(f'{{"a": {digits}, "b": [{digits}]}}'.encode())

    again = decode(msgspec.json.encode(decoded.raw))
    assert again.raw == decoded.raw


def test_integers_of_64_bits_stay_exact():
    for number in (2**63 - 1, -(2**63)):
        assert decode(f'{{"a": {number}}}'.encode()).raw["a"] == number


def test_numbers_are_never_infinite():
    decoded = decode(b'{"a": 1e999, "b": [-1e999]}')

    assert all(not isinstance(v, float) or math.isfinite(v) for v in walk(decoded.raw))


@pytest.mark.parametrize(
    "payload",
    [
        b"", b" ", b"null", b"[]", b"1", b'"text"', b"true", b"{", b'{"a":', b'{"a" 1}', b"\x00",
        b"{}{}", b"\xff\xfe", b'{"a": ' + b"[" * 100_000, b'{"a":' * 100_000,
        b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"a": NaN, "b": ' + b"[" * 900 + b"]" * 900 + b"}",
    ],
)  # fmt: skip
def test_what_is_not_an_event_is_refused_in_a_sentence(payload):
    with pytest.raises(EventError) as refused:
        decode(payload)

    said = str(refused.value)
    assert said.endswith(".") or ":" in said
    assert len(said) < 500
