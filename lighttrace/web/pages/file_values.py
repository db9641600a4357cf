"""What the file decides, in words: the settings pages show it with its place, never as a field."""

from dataclasses import dataclass

from lighttrace import outward
from lighttrace.config import Config
from lighttrace.store.projects import Project
from lighttrace.web import format


@dataclass(frozen=True, slots=True)
class Value:
    """One line of what the file says: its words, its value, the key in the file. `given`: the file
    names it.
    """

    words: str
    value: str
    key: str


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    table: str  # where in the file
    values: tuple[Value, ...]


def server_values(config: Config, base_url: str) -> tuple[Group, ...]:
    """What the file says about the whole server, in words. Secrets are not among them."""
    smtp = config.smtp
    mail = (
        (
            Value(
                "Server",
                f"{smtp.host}:{smtp.port}, {TLS.get(smtp.tls, smtp.tls)}",
                "host, port, tls",
            ),
            Value("From", smtp.from_ or "not set", "from"),
        )
        if smtp
        else (Value("Server", "none, so no mail is sent", "host"),)
    )
    return (
        Group("Address", "[server]", (Value("Public address", base_url, "url"),)),
        Group(
            "Storage",
            "[store]",
            (
                Value("Database", str(config.store.path), "path"),
                Value("Events are kept", f"{config.store.retention_days} days", "retention_days"),
                Value(
                    "Unused uploads are kept", f"{config.store.artifact_days} days", "artifact_days"
                ),
                Value("Space it may take", format.size(config.store.max_size_bytes), "max_size"),
            ),
        ),
        Group("Mail", "[smtp]", mail),
        Group(
            "Alerts",
            "[alerts]",
            (
                Value("Rules", _rules(len(config.alerts.rules)), "rule"),
                Value(
                    "What is nobody's goes to", ", ".join(config.alerts.to) or "nobody yet", "to"
                ),
                *(
                    Value(f"Webhook {it.name}", f"{it.kind}, {outward.shown(it.url)}", "webhook")
                    for it in config.alerts.webhooks
                ),
            ),
        ),
    )


def _rules(count: int) -> str:
    if not count:
        return "none: owners are told of what is new, back, louder than foreseen, or a spike"
    return f"{count}, and what no rule says is not told"


TLS = {"starttls": "STARTTLS", "tls": "TLS", "none": "not encrypted"}


def project_values(config: Config, project: Project) -> tuple[Group, ...]:
    """What the file says about one project; defaults if it does not name it."""
    options = next((item for item in config.projects if item.slug == project.slug), None)
    scrub = options.scrub if options else None
    if scrub is None or scrub.enabled:
        scrubbed = "passwords, tokens, cookies, card numbers are removed before anything is stored"
    else:
        scrubbed = "off: secrets in events are stored as they come"
    values = [
        Value("Secrets", scrubbed, "scrub.enabled"),
        Value(
            "Also removed",
            ", ".join(scrub.keys) if scrub and scrub.keys else "nothing else",
            "scrub.keys",
        ),
        Value(
            "Kept although named like secrets",
            ", ".join(scrub.safe_keys) if scrub and scrub.safe_keys else "nothing",
            "scrub.safe_keys",
        ),
        Value(
            "Addresses of people",
            "kept when the SDK says so"
            if options is None or options.keep_addresses
            else "never kept",
            "keep_addresses",
        ),
    ]
    return (Group("Privacy", "[[project]]", tuple(values)),)
