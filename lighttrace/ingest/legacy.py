"""The body of `/store/`: one event, plain or in the wrappings of clients ten years old. Pure.

raven for Node sends base64 of zlib and no Content-Encoding. Raises BodyError, TooLargeError.
"""

import base64
import binascii

from lighttrace.errors import BodyError
from lighttrace.ingest.body import inflate, too_large

_JSON_STARTS = (b"{", b"[", b'"', b"\xef\xbb\xbf")
ENVELOPE_TYPE = b"application/x-sentry-envelope"


def event_payload(body: bytes, limit: int) -> bytes:
    """The JSON of the event."""
    start = body[:64].lstrip()
    if not start or start.startswith(_JSON_STARTS):
        return body
    if start[:1] == b"\x78":  # zlib, unannounced; as base64 it would have to begin with "eJ"
        return inflate(body, limit)
    try:
        plain = base64.b64decode(body, validate=False)
    except (binascii.Error, ValueError) as error:
        raise BodyError("The body is neither JSON nor base64.") from error
    if plain.lstrip()[:1] != b"{":
        plain = inflate(plain, limit)
    if len(plain) > limit:
        raise too_large(limit)
    return plain
