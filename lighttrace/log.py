"""Where log lines go and what they look like: standard error, one line each, UTC.

Standard output belongs to what commands print and to the ready line.
"""

import logging
import sys
import time

FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s"
# Theirs is noise at INFO: uvicorn announces what our ready line says, aiosmtplib every command.
QUIET = ("uvicorn", "uvicorn.error", "aiosmtplib", "asyncio")


def to_stderr(level: int = logging.INFO) -> None:
    """Send all logging to standard error. Called once, by the command that serves."""
    formatter = logging.Formatter(FORMAT, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
