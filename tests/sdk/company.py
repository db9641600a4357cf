"""A company's provider of OpenID Connect, run with Node, and a browser that signs in there."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2
from joserfc.jwk import ECKey, RSAKey

PROGRAMS = Path(__file__).parent / "programs"
SECRET = "s e/c+r%et:&="  # every character that a header or a form could spoil
PEOPLE: dict[str, dict[str, Any]] = {
    "tove": {
        "email": "tove@example.com",
        "email_verified": True,
        "name": "Tove",
        "groups": ["developers"],
    },
    "samir": {"email": "samir@example.com", "email_verified": False, "groups": ["developers"]},
    "eve": {"email": "eve@other.example", "email_verified": True, "groups": ["sales"]},
    "jonas": {
        "email": "jonas@example.com",
        "email_verified": True,
        "groups": ["developers", "lighttrace-admins"],
    },
}


def a_key(name: str, algorithm: str = "RS256") -> dict[str, Any]:
    about = {"kid": name, "use": "sig", "alg": algorithm}
    if algorithm == "ES256":
        return dict(ECKey.generate_key("P-256", about).as_dict(private=True))
    return dict(RSAKey.generate_key(2048, about).as_dict(private=True))


@dataclass
class Company:
    """`people` and `keys` count from the next `restart` on."""

    folder: Path
    redirect_uri: str = "http://testserver/login/oidc/callback"
    keys: list[dict[str, Any]] = field(default_factory=lambda: [a_key("first")])
    people: dict[str, dict[str, Any]] = field(
        default_factory=lambda: json.loads(json.dumps(PEOPLE))
    )
    claims_at_userinfo: bool = False
    token_endpoint_auth_method: str = "client_secret_basic"
    id_token_signed_response_alg: str = "RS256"
    port: int = 0
    issuer: str = ""
    process: "subprocess.Popen[str] | None" = None

    def start(self) -> None:
        settings = self.folder / "provider.json"
        client = {
            "client_id": "light trace",
            "client_secret": SECRET,
            "redirect_uris": [self.redirect_uri],
            "token_endpoint_auth_method": self.token_endpoint_auth_method,
            "id_token_signed_response_alg": self.id_token_signed_response_alg,
        }
        said = {
            "port": self.port,
            "client": client,
            "keys": self.keys,
            "people": self.people,
            "claims_at_userinfo": self.claims_at_userinfo,
        }
        settings.write_text(json.dumps(said), "utf-8")
        with (self.folder / "provider.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["node", str(PROGRAMS / "provider.mjs"), str(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (self.folder / "provider.log").read_text("utf-8")
        self.issuer = json.loads(line)["issuer"]
        self.port = urlsplit(self.issuer).port or 0

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    pipe.close()
            self.process.wait(timeout=10)
            self.process = None

    def restart(self) -> None:
        """At the same address; whoever was signed in there no longer is."""
        self.stop()
        self.start()

    def toml(self, *lines: str) -> str:
        return "\n".join(
            (
                "[sign_in.oidc]",
                f'issuer = "{self.issuer}"',
                'client_id = "light trace"',
                f"client_secret = {json.dumps(SECRET, ensure_ascii=False)}",
                'scopes = ["openid", "email", "profile", "groups"]',
                *(lines or ('allowed_domains = ["example.com"]',)),
                "",
            )
        )


@contextmanager
def company(folder: Path, **options: Any) -> Iterator[Company]:
    made = Company(folder, **options)
    made.start()
    try:
        yield made
    finally:
        made.stop()


class Browser:
    """What a person does at the provider; it remembers them, as providers do."""

    def __init__(self, login: str) -> None:
        self.login = login
        self._cookies = httpx2.Cookies()

    def follow(self, address: str) -> str:
        """From the address LightTrace sends a browser to, to where the provider sends it back."""
        home = urlsplit(address).netloc
        with httpx2.Client(cookies=self._cookies, trust_env=False) as client:
            for _ in range(12):
                answer = client.get(address)
                while answer.status_code == 200:
                    answer = self._fill_in(client, answer)
                assert answer.is_redirect, answer.text
                address = urljoin(str(answer.url), answer.headers["location"])
                if urlsplit(address).netloc != home:
                    self._cookies = client.cookies
                    return address
        raise AssertionError("the provider sends people in circles")

    def _fill_in(self, client: httpx2.Client, page: httpx2.Response) -> httpx2.Response:
        action = re.search(r'action="([^"]+)"', page.text)
        prompt = re.search(r'name="prompt" value="(\w+)"', page.text)
        assert action and prompt, page.text
        form = {"prompt": prompt[1], "login": self.login, "password": "anything"}
        return client.post(urljoin(str(page.url), action[1]), data=form)
