"""Asking a provider who somebody is: OpenID Connect 1.0, the code flow with PKCE.

What it says is believed only by its signature, with keys from its own address. Everything it
answers is bounded in time and size, and no redirect is followed. It may be in a private network,
since the administrator named it; what it refers to on other hosts may not (`_reachable`).
Raises SignInError, and nothing else: a sentence for whoever is signing in.
"""

import asyncio
import base64
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx2
import msgspec
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from lighttrace import outward
from lighttrace.clock import Clock
from lighttrace.errors import OutwardError, SignInError
from lighttrace.event.model import Json
from lighttrace.settings.sign_in import Oidc

log = logging.getLogger(__name__)

# What a public key can verify. No `none`, and no HS256: with that, a public key would be a secret.
ALGORITHMS = tuple(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512))
ALGORITHMS += ("Ed25519",)
ASK_S = 10  # for all that one step of a sign-in asks the provider
ANSWER_BYTES = 1024 * 1024
FRESH_S = 60 * 60  # how long its addresses and keys are taken as they are
SOON_S = 30  # a key nobody knows makes us look again, but not more often
LEEWAY_S = 60  # that the clocks of two machines may differ
KEYS = 100  # of a provider; they publish two or three

Claims = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the provider is asked for what. `issuer` is spelled as it does itself."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str | None
    basic: bool  # whether the secret goes into a header; else into the form


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one sign-in has to remember: made at its start, compared at its end."""

    nonce: str
    verifier: str
    redirect_uri: str


def new_attempt(redirect_uri: str) -> Attempt:
    return Attempt(secrets.token_urlsafe(32), secrets.token_urlsafe(48), redirect_uri)


class Provider:
    def __init__(self, options: Oidc, clock: Clock) -> None:
        self.options = options
        self._clock = clock
        self._lock = asyncio.Lock()
        self._endpoints: Endpoints | None = None
        self._endpoints_at = 0.0
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    async def begin(self, attempt: Attempt, state: str) -> str:
        """The address to send a browser to."""
        async with self._in_time() as client:
            endpoints = await self._where(client)
        challenge = base64.urlsafe_b64encode(sha256(attempt.verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self.options.client_id,
            "redirect_uri": attempt.redirect_uri,
            "scope": " ".join(self.options.scopes),
            "state": state,
            "nonce": attempt.nonce,
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        address = endpoints.authorization
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"

    async def look(self) -> int:
        """Ask as a sign-in would, for nobody: how many keys it has that can be used."""
        async with self._in_time() as client:
            await self._fetch_keys(client, await self._where(client))
        return len(self._keys.keys) if self._keys else 0

    async def finish(self, attempt: Attempt, code: str) -> Claims:
        """What the provider says about whoever came back with this code."""
        async with self._in_time() as client:
            endpoints = await self._where(client)
            answer = await self._exchange(client, endpoints, attempt, code)
            id_token = answer.get("id_token")
            if not isinstance(id_token, str):
                raise SignInError("The provider did not say who you are.")
            claims = await self._verified(client, endpoints, id_token, attempt.nonce)
            access = answer.get("access_token")
            if endpoints.userinfo and isinstance(access, str) and self._lacks(claims):
                claims = await self._more(client, endpoints.userinfo, access, claims)
            return claims | {"iss": endpoints.issuer}

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[httpx2.AsyncClient]:
        """A client for one step; what goes wrong on the way becomes a sentence."""
        try:
            async with (
                asyncio.timeout(ASK_S),
                httpx2.AsyncClient(
                    timeout=ASK_S, follow_redirects=False, trust_env=False
                ) as client,
            ):
                yield client
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:  # TimeoutError is one
            log.warning("the provider %s cannot be reached: %r", self.options.issuer, error)
            raise SignInError("The provider cannot be reached just now.") from error

    # Where it is

    async def _where(self, client: httpx2.AsyncClient) -> Endpoints:
        async with self._lock:  # a crowd at the door asks once
            now_s = self._clock.monotonic_s()
            if self._endpoints is None or now_s - self._endpoints_at > FRESH_S:
                address = f"{self.options.issuer}/.well-known/openid-configuration"
                self._endpoints = self._read(await self._get(client, address))
                self._endpoints_at = now_s
            return self._endpoints

    def _read(self, document: Claims) -> Endpoints:
        issuer = document.get("issuer")
        if not isinstance(issuer, str) or issuer.rstrip("/") != self.options.issuer:
            log.warning("the provider %s calls itself %.200r", self.options.issuer, issuer)
            raise SignInError("The provider calls itself by another name than [sign_in.oidc] does.")

        def address(name: str) -> str:
            found = document.get(f"{name}_endpoint") if name != "jwks_uri" else document.get(name)
            if not isinstance(found, str) or not self._may_be(found):
                raise SignInError(f"The provider does not say where its {name} is.")
            return found

        methods = document.get("token_endpoint_auth_methods_supported")
        return Endpoints(
            issuer=issuer,
            authorization=address("authorization"),
            token=address("token"),
            keys=address("jwks_uri"),
            userinfo=address("userinfo") if document.get("userinfo_endpoint") else None,
            basic=not isinstance(methods, list) or "client_secret_basic" in methods,
        )

    def _may_be(self, address: str) -> bool:
        """Encrypted, unless the administrator named the provider itself without."""
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        schemes = ("https", "http") if self.options.issuer.startswith("http:") else ("https",)
        return parts.scheme in schemes and bool(parts.hostname) and not parts.username

    # What it says

    async def _exchange(
        self, client: httpx2.AsyncClient, endpoints: Endpoints, attempt: Attempt, code: str
    ) -> Claims:
        name, secret = self.options.client_id, self.options.client_secret
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        headers = {}
        if secret is not None and endpoints.basic:
            pair = f"{quote_plus(name)}:{quote_plus(secret)}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        else:
            form |= {"client_id": name} | ({"client_secret": secret} if secret else {})
        return await self._ask(client, "POST", endpoints.token, headers=headers, data=form)

    async def _verified(
        self, client: httpx2.AsyncClient, endpoints: Endpoints, id_token: str, nonce: str
    ) -> Claims:
        """The claims of an ID token (OpenID Connect Core, 3.1.3.7)."""
        name = self.options.client_id
        try:
            claims = await self._signed(client, endpoints, id_token)
            jwt.JWTClaimsRegistry(
                now=self._clock.now_ms() // 1000,
                leeway=LEEWAY_S,
                iss={"essential": True, "value": endpoints.issuer},
                aud={"essential": True, "value": name},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
            ).validate(claims)
            audience, party = claims["aud"], claims.get("azp")
            if party not in (name, None) or (
                party is None and isinstance(audience, list) and len(audience) > 1
            ):
                raise ValueError("it was made for another program")
            if not secrets.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
                raise ValueError("it belongs to another sign-in")
        except (JoseError, ValueError, TypeError, KeyError) as error:
            log.warning("a token of %s is not believed: %s", self.options.issuer, error)
            raise SignInError("What the provider said about you cannot be believed.") from error
        return claims

    async def _signed(
        self, client: httpx2.AsyncClient, endpoints: Endpoints, id_token: str
    ) -> Claims:
        """By a key of the provider, which may have changed since we asked for them."""
        now_s = self._clock.monotonic_s()
        if self._keys is None or now_s - self._keys_at > FRESH_S:
            await self._fetch_keys(client, endpoints)
        assert self._keys is not None
        try:
            return jwt.decode(id_token, self._keys, algorithms=ALGORITHMS).claims
        except (InvalidKeyIdError, BadSignatureError):
            if now_s - self._keys_at < SOON_S:
                raise
            await self._fetch_keys(client, endpoints)
            return jwt.decode(id_token, self._keys, algorithms=ALGORITHMS).claims

    async def _fetch_keys(self, client: httpx2.AsyncClient, endpoints: Endpoints) -> None:
        published = (await self._get(client, endpoints.keys)).get("keys")
        found: list[Key] = []
        for one in published[:KEYS] if isinstance(published, list) else ():
            if isinstance(one, dict) and one.get("kty") in ("RSA", "EC", "OKP"):
                try:
                    found.append(JWKRegistry.import_key(one))
                except (JoseError, ValueError, TypeError, KeyError):
                    continue  # of a kind we do not know; others may do
        if not found:
            raise SignInError("The provider publishes no key that could be used.")
        self._keys, self._keys_at = KeySet(found), self._clock.monotonic_s()

    def _lacks(self, claims: Claims) -> bool:
        """Whether something is needed that a provider may tell only when asked once more."""
        options = self.options
        groups = bool(options.allowed_groups or options.admin_groups)
        return "email" not in claims or (
            groups and options.groups_claim.partition(".")[0] not in claims
        )

    async def _more(
        self, client: httpx2.AsyncClient, address: str, access: str, claims: Claims
    ) -> Claims:
        """What the token says counts more than what the provider adds."""
        headers = {"Authorization": f"Bearer {access}"}
        more = await self._ask(client, "GET", address, headers=headers)
        if more.get("sub") != claims["sub"]:
            raise SignInError("The provider speaks of two different people.")
        return more | claims

    # Asking

    async def _get(self, client: httpx2.AsyncClient, address: str) -> Claims:
        return await self._ask(client, "GET", address)

    async def _ask(
        self,
        client: httpx2.AsyncClient,
        method: str,
        address: str,
        *,
        headers: dict[str, str] | None = None,
        data: dict[str, str] | None = None,
    ) -> Claims:
        """An answer in JSON. Its own words for a refusal go to the log, not to the person."""
        # unpacked, the last bytes of a packed answer could be a thousand times as many
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
        target, extensions = await self._reachable(address, headers)
        body = bytearray()
        async with client.stream(
            method, target, headers=headers, data=data, extensions=extensions
        ) as answer:
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > ANSWER_BYTES:
                    raise SignInError("The provider answers more than can be read.")
        try:
            read = msgspec.json.decode(bytes(body))
        except (msgspec.DecodeError, RecursionError):
            read = None
        if answer.status_code != 200 or not isinstance(read, dict):
            code = read.get("error") if isinstance(read, dict) else None
            log.warning("%s answers %d %.100r", address, answer.status_code, code)
            raise SignInError(f"The provider answered with an error ({answer.status_code}).")
        return read

    async def _reachable(self, address: str, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
        """The address to connect to. Another host than the issuer's must be public, and is pinned
        to the address that was looked at.
        """
        parts = urlsplit(address)
        if parts.hostname == urlsplit(self.options.issuer).hostname:
            return address, {}
        try:
            place = await outward.look_up(address)
        except OutwardError as error:
            log.warning("%s is not asked: %s", address, error)
            if error.code == "name":
                raise SignInError("The provider cannot be reached just now.") from error
            raise SignInError("The provider refers to a place that must not be asked.") from error
        headers["Host"] = parts.netloc
        return place.pinned(place.addresses[0]), {"sni_hostname": place.host}
