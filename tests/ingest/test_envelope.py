"""Cutting envelopes: the protocol's vectors, what real clients get wrong, anything at all."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.errors import EnvelopeError
from lighttrace.ingest.envelope import Envelope, parse_envelope
from lighttrace.limits import LIMITS, Limits

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
HEAD = b'{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc"}\n'


def cut(body: bytes) -> Envelope:
    return parse_envelope(body, LIMITS)


def items(body: bytes) -> list[tuple[str, bytes]]:
    envelope = cut(body)
    assert envelope.broken is None
    return [(item.type, item.payload) for item in envelope.items]


def test_an_envelope_may_be_only_a_header() -> None:
    for body in (b"{}", b"{}\n", b"{}\n\n\n"):
        assert cut(body) == Envelope()


def test_an_item_without_a_length_ends_at_the_line() -> None:
    body = HEAD + b'{"type":"event"}\n{"message":"x"}'
    assert items(body) == [("event", b'{"message":"x"}')]
    assert cut(body).event_id == ID


def test_bytes_are_counted_where_there_is_a_length() -> None:
    body = HEAD + b'{"type":"attachment","length":3,"filename":"a"}\na\nb\n{"type":"event"}\n{}'
    assert items(body) == [("attachment", b"a\nb"), ("event", b"{}")]
    text = "ünïcode ☕".encode()
    body = HEAD + b'{"type":"event","length":%d}\n%b\n{"type":"event"}\n{}' % (len(text), text)
    assert items(body) == [("event", text), ("event", b"{}")]


def test_empty_attachments_are_items_too() -> None:
    body = (
        HEAD
        + b'{"type":"attachment","length":0,"filename":"a"}\n\n'
        + b'{"type":"attachment","length":0,"filename":"b"}\n'
    )
    assert items(body) == [("attachment", b""), ("attachment", b"")]
    assert items(HEAD + b'{"type":"attachment","length":0}') == [("attachment", b"")]
    assert items(HEAD + b'{"type":"event"}') == [("event", b"")]


@pytest.mark.parametrize(
    "item",
    [
        b'{"type":"attachment","length":9}\nabc',
        b'{"type":"attachment","length":2}\nabc\n',
        b'{"type":"attachment","length":1}',
        b'{"type":"attachment","length":-1}\nabc',
        b'{"type":"attachment","length":"3"}\nabc',
        b'{"type":"attachment","length":1.5}\nabc',
        b'{"type":"attachment","length":99999999999999999999}\nabc',
        b'{"length":3}\nabc',
        b'{"type":7}\nabc',
        b"[]\nabc",
        b"not json\n{}",
        b'{"type":"event"',
    ],
)
def test_a_broken_item_costs_only_what_follows(item: bytes) -> None:
    envelope = cut(HEAD + b'{"type":"event"}\n{"message":"kept"}\n' + item)
    assert [item.payload for item in envelope.items] == [b'{"message":"kept"}']
    assert envelope.broken is not None and "2" in envelope.broken


def test_an_unknown_item_is_skipped_by_its_length() -> None:
    body = b'{}\n{"type":"hologram","length":4}\n\n\n\n\n\n{"type":"client_report"}\n{"a":1}'
    assert items(body) == [("hologram", b"\n\n\n\n"), ("client_report", b'{"a":1}')]


def test_stray_empty_lines_and_carriage_returns_between_items_do_no_harm() -> None:
    body = b'{}\r\n\r\n\n  \n{"type":"event"}\r\n{"message":"x"}\n\n\n{"type":"event"}\n{}\n\n'
    assert items(body) == [("event", b'{"message":"x"}'), ("event", b"{}")]


def test_a_file_name_of_half_a_character_is_no_reason_to_lose_the_event() -> None:
    body = HEAD + b'{"type":"attachment","length":1,"filename":"\\ud83d"}\nx\n{"type":"event"}\n{}'
    assert items(body) == [("attachment", b"x"), ("event", b"{}")]


def test_headers_are_read_as_clients_write_them() -> None:
    envelope = cut(
        b'{"event_id":"9EC79C33-EC99-42AB-8353-589FCB2E04DC","dsn":"http://k@h/1",'
        b'"sent_at":"2026-11-23T12:14:57.800Z","sdk":{"name":"sentry.javascript.node","version":"11.12.0"},'
        b'"trace":{"sampled":true}}\n'
    )
    assert envelope.event_id == ID
    assert envelope.dsn == "http://k@h/1"
    assert envelope.sent_at == 1_795_436_097_800
    assert envelope.sdk == "sentry.javascript.node/11.12.0"


@pytest.mark.parametrize(
    "header",
    [
        b'{"event_id":7,"dsn":[],"sent_at":{},"sdk":"x"}',
        b'{"event_id":"zz","sent_at":"soon","sdk":{"name":[]}}',
        b'{"event_id":null,"sdk":null,"sent_at":NaN}',
        b'\xef\xbb\xbf{"trace":"\\ud800"}',
    ],
)
def test_odd_headers_are_read_as_absent(header: bytes) -> None:
    assert cut(header + b"\n") == Envelope()


@pytest.mark.parametrize(
    "body", [b"", b"\n", b"[]\n", b"nonsense", b"\x1f\x8b\x08", b"[" * 9000, b'"x"']
)
def test_without_a_header_nothing_can_be_read(body: bytes) -> None:
    with pytest.raises(EnvelopeError):
        cut(body)


def test_headers_and_numbers_of_items_are_bounded() -> None:
    limits = Limits(header_line=100, items=3)
    with pytest.raises(EnvelopeError):
        parse_envelope(b'{"a":"%b"}' % (b"x" * 100), limits)
    long = parse_envelope(b'{}\n{"type":"event","a":"%b"}\n{}' % (b"x" * 100), limits)
    assert long.items == () and long.broken
    many = parse_envelope(b"{}\n" + b'{"type":"event"}\n{}\n' * 4, limits)
    assert len(many.items) == 3 and many.broken


def test_a_container_says_how_many_it_holds() -> None:
    envelope = cut(b'{}\n{"type":"log","item_count":8}\n{}\n{"type":"log","item_count":"many"}\n{}')
    assert [item.count() for item in envelope.items] == [8, 1]
    huge = cut(b'{}\n{"type":"log","item_count":2000000000}\n{}')
    assert huge.items[0].count() == 10_000


@given(st.binary(max_size=400))
def test_any_bytes_are_an_envelope_or_an_envelope_error(body: bytes) -> None:
    for candidate in (body, b"{}\n" + body, HEAD + b'{"type":"event"}\n' + body):
        try:
            envelope = cut(candidate)
        except EnvelopeError:
            continue
        assert sum(len(item.payload) for item in envelope.items) <= len(candidate)


pieces = st.sampled_from(
    [
        b"\n",
        b"{}",
        b'{"type":"event"}',
        b'{"type":"attachment","length":',
        b"3",
        b"}",
        b"abc",
        b"\r",
        b" ",
        b"\xff",
        b'"',
    ]
)


@given(st.lists(pieces, max_size=30))
def test_pieces_of_envelopes_in_any_order_raise_nothing_else(parts: list[bytes]) -> None:
    try:
        cut(b"{}\n" + b"".join(parts))
    except EnvelopeError:
        pytest.fail("the header was fine")


names = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.lists(st.tuples(names, st.binary(max_size=60), st.booleans()), max_size=8))
def test_what_was_put_together_comes_apart_the_same(parts: list[tuple[str, bytes, bool]]) -> None:
    body = b"{}"
    for name, payload, is_counted in parts:
        counted = is_counted or b"\n" in payload
        header = {"type": name, **({"length": len(payload)} if counted else {})}
        body += b"\n" + json.dumps(header).encode() + b"\n" + payload
    assert items(body) == [(name, payload) for name, payload, _ in parts]
