"""Where a request of ours goes and where it does not, against real servers of this machine."""

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from lighttrace import outward
from lighttrace.errors import OutwardError
from lighttrace.outward import Request, is_public, look_up, send, shown
from tests import certificates
from tests.alerts.hooks import hooked

PRIVATE = (
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.0.9",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
)
PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::64", "64:ff9b::808:808")


class Names:
    """A name server that says something else each time it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def to(url: str, body: bytes = b"{}") -> Request:
    return Request(url, body, {"Content-Type": "application/json"})


@contextmanager
def a_mute(say: bytes = b"", first: bytes = b"") -> Iterator[int]:
    """A port where a connection is taken, and nothing is said or the same again and again."""
    done = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection:
            try:
                connection.sendall(first)
                while not done.wait(0.02):
                    connection.sendall(say)
            except OSError:
                return

    def serve(listening: socket.socket) -> None:
        listening.settimeout(0.05)
        while not done.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            threading.Thread(target=drip, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_leads_to_us_or_to_nobody_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.5", "fe80::1%1"])
async def test_a_host_with_a_private_address_is_refused_by_name(address: str) -> None:
    names = Names([address])
    with pytest.raises(
        OutwardError, match=r"hook\.example leads to .* no public address"
    ) as caught:
        await send(to("https://hook.example/x"), resolve=names)
    assert caught.value.code == "private"


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(OutwardError, match=r"127\.0\.0\.1"):
        await look_up("https://hook.example/", resolve=Names(["8.8.8.8", "127.0.0.1"]))


@pytest.mark.parametrize(
    "url",
    [
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://localhost/",
        "https://0/",
    ],
)
async def test_however_this_machine_is_spelled_it_is_found_out(url: str) -> None:
    """By the system's own resolver, as it would be in earnest."""
    with pytest.raises(OutwardError) as caught:
        await look_up(url)
    assert caught.value.code == "private"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hook.example/", "not encrypted"),
        ("ftp://hook.example/", "https://"),
        ("https:///x", "a host"),
        ("https://ada:pw@hook.example/", "a name and a password"),
        ("https://hook.example@evil.example/", "a name and a password"),
        ("https://hook.example/#x", "#"),
        ("https://hook.example:25/", "port 25"),
        ("https://hook.example:0/", "port 0"),
        ("https://hook.example:99999/", "its port is none"),
        ("https://hook.example:s3cr3t/", "its port is none"),
        ("https://hook.example/a b", "a space"),
        ("https://hook.example/\r\nX: y", "a space"),
        ("https://hook.example\\@evil.example/", "a space or another"),
        ("https://hööök.example/", "a space or another"),
        ("https://hook.example/" + "x" * 3000, "longer"),
    ],
)
async def test_an_address_that_is_none_is_refused_before_anybody_is_asked(
    url: str, why: str
) -> None:
    names = Names(["8.8.8.8"])
    with pytest.raises(OutwardError, match=why):
        await look_up(url, resolve=names)
    assert names.asked == 0


async def test_an_address_of_the_own_network_can_be_allowed() -> None:
    with hooked() as server:
        answer = await send(to(f"{server.base}/x"), allow_private=True)
    assert (answer.status, answer.body) == (200, b"ok")
    (it,) = server.arrived
    assert it.headers["host"] == f"127.0.0.1:{server.port}"
    assert it.headers["user-agent"] == "LightTrace"
    assert it.headers["accept-encoding"] == "identity"


async def test_a_name_that_is_elsewhere_when_it_is_asked_again_changes_nothing() -> None:
    """DNS rebinding: what was looked at is what is connected to."""
    with hooked() as first, hooked(host="127.0.0.2", port=first.port) as second:
        names = Names(["127.0.0.1"], ["127.0.0.2"])
        url = f"http://hook.example:{first.port}/x"
        await send(to(url), allow_private=True, resolve=names)
        assert names.asked == 1
        assert [it.headers["host"] for it in first.arrived] == [f"hook.example:{first.port}"]
        assert second.connections == 0


async def test_a_name_that_was_public_a_moment_ago_is_refused_when_it_is_private_now() -> None:
    with hooked() as server:
        names = Names(["8.8.8.8"], ["127.0.0.1"])
        url = f"https://hook.example:{server.port}/x"
        place = await look_up(url, resolve=names)
        assert place.pinned(place.addresses[0]) == f"https://8.8.8.8:{server.port}/x"
        with pytest.raises(OutwardError, match="no public address"):
            await send(to(url), resolve=names)
        assert server.connections == 0


async def test_a_redirect_is_an_answer_and_nobody_goes_there() -> None:
    with hooked() as server, hooked(host="127.0.0.2") as inside:
        server.answer = (302, {"Location": f"{inside.base}/latest/meta-data"}, b"")
        answer = await send(to(f"{server.base}/x"), allow_private=True)
        assert answer.status == 302
        assert inside.connections == 0


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with hooked() as server, hooked(host="127.0.0.2") as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.base)
        await send(to(f"{server.base}/x"), allow_private=True)
        assert len(server.arrived) == 1
        assert proxy.connections == 0


def tls_of(certificate: Path) -> tuple[ssl.SSLContext, list[str | None]]:
    """For a server, with the names that it is asked for."""
    context, asked = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    context.load_cert_chain(certificate)
    context.sni_callback = lambda connection, name, _: asked.append(name)
    return context, asked


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Believe an authority, as whoever runs a server may (SSL_CERT_FILE)."""

    def trust(authority: Path) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        outward._trusted.cache_clear()

    yield trust
    outward._trusted.cache_clear()


async def test_over_tls_the_name_is_asked_for_and_checked_though_the_address_is_called(
    tmp_path: Path, trusting: Callable[[Path], None]
) -> None:
    authority, certificate = certificates.write(tmp_path, "hook.example")
    trusting(authority)
    tls, asked = tls_of(certificate)
    with hooked(tls=tls) as server:
        url = f"https://hook.example:{server.port}/x"
        names = Names(["127.0.0.1"])
        assert (await send(to(url), allow_private=True, resolve=names)).status == 200
        assert asked == ["hook.example"]
        assert server.arrived[0].headers["host"] == f"hook.example:{server.port}"

        other = f"https://other.example:{server.port}/x"
        with pytest.raises(OutwardError, match=r"certificate is not trusted.*other"):
            await send(to(other), allow_private=True, resolve=names)
        assert len(server.arrived) == 1


async def test_a_certificate_of_an_unknown_authority_is_not_trusted(tmp_path: Path) -> None:
    _, certificate = certificates.write(tmp_path, "hook.example")
    with hooked(tls=tls_of(certificate)[0]) as server:
        url = f"https://hook.example:{server.port}/x"
        with pytest.raises(OutwardError, match="its certificate is not trusted"):
            await send(to(url), allow_private=True, resolve=Names(["127.0.0.1"]))
        assert server.arrived == []


async def test_of_a_long_answer_the_beginning_is_read() -> None:
    with hooked() as server:
        server.answer = (200, {}, b"x" * 50_000_000)
        answer = await send(to(f"{server.base}/x"), allow_private=True)
    assert answer.body == b"x" * outward.ANSWER_BYTES


async def test_an_answer_without_an_end_is_not_read_to_its_end() -> None:
    with a_mute(b"x" * 2048, first=b"HTTP/1.1 200 OK\r\n\r\n") as port:
        answer = await send(to(f"http://127.0.0.1:{port}/x"), allow_private=True)
    assert (answer.status, answer.body) == (200, b"x" * outward.ANSWER_BYTES)


async def test_a_packed_answer_is_not_unpacked() -> None:
    with hooked() as server:
        server.answer = (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b not gzip")
        answer = await send(to(f"{server.base}/x"), allow_private=True)
    assert answer.body == b"\x1f\x8b not gzip"


async def test_a_server_that_says_nothing_is_not_waited_for_long() -> None:
    with a_mute() as port, pytest.raises(OutwardError, match=r"did not answer within 0\.3 s"):
        await send(to(f"http://127.0.0.1:{port}/x"), allow_private=True, time_s=0.3)


async def test_one_that_answers_a_byte_at_a_time_is_not_either() -> None:
    """Each byte would begin the time of a read anew; the whole has its own."""
    with a_mute(b"H") as port, pytest.raises(OutwardError, match=r"within 0\.3 s"):
        async with asyncio.timeout(5):
            await send(to(f"http://127.0.0.1:{port}/x"), allow_private=True, time_s=0.3)


async def test_one_that_speaks_another_language_is_told_apart() -> None:
    with a_mute(b"220 smtp ready\r\n\r\n") as port, pytest.raises(OutwardError, match="broke off"):
        await send(to(f"http://127.0.0.1:{port}/x"), allow_private=True)


async def test_nobody_at_the_port_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(OutwardError, match="nobody listens at that port") as caught:
        await send(to(f"http://127.0.0.1:{port}/hooks/s3cr3t"), allow_private=True)
    assert "s3cr3t" not in str(caught.value)


async def test_another_address_of_the_host_is_tried_if_one_takes_no_connection() -> None:
    with hooked() as server:
        names = Names(["127.0.0.9", "127.0.0.1"])
        url = f"http://hook.example:{server.port}/x"
        assert (await send(to(url), allow_private=True, resolve=names)).status == 200
    assert len(server.arrived) == 1


async def test_a_name_nobody_knows_is_said() -> None:
    async def nobody(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(OutwardError, match=r"hook\.example is not known"):
        await send(to("https://hook.example/s3cr3t"), resolve=nobody)


async def test_a_message_that_is_too_large_is_not_sent() -> None:
    with hooked() as server:
        with pytest.raises(OutwardError, match="larger than 64 KiB"):
            await send(to(f"{server.base}/x", b"x" * 70_000), allow_private=True)
        assert server.connections == 0


async def test_the_secret_of_an_address_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with hooked() as server:
        await send(to(f"{server.base}/hooks/s3cr3t?sig=s3cr3t"), allow_private=True)
    assert "s3cr3t" in server.arrived[0].path
    assert "s3cr3t" not in caplog.text


def test_an_address_is_shown_by_its_host_and_a_few_letters() -> None:
    assert shown("https://hooks.slack.com/services/T0/B0/abc?x=1") == "hooks.slack.com/serv…"
    assert shown("https://chat.example:8443/") == "chat.example:8443/"
