"""Which keys of an event name a secret: they are split on case and punctuation, and matched as
whole words, so `monkey` stays and `userPassword` goes. The lists belong to the grouping version.
"""

import re
from itertools import pairwise

VERDICTS = 20_000  # keys remembered; they come from outside, so there is a bound
KEY = 200  # characters of a key that are looked at; longer ones are not remembered

# one of these words anywhere in a key
WORDS = frozenset((
    "password", "passwords", "passwd", "passphrase", "pwd", "secret", "secrets", "token",
    "credential", "credentials", "csrf", "xsrf", "jwt", "apikey", "apisecret", "csrftoken",
    "xsrftoken", "csrfmiddlewaretoken", "stripetoken", "accesstoken", "refreshtoken", "idtoken",
    "authtoken", "privatekey", "secretkey", "authorization", "phpsessid", "jsessionid",
    "sessionid", "cardnumber", "creditcard", "cvv", "cvc", "iban",
))  # fmt: skip
# these only as the complete key
WHOLE = frozenset(("key", "session", "auth", "card", "sid", "pin", "bearer"))
# these next to each other
PAIRS = frozenset(tuple(pair.split()) for pair in (
    "api key", "private key", "secret key", "access key", "signing key", "encryption key",
    "session id", "session key", "session cookie", "auth key", "auth code", "auth header",
    "x auth", "proxy auth", "card number", "credit card", "debit card", "security code",
    "set cookie", "mysql pwd", "php sessid",
))  # fmt: skip
# parts of an event in which a key is a package or a place, not the name of a value
WHOLE_PARTS = frozenset(("modules", "debug_meta", "_meta"))
# code and ids: a pattern in here is the program, not its data
LEFT_ALONE = WHOLE_PARTS | frozenset((
    "context_line", "pre_context", "post_context", "function", "raw_function", "module",
    "filename", "event_id", "trace_id", "span_id", "parent_span_id", "debug_id", "timestamp",
))  # fmt: skip
ADDRESS_KEYS = frozenset((
    "ip_address", "remote_addr", "x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip",
    "cf-connecting-ip", "x-client-ip",
))  # fmt: skip
# what a text has to hold if any of the keys above is in it
STEMS = (
    "pass", "pwd", "secret", "token", "key", "auth", "cred", "csrf", "xsrf", "jwt", "sess",
    "sid", "card", "cv", "iban", "bearer", "pin",
)  # fmt: skip

ORDINARY, SECRET, LEAVE, ADDRESS = range(4)
_SEGMENTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class Verdicts(dict[str, int]):
    """Verdicts on keys; a new key is judged when it is looked up. `extra` are secret too, as words
    or complete names; `safe` never are, as complete names.
    """

    def __init__(
        self, extra: tuple[str, ...], safe: tuple[str, ...], *, secrets: bool, addresses: bool
    ) -> None:
        self._extra = frozenset(key.lower() for key in extra)
        self._safe = frozenset(key.lower() for key in safe)
        self._secrets = secrets
        self._addresses = addresses
        self.stems = (*STEMS, *sorted(self._extra - {""}))

    def __missing__(self, key: str) -> int:
        verdict = self._judge(key)
        if len(self) < VERDICTS and len(key) <= KEY:
            self[key] = verdict
        return verdict

    def _judge(self, key: str) -> int:
        lower = key[:KEY].lower()
        if lower in LEFT_ALONE or lower in self._safe:
            return LEAVE if lower in LEFT_ALONE else ORDINARY
        if self._addresses and lower.replace("http_", "").replace("_", "-") in _DASHED:
            return ADDRESS
        if not self._secrets:
            return ORDINARY
        words = [word.lower() for word in _SEGMENTS.findall(key[:KEY])]
        is_secret = (
            lower in WHOLE
            or lower in self._extra
            or not WORDS.isdisjoint(words)
            or not self._extra.isdisjoint(words)
            or any(pair in PAIRS for pair in pairwise(words))
        )
        return SECRET if is_secret else ORDINARY


_DASHED = frozenset(key.replace("_", "-") for key in ADDRESS_KEYS)
