"""How much LightTrace takes of anything. The reasons: docs/limits.md."""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes after decompression unless the name says otherwise."""

    compressed_body: int = 20 * MIB
    envelope: int = 20 * MIB
    header_line: int = 16 * KIB
    items: int = 200  # more than any SDK sends in one envelope
    event: int = 4 * MIB  # real thousand-frame stacks are 1.1 MB
    attachment: int = 10 * MIB
    check_in: int = 100 * KIB
    client_report: int = 100 * KIB
    user_report: int = 100 * KIB
    sessions: int = 10 * MIB
    container: int = 2 * MIB  # logs, spans, metrics
    security_report: int = 100 * KIB
    dialog_form: int = 64 * KIB
    in_flight: int = 64 * MIB  # bodies of all requests being read or worked on
    in_flight_wait_s: float = 5.0
    body_read_s: float = 30.0  # a client may take this long to send its body
    queue: int = 4096  # writes waiting for the writer


LIMITS = Limits()
