"""What a provider says that lies, dawdles, talks too much or points elsewhere."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from lighttrace.clock import FixedClock
from lighttrace.errors import SignInError
from lighttrace.settings.sign_in import Oidc
from lighttrace.web import oidc
from lighttrace.web.oidc import Attempt, Provider

NOW_MS = 1_795_500_000_000
NOW = NOW_MS // 1000
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
ATTEMPT = Attempt("the nonce", "the verifier", "http://testserver/login/oidc/callback")
Answer = tuple[int, dict[str, str], bytes]


class Liar:
    """An HTTP server that answers each path as it is told, and keeps what it was asked."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.asked: list[tuple[str, dict[str, str], str]] = []
        self.answers: dict[str, Callable[[], Answer]] = {}
        self.document: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        self.keys: list[Any] = [KEY.as_dict(private=False)]
        self.claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": "lt",
            "sub": "tove",
            "exp": NOW + 300,
            "iat": NOW,
            "nonce": ATTEMPT.nonce,
            "email": "tove@example.com",
        }
        self.token: Callable[[], str] = lambda: signed(self.claims)

    def answer(self, path: str) -> Answer:
        if path in self.answers:
            return self.answers[path]()
        if path == "/.well-known/openid-configuration":
            return as_json(self.document)
        if path == "/keys":
            return as_json({"keys": self.keys})
        if path == "/token":
            return as_json({"id_token": self.token(), "access_token": "open sesame"})
        return 404, {}, b"{}"


def as_json(what: Any) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(what).encode()


def signed(claims: dict[str, Any], key: Any = KEY, algorithm: str = "RS256", **header: Any) -> str:
    head = {"alg": algorithm, "kid": key.kid} | header
    return jwt.encode(head, claims, key, algorithms=[algorithm])


@contextmanager
def lying() -> Iterator[Liar]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            liar.asked.append((self.path, dict(self.headers), body))
            status, headers, answer = liar.answer(self.path)
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            except OSError:
                pass  # nobody wanted to hear the end of it

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    liar = Liar(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield liar
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def liar() -> Iterator[Liar]:
    with lying() as made:
        yield made


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW_MS)


def provider_of(liar: Liar, clock: FixedClock, **options: Any) -> Provider:
    given = {"issuer": liar.issuer, "client_id": "lt", "allowed_domains": ("*",), **options}
    return Provider(Oidc(**given), clock)


@pytest.fixture
def provider(liar: Liar, clock: FixedClock) -> Provider:
    return provider_of(liar, clock)


async def test_a_true_answer_is_believed(liar: Liar, provider: Provider) -> None:
    assert (await provider.finish(ATTEMPT, "code"))["email"] == "tove@example.com"
    [(_, _, form)] = [it for it in liar.asked if it[0] == "/token"]
    assert "code_verifier=the+verifier" in form and "client_id=lt" in form
    await provider.finish(ATTEMPT, "code")
    paths = [path for path, _, _ in liar.asked]
    assert paths.count("/keys") == paths.count("/.well-known/openid-configuration") == 1


async def test_a_browser_is_sent_with_everything_the_flow_needs(provider: Provider) -> None:
    target = await provider.begin(ATTEMPT, "the state")
    for part in ("response_type=code", "state=the+state", "nonce=the+nonce", "scope=openid"):
        assert part in target
    assert "code_challenge_method=S256" in target and "the+verifier" not in target


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def changed(**over: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda claims: claims | over


FALSE = {
    "of another issuer": changed(iss="https://evil.example"),
    "for another program": changed(aud="other"),
    "for others as well, by nobody knows whom": changed(aud=["lt", "other"]),
    "handed to another program": changed(aud=["lt", "other"], azp="other"),
    "handed to another program alone": changed(azp="other"),
    "expired": changed(exp=NOW - 61),
    "from the future": changed(iat=NOW + 3600),
    "not valid yet": changed(nbf=NOW + 3600),
    "of another sign-in": changed(nonce="another"),
    "of a number of a sign-in": changed(nonce=5),
    "of a person that is a number": changed(sub=5),
    "with a time that is a text": changed(exp="tomorrow"),
    **{f"without {name}": without(name) for name in ("iss", "aud", "sub", "exp", "iat", "nonce")},
}


@pytest.mark.parametrize("name", FALSE)
async def test_a_token_that_does_not_fit_is_not_believed(
    liar: Liar, provider: Provider, name: str
) -> None:
    liar.claims = FALSE[name](liar.claims)
    with pytest.raises(SignInError, match="cannot be believed"):
        await provider.finish(ATTEMPT, "code")


async def test_a_minute_of_difference_between_clocks_is_borne(
    liar: Liar, provider: Provider
) -> None:
    liar.claims |= {"exp": NOW - 30, "iat": NOW + 30}
    assert await provider.finish(ATTEMPT, "code")
    liar.claims |= {"exp": NOW + 300, "aud": ["lt", "other"], "azp": "lt"}
    assert await provider.finish(ATTEMPT, "code")


def unsigned(claims: dict[str, Any], algorithm: str) -> str:
    parts = ({"alg": algorithm, "kid": "one"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(it).encode()).rstrip(b"=") for it in parts]
    return b".".join((*encoded, b"")).decode()


def by_public_key(claims: dict[str, Any]) -> str:
    """HS256 with the public key as the secret: the oldest trick."""
    said = unsigned(claims, "HS256").rstrip(".")
    made = hmac.digest(KEY.as_pem(private=False), said.encode(), "sha256")
    return f"{said}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def tampered(claims: dict[str, Any]) -> str:
    head, _, signature = signed(claims).split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "mira"}).encode()).rstrip(b"=")
    return f"{head}.{body.decode()}.{signature}"


FORGED: dict[str, Callable[[dict[str, Any]], str]] = {
    "no signature": lambda claims: unsigned(claims, "none"),
    "an empty signature": lambda claims: unsigned(claims, "RS256"),
    "another key of the same name": lambda claims: signed(
        claims, RSAKey.generate_key(2048, {"kid": "one"})
    ),
    "a key it brings along": lambda claims: signed(
        claims, other := RSAKey.generate_key(2048, {"kid": "x"}), jwk=other.as_dict(private=False)
    ),
    "changed claims": tampered,
    "the public key as a secret": by_public_key,
    "no token at all": lambda _: "nothing",
    "an empty text": lambda _: "",
    "a very long text": lambda _: "x" * 900_000,
    "letters of another kind": lambda _: "é.ü.ß",
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_token_is_not_believed(liar: Liar, provider: Provider, name: str) -> None:
    liar.token = lambda: FORGED[name](liar.claims)
    with pytest.raises(SignInError, match="cannot be believed"):
        await provider.finish(ATTEMPT, "code")


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ECKey.generate_key("P-256", {"kid": "e"}), "ES256"),
        (ECKey.generate_key("P-521", {"kid": "f"}), "ES512"),
        (OKPKey.generate_key("Ed25519", {"kid": "g"}), "Ed25519"),
        (KEY, "PS256"),
    ],
)
async def test_other_ways_to_sign_will_do(
    liar: Liar, provider: Provider, key: Any, algorithm: str
) -> None:
    liar.keys = [{"kty": "new"}, 5, {"kty": "RSA", "n": "x"}, key.as_dict(private=False)]
    liar.token = lambda: signed(liar.claims, key, algorithm)
    assert await provider.finish(ATTEMPT, "code")


async def test_a_new_key_is_looked_for_but_not_by_every_forger(
    liar: Liar, provider: Provider, clock: FixedClock
) -> None:
    def asked() -> int:
        return sum(path == "/keys" for path, _, _ in liar.asked)

    await provider.finish(ATTEMPT, "code")
    second = RSAKey.generate_key(2048, {"kid": "two"})
    liar.keys, liar.token = [second.as_dict(private=False)], lambda: signed(liar.claims, second)
    for _ in range(3):
        with pytest.raises(SignInError):
            await provider.finish(ATTEMPT, "code")
    assert asked() == 1
    clock.advance(oidc.SOON_S * 1000)
    assert await provider.finish(ATTEMPT, "code")
    assert asked() == 2


async def test_what_userinfo_adds_is_about_the_same_person(liar: Liar, provider: Provider) -> None:
    liar.document["userinfo_endpoint"] = f"{liar.issuer}/me"
    del liar.claims["email"]
    liar.answers["/me"] = lambda: as_json({"sub": "mira", "email": "mira@example.com"})
    with pytest.raises(SignInError, match="two different people"):
        await provider.finish(ATTEMPT, "code")
    liar.answers["/me"] = lambda: as_json({"sub": "tove", "email": "t@example.com", "aud": "x"})
    claims = await provider.finish(ATTEMPT, "code")
    assert (claims["email"], claims["aud"]) == ("t@example.com", "lt")
    [(_, headers, _)] = [it for it in liar.asked if it[0] == "/me"][-1:]
    assert headers["Authorization"] == "Bearer open sesame"


@pytest.mark.parametrize("answer", [b"", b"[]", b"not json", b"[" * 100_000, b'"x"', b"\xff"])
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
async def test_nonsense_is_an_error_in_words(
    liar: Liar, provider: Provider, path: str, answer: bytes
) -> None:
    liar.answers[path] = lambda: (200, {}, answer)
    with pytest.raises(SignInError, match="The provider"):
        await provider.finish(ATTEMPT, "code")


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://other.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"token_endpoint": "ftp://127.0.0.1/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://user@127.0.0.1/"},
        {"jwks_uri": ["http://127.0.0.1/keys"]},
        {"jwks_uri": "http://[::1"},
    ],
)
async def test_a_document_that_is_wrong_is_not_followed(
    liar: Liar, provider: Provider, document: dict[str, Any]
) -> None:
    liar.document |= document
    with pytest.raises(SignInError):
        await provider.begin(ATTEMPT, "state")


async def test_an_encrypted_provider_does_not_lead_into_the_clear(
    liar: Liar, clock: FixedClock
) -> None:
    secure = provider_of(liar, clock, issuer="https://id.example.com")
    assert not secure._may_be("http://id.example.com/token")
    assert secure._may_be("https://login.example.com/token")


@pytest.mark.parametrize("code", [301, 302, 307, 308])
async def test_no_redirect_is_followed(liar: Liar, provider: Provider, code: int) -> None:
    liar.answers["/token"] = lambda: (code, {"Location": f"{liar.issuer}/elsewhere"}, b"{}")
    with pytest.raises(SignInError, match=f"error \\({code}\\)"):
        await provider.finish(ATTEMPT, "code")
    assert "/elsewhere" not in [path for path, _, _ in liar.asked]


@pytest.mark.parametrize("elsewhere", ["127.0.0.2", "localhost", "10.0.0.1", "169.254.169.254"])
async def test_a_provider_cannot_make_us_ask_its_neighbours(
    liar: Liar, provider: Provider, elsewhere: str
) -> None:
    liar.document["token_endpoint"] = f"http://{elsewhere}:{liar.issuer.rsplit(':')[-1]}/token"
    with pytest.raises(SignInError, match="must not be asked"):
        await provider.finish(ATTEMPT, "code")
    assert "/token" not in [path for path, _, _ in liar.asked]


async def test_a_provider_that_does_not_stop_talking_is_left(
    liar: Liar, provider: Provider
) -> None:
    liar.answers["/keys"] = lambda: (200, {}, b" " * (oidc.ANSWER_BYTES + 1))
    with pytest.raises(SignInError, match="more than can be read"):
        await provider.finish(ATTEMPT, "code")


async def test_a_packed_answer_is_not_unpacked(liar: Liar, provider: Provider) -> None:
    packed = {"Content-Encoding": "gzip"}
    liar.answers["/keys"] = lambda: (200, packed, b"\x1f\x8b\x08\x00" + b"\0" * 100)
    with pytest.raises(SignInError, match="answered with an error"):
        await provider.finish(ATTEMPT, "code")
    assert {headers["Accept-Encoding"] for _, headers, _ in liar.asked} == {"identity"}


async def test_a_provider_that_dawdles_is_left(
    liar: Liar, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "ASK_S", 0.2)
    hold = threading.Event()

    def dawdle() -> Answer:
        hold.wait(10)
        return as_json({})

    liar.answers["/token"] = dawdle
    began = time.perf_counter()
    with pytest.raises(SignInError, match="cannot be reached just now"):
        await provider.finish(ATTEMPT, "code")
    assert time.perf_counter() - began < 5
    hold.set()


async def test_a_provider_that_is_not_there_is_said_so(clock: FixedClock) -> None:
    nowhere = Oidc(issuer="http://127.0.0.1:9", client_id="lt", allowed_domains=("*",))
    with pytest.raises(SignInError, match="cannot be reached just now"):
        await Provider(nowhere, clock).begin(ATTEMPT, "state")


async def test_an_issuer_with_a_slash_at_its_end_is_the_same(
    liar: Liar, provider: Provider
) -> None:
    liar.document["issuer"] = liar.claims["iss"] = f"{liar.issuer}/"
    assert (await provider.finish(ATTEMPT, "code"))["iss"] == f"{liar.issuer}/"
