"""`[[alerts.webhook]]`."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from lighttrace import outward
from lighttrace.settings.quiet_hours import WebhookHours
from lighttrace.toml.setting import Disagreement, Note, Table, read_by

PREFIX = "webhook:"  # before its name, where those are named who are told

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_TOPIC = re.compile(r"/[-_A-Za-z0-9]{1,64}")
_CHAT = re.compile(r"[!-~]{1,255}")
# what `secret` and `chat` are for those kinds that cannot do without
SECRETS = {
    "generic": ("the key that messages are signed with", "${WEBHOOK_SECRET}"),
    "telegram": ("the token of the bot", "${TELEGRAM_TOKEN}"),
    "gotify": ("the token of the application", "${GOTIFY_TOKEN}"),
    "matrix": ("the access token of the account that writes", "${MATRIX_TOKEN}"),
}
CHATS = {
    "telegram": ("the number of the chat, or the @name of a channel", "-1001234567890"),
    "matrix": ("the id of the room", "!abc:example.com"),
}
# kinds whose address is the server alone: where to go there, we know
SERVERS = ("telegram", "gotify", "matrix")


def _name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError
    return value


def _url(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    outward.read(value, allow_private=True)  # the rest depends on allow_private
    return value


def _secret(value: Any) -> str:
    """It may go into a header, where a line break would begin another one."""
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]{1,500}", value):
        raise ValueError("it has to be 1 to 500 letters, digits and signs without a space")
    return value


def _chat(value: Any) -> str:
    if not isinstance(value, str) or not _CHAT.fullmatch(value):
        raise ValueError
    return value


class Webhook(Table, frozen=True):
    """`[[alerts.webhook]]`: a chat, or a program of yours, that messages go to. One table for each;
    name it in `to` as "webhook:" and its name. `lighttrace check --webhook NAME` tries it out.
    """

    name: Annotated[
        str,
        read_by(_name, "a short name of small letters, digits and dashes"),
        Note(example="chat"),
    ]
    """What it is called in `to`."""
    kind: Annotated[
        Literal[
            "generic",
            "slack",
            "mattermost",
            "discord",
            "teams",
            "telegram",
            "ntfy",
            "gotify",
            "matrix",
        ],
        Note(example="telegram"),
    ]
    """What understands it. "generic" is signed JSON for a program of yours."""
    url: Annotated[
        str,
        read_by(_url, "the address that takes messages, with https://"),
        Note(example="https://api.telegram.org", secret=True),
    ]
    """The address that the service gave out; for "telegram", "gotify" and "matrix" the server
    alone. Where it is a secret, keep it in the environment or in a file that url_file names.
    """
    secret: Annotated[
        Annotated[str, read_by(_secret, "a key or a token")] | None,
        Note(example="${TELEGRAM_TOKEN}", secret=True),
    ] = None
    """For "generic" the key that messages are signed with; for the others the token that lets us
    write. Rather than here, keep it in the environment, as below, or in a file that secret_file
    names.
    """
    chat: Annotated[
        Annotated[str, read_by(_chat, "a chat or a room, as a text")] | None,
        Note(example="-1001234567890"),
    ] = None
    """For "telegram" the number of the chat, for "matrix" the id of the room."""
    allow_private: bool = False
    """Whether it may be in your own network, and without encryption. Otherwise private and local
    addresses are refused, whatever a name server says.
    """
    always: bool = False
    """Whether messages come here at any time, in [alerts.quiet_hours] as well."""
    quiet_hours: WebhookHours | None = None

    @property
    def target(self) -> str:
        """How `to` names it."""
        return PREFIX + self.name

    def disagreements(self) -> Iterator[Disagreement]:
        try:
            outward.read(self.url, allow_private=self.allow_private)
        except ValueError as error:
            remedy = "allow_private = true, if it is in your own network"
            yield Disagreement("url", f"{error}.", remedy)
        if self.always and self.quiet_hours is not None:
            message = "it has quiet hours of its own: one of the two is enough."
            yield Disagreement("always", message)
        parts = urlsplit(self.url)
        if self.kind == "ntfy" and (not _TOPIC.fullmatch(parts.path) or parts.query):
            yield Disagreement(
                "url", "it has to end with the topic.", 'url = "https://ntfy.sh/my-secret-topic"'
            )
        if self.kind in SERVERS and (parts.query or "/bot" in parts.path):
            message = f"for {self.kind}, only the server belongs here, not the token."
            yield Disagreement("url", message, 'secret = "…" takes the token')
        for key, given, needed in (
            ("secret", self.secret, SECRETS),
            ("chat", self.chat, CHATS),
        ):
            if given is None and self.kind in needed:
                what, example = needed[self.kind]
                yield Disagreement("", f"{key} is missing: {what}.", f'{key} = "{example}"')
            elif given is not None and self.kind not in (*needed, *(["ntfy"] * (key == "secret"))):
                yield Disagreement(key, f"{self.kind} has no use for it.")
