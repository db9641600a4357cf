"""The report dialog: "It looks like we're having issues", on the customer's own page.

The SDK's `showReportDialog()` loads a script from here and the form posts back to the same address.
Everything that comes by the address is data for the script, never part of it. See docs/protocol.md,
"The report dialog".
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

from lighttrace.errors import EventError, IngestError
from lighttrace.event.normalize import event_id
from lighttrace.ingest.user_reports import EMAIL, NAME, feedback
from lighttrace.store.writes import FeedbackWrite

TEXT = 500  # characters of a text the page chose itself
# The SDK's options of the same names replace them.
TEXTS = {
    "title": "It looks like we’re having issues.",
    "subtitle": "Our team has been notified.",
    "subtitle2": "If you’d like to help, tell us what happened below.",
    "labelName": "Name",
    "labelEmail": "Email",
    "labelComments": "What happened?",
    "labelClose": "Close",
    "labelSubmit": "Send report",
    "errorGeneric": "Your report could not be sent. Please try again.",
    "errorFormEntry": "Please say what happened, and check the email address.",
    "successMessage": "Your report has been sent. Thank you!",
}
NO_STORE = ((b"cache-control", b"no-store"),)
_SCRIPT = Path(__file__).parent / "templates" / "pages" / "dialog.js"


def about(options: Mapping[str, str]) -> str:
    """The event a dialog is about. Raises IngestError."""
    found = event_id(options.get("eventId"))
    if found is None:
        raise IngestError("eventId must be the 32 hex digits of an event.", reason="no_event_id")
    return found


def script(options: Mapping[str, str]) -> bytes:
    """The JavaScript that shows the dialog with these options of the page."""
    given = {
        "name": options.get("name", "")[:NAME],
        "email": options.get("email", "")[:EMAIL],
        "lang": options.get("lang", "")[:35],
        "texts": {key: options.get(key, text)[:TEXT] for key, text in TEXTS.items()},
    }
    data = json.dumps(given).replace("<", "\\u003c")
    return f"({_source()})({data});\n".encode()


@cache
def _source() -> str:
    return _SCRIPT.read_text(encoding="utf-8").strip()


def filled_in(form: bytes, about: str, project_id: int, received_at: int) -> FeedbackWrite:
    """What somebody wrote. Raises IngestError if nothing was said or the address is none."""
    try:
        fields = dict(parse_qsl(form.decode("utf-8", "replace"), max_num_fields=20))
        cleaned = {key: value.replace("\x00", "") for key, value in fields.items()}
        said = feedback(cleaned, about, project_id, received_at)
    except (EventError, ValueError) as error:
        raise IngestError("The report says nothing.", reason="empty_report") from error
    if said.email and ("@" not in said.email or " " in said.email):
        raise IngestError("The email address is none.", reason="no_address")
    return said
