"""What the services take, as their documentation has it: stricter than they are themselves.

Each check gets a request as it arrived and raises AssertionError for anything that is unknown,
missing, too long, or that would be read as markup, a link or a call where a stranger's text stands.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

HTTP = re.compile(r"https?://[!-~]+")


@dataclass(frozen=True)
class Arrived:
    """A request as a server saw it; header names in small letters."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def fields(it: Any, needed: str, optional: str = "") -> None:
    assert isinstance(it, dict), it
    names = set(it)
    assert set(needed.split()) <= names, f"missing: {set(needed.split()) - names}"
    unknown = names - set(needed.split()) - set(optional.split())
    assert not unknown, f"unknown: {unknown}"


def text(it: Any, most: int, least: int = 1) -> str:
    assert isinstance(it, str), it
    assert least <= len(it) <= most, f"{len(it)} characters of {most}: {it[:80]!r}"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\u202a-\u202e\u2066-\u2069]", it)
    return it


def link(it: Any) -> None:
    assert HTTP.fullmatch(text(it, 2000)), it


def posted(it: Arrived) -> Any:
    assert it.method == "POST"
    assert it.headers["content-type"] == "application/json"
    assert it.headers["accept-encoding"] == "identity"
    return it.json


# Slack: docs.slack.dev, "Formatting message text", "Secondary message attachments"

SLACK_LINK = re.compile(r"<https?://[^<>|\s]+\|[^<>|]+>")


def slack_text(it: Any, most: int) -> None:
    """Outside of links of ours no angle bracket, no ampersand but those of the three escapes."""
    rest = SLACK_LINK.sub("", text(it, most))
    assert "<" not in rest and ">" not in rest, rest
    assert not re.search(r"&(?!amp;|lt;|gt;)", rest), rest
    assert not re.search(r"@(channel|here|everyone)", rest, re.I), rest


def attachments(
    it: Arrived, check: Callable[[Any, int], None], titles: Callable[[Any, int], None]
) -> None:
    payload = posted(it)
    fields(payload, "attachments", "text username")
    assert len(payload["attachments"]) == 1
    assert len(json.dumps(payload, ensure_ascii=False)) <= 8000
    (one,) = payload["attachments"]
    fields(one, "fallback color title title_link text mrkdwn_in fields footer ts")
    titles(one["fallback"], 300)
    titles(one["title"], 300)
    check(one["text"], 4000)
    text(one["footer"], 300)
    link(one["title_link"])
    assert re.fullmatch(r"#[0-9a-f]{6}", one["color"])
    assert one["mrkdwn_in"] == ["text"]
    assert isinstance(one["ts"], int) and one["ts"] < 10_000_000_000
    assert len(one["fields"]) <= 10
    for field in one["fields"]:
        fields(field, "title value short")
        text(field["title"], 100)
        check(field["value"], 300)
        assert field["short"] is True


def slack(it: Arrived) -> None:
    attachments(it, slack_text, slack_text)


# Markdown of Mattermost and Discord

MARKDOWN_LINK = re.compile(r"(?<!\\)\[((?:\\.|[^\]\\])+)\]\(<?https?://[^()<>\s]+>?\)")
FENCE = re.compile(r"```\n(?P<code>[^`\n]*)\n```")
SPECIAL = re.compile(r"(?<!\\)(?:\\\\)*([*_~|`<>\[\]#])")


def markdown(it: Any, most: int) -> None:
    """Outside of links and code of ours nothing that means something; nobody is called."""
    rest = FENCE.sub("", text(it, most))
    rest = MARKDOWN_LINK.sub("", rest)
    found = SPECIAL.search(rest)
    assert found is None, rest
    assert not re.search(r"(?m)^[-+=]|(?<!\\):(?=//)", rest), rest
    uncalled(rest, most)


def uncalled(it: Any, most: int) -> None:
    """Plain text in which nobody is called."""
    assert not re.search(r"(?<![A-Za-z0-9_])@(?!\u200b)", text(it, most)), it


def mattermost(it: Arrived) -> None:
    attachments(it, markdown, uncalled)


# Discord: "Execute Webhook", "Embed Limits", "Allowed Mentions Object"


def discord(it: Arrived) -> None:
    payload = posted(it)
    fields(payload, "embeds allowed_mentions", "content username avatar_url tts")
    assert payload["allowed_mentions"] == {"parse": []}
    assert "discord" not in text(payload["username"], 80).lower()
    (embed,) = payload["embeds"]
    fields(embed, "title url description color fields footer timestamp")
    markdown(embed["title"], 256)
    markdown(embed["description"], 4096)
    link(embed["url"])
    assert 0 <= embed["color"] <= 0xFFFFFF
    assert len(embed["fields"]) <= 25
    total = len(embed["title"]) + len(embed["description"])
    for field in embed["fields"]:
        fields(field, "name value", "inline")
        text(field["name"], 256)
        markdown(field["value"], 1024)
        total += len(field["name"]) + len(field["value"])
    fields(embed["footer"], "text")
    total += len(text(embed["footer"]["text"], 2048))
    assert total <= 6000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", embed["timestamp"])


# Teams: "Create incoming webhooks with Workflows"; Adaptive Cards schema 1.4

RUN = "size weight color isSubtle fontType selectAction"


def teams(it: Arrived) -> None:
    payload = posted(it)
    assert len(it.body) <= 28 * 1024
    fields(payload, "type attachments")
    assert payload["type"] == "message"
    (attachment,) = payload["attachments"]
    fields(attachment, "contentType contentUrl content")
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    fields(card, "type version body", "$schema fallbackText msteams actions")
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert card["msteams"] == {"width": "Full"}, "no entities: nobody is called"
    text(card["fallbackText"], 300)
    for block in card["body"]:
        fields(block, "type inlines", "spacing")
        assert block["type"] == "RichTextBlock", "a text block would read Markdown"
        for run in block["inlines"]:
            fields(run, "type text", RUN)
            assert run["type"] == "TextRun"
            text(run["text"], 1000)
            if "selectAction" in run:
                opens(run["selectAction"])
    assert len(card["actions"]) <= 6
    for action in card["actions"]:
        opens(action)


def opens(action: Any) -> None:
    fields(action, "type title url")
    assert action["type"] == "Action.OpenUrl"
    text(action["title"], 100)
    link(action["url"])


# Telegram: Bot API, "sendMessage", "HTML style"


class Markup(HTMLParser):
    """Tags must be known, closed in order, and without attributes but an address."""

    def __init__(self, known: set[str], void: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        super().__init__(convert_charrefs=True)
        self.known, self.void = known, void
        self.open: list[str] = []
        self.shown = ""
        self.links: list[str] = []
        self.entities = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.known, tag
        if tag in self.void:
            assert not attrs
            return
        assert [name for name, _ in attrs] == (["href"] if tag == "a" else [])
        self.links += [value or "" for _, value in attrs]
        self.entities += 1
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.shown += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")


def html(it: str, known: set[str], void: set[str] = frozenset()) -> Markup:  # type: ignore[assignment]
    parser = Markup(known, void)
    parser.feed(it)
    parser.close()
    assert parser.open == []
    for one in parser.links:
        link(one)
    return parser


def telegram(it: Arrived) -> None:
    assert re.fullmatch(r"/bot\d+:[\w-]+/sendMessage", it.path)
    payload = posted(it)
    fields(payload, "chat_id text parse_mode", "link_preview_options disable_notification")
    assert payload["parse_mode"] == "HTML"
    assert payload["link_preview_options"] == {"is_disabled": True}
    text(payload["chat_id"], 64)
    parsed = html(text(payload["text"], 100_000), {"b", "i", "a", "code", "pre"})
    assert 1 <= len(parsed.shown.encode("utf-16-le")) // 2 <= 4096
    assert parsed.entities <= 100
    assert not re.search(r"&(?!amp;|lt;|gt;|quot;|#x27;)", payload["text"])
    outside = re.sub(r"<pre>.*?</pre>", "", payload["text"])
    assert not re.search(r"(?<![A-Za-z0-9_])@(?!\u200b)", outside)


# ntfy: docs.ntfy.sh, "Publish as JSON"


def ntfy(it: Arrived) -> None:
    assert it.path == "/"
    payload = posted(it)
    assert len(it.body) <= 8192
    assert "title" not in it.headers and "x-title" not in it.headers
    fields(payload, "topic", "message title tags priority actions click markdown")
    assert re.fullmatch(r"[-_A-Za-z0-9]{1,64}", payload["topic"])
    assert "\n" not in text(payload["title"], 250)
    assert len(text(payload["message"], 4096).encode()) <= 4096
    assert payload["priority"] in (1, 2, 3, 4, 5)
    assert all(re.fullmatch(r"\w+", tag) for tag in payload["tags"])
    link(payload["click"])
    assert len(payload["actions"]) <= 3
    for action in payload["actions"]:
        fields(action, "action label url", "clear")
        assert action["action"] == "view"
        text(action["label"], 100)
        link(action["url"])


# Gotify: api-docs, "createMessage"


def gotify(it: Arrived) -> None:
    assert it.path == "/message"
    assert it.headers["x-gotify-key"]
    payload = posted(it)
    fields(payload, "message", "title priority extras")
    text(payload["title"], 250)
    text(payload["message"], 4000)
    assert isinstance(payload["priority"], int) and 0 <= payload["priority"] <= 10
    fields(payload["extras"], "client::display client::notification")
    assert payload["extras"]["client::display"] == {"contentType": "text/plain"}
    link(payload["extras"]["client::notification"]["click"]["url"])


# Matrix: client-server API, "m.room.message"


def matrix(it: Arrived) -> None:
    assert it.method == "PUT"
    road = r"/_matrix/client/v3/rooms/%21[\w%.-]+/send/m\.room\.message/[0-9a-f]{32}"
    assert re.fullmatch(road, it.path), it.path
    assert re.fullmatch(r"Bearer [!-~]+", it.headers["authorization"])
    assert len(it.body) <= 65_536
    fields(it.json, "msgtype body format formatted_body m.mentions")
    assert it.json["msgtype"] == "m.text"
    assert it.json["format"] == "org.matrix.custom.html"
    assert it.json["m.mentions"] == {}
    text(it.json["body"], 20_000)
    html(text(it.json["formatted_body"], 40_000), {"b", "i", "a", "code", "br"}, {"br"})


# Ours: docs/webhooks.md, "What arrives"

ISSUE = "id project title value events users first_seen url"
MORE = "culprit level unhandled environment release place before"


def generic(it: Arrived) -> None:
    payload = posted(it)
    assert len(it.body) <= 64 * 1024
    assert re.fullmatch(r"\d{10}", it.headers["lighttrace-timestamp"])
    assert re.fullmatch(r"v1=[0-9a-f]{64}", it.headers["lighttrace-signature"])
    assert it.headers["lighttrace-delivery"] == payload["id"]
    top = "version id kind at age_s headline url reasons rate issue issues count asides comment"
    fields(payload, f"{top} actions")
    assert payload["version"] == 1
    text(payload["headline"], 256)
    link(payload["url"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", payload["at"])
    if payload["rate"] is not None:
        fields(payload["rate"], "count window_min usual")
    if payload["issue"] is not None:
        fields(payload["issue"], f"{ISSUE} {MORE}")
    assert all(isinstance(one, str) and len(one) <= 200 for one in payload["asides"])
    for one in payload["issues"]:
        fields(one, ISSUE)
        assert len(one["title"]) <= 256 and len(one["value"]) <= 200
    for action in payload["actions"]:
        fields(action, "name words url")
        link(action["url"])


CHECKS: dict[str, Callable[[Arrived], None]] = {
    "generic": generic,
    "slack": slack,
    "mattermost": mattermost,
    "discord": discord,
    "teams": teams,
    "telegram": telegram,
    "ntfy": ntfy,
    "gotify": gotify,
    "matrix": matrix,
}
