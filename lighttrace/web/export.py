"""Lists as files: CSV for a table, NDJSON (an object a line) for a program. Pure."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from lighttrace.event.model import Json

MOST_ROWS = 100_000
TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
# What a spreadsheet takes for the beginning of a formula (owasp.org, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cut(most: int = MOST_ROWS) -> str:
    """What the last line of a file says that does not have everything."""
    return f"Only the first {most:,} rows: narrow the search for the others."


def time(at_ms: int) -> str:
    """ISO 8601 in UTC."""
    moment = datetime.fromtimestamp(min(max(at_ms, 0), 253_402_300_799_999) / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}Z"


def lines(kind: str, columns: Sequence[str], rows: Iterable[Sequence[Json]]) -> str:
    """Rows as text. In NDJSON a value that is a dictionary stays one; in CSV there is none."""
    if kind == "csv":
        out = io.StringIO()
        csv.writer(out).writerows([_cell(value) for value in row] for row in rows)
        return out.getvalue()
    return "".join(
        json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n" for row in rows
    )


def head(kind: str, columns: Sequence[str]) -> str:
    """The first line, of a file that has one."""
    return lines(kind, columns, [list(columns)]) if kind == "csv" else ""


def foot(kind: str, says: str) -> str:
    """A last line that is no row."""
    if kind == "csv":
        return lines(kind, (), [[f"# {says}"]])
    return json.dumps({"truncated": says}, ensure_ascii=False) + "\n"


def _cell(value: Json) -> Json:
    """A value that no spreadsheet runs: an apostrophe makes a text of it."""
    if not isinstance(value, str):
        return value
    text = value.replace("\0", "")
    return "'" + text if text.startswith(FORMULA) else text
