"""`lighttrace.toml` as `init` writes it: every setting, what it is for, and what holds without it.

Made from the tables of `settings`, so it cannot tell of a setting that does not exist.
`lighttrace.toml.example` is this text; a test compares them.
"""

import textwrap
from collections.abc import Iterator

from lighttrace.config import Config
from lighttrace.toml.comments import comments
from lighttrace.toml.setting import Setting, settings

HEAD = """\
# The settings of LightTrace. None of them has to be changed: `lighttrace serve` runs without this
# file. To change one, remove the # before it, and the # before the [table] it stands in. A setting
# with a # shows what holds without it, unless the comment calls it an example.
#
# `lighttrace check` explains every mistake. SIGHUP makes a running server read this file again;
# [server], path and synchronous wait for the next start. Secrets need not stand here: "${NAME}" in
# a text is taken from the environment, and "$${" is written for a plain "${".
"""
WIDTH = 96


def text() -> str:
    """The whole file."""
    return HEAD + "".join(_table(one, (one.key,)) for one in settings(Config))


def _table(table: Setting, path: tuple[str, ...]) -> str:
    """A table that may not be empty is commented out together with its heading."""
    assert table.table is not None
    inside, words = list(settings(table.table)), comments(table.table)
    off = "#" if table.many or len(path) > 1 or any(one.is_needed for one in inside) else ""
    about = (table.table.__doc__ or "").partition(": ")[2]
    name = ".".join(path)
    lines = ["", *_comment(about[:1].upper() + about[1:])]
    lines.append(f"{off}[[{name}]]" if table.many else f"{off}[{name}]")
    below = ""
    for one in inside:
        if one.table is not None:
            below += _table(one, (*path, one.key))
        else:
            lines += ["", *_comment(words[one.attribute]), *_setting(one)]
    return "\n".join(lines) + "\n" + below


def _setting(one: Setting) -> Iterator[str]:
    if one.is_needed:
        yield "# It must be given. An example:"
    elif one.default in (None, "", ()):
        yield "# It is not set. An example:"
    yield from (f"#{line}" for line in one.line.splitlines())


def _comment(words: str) -> list[str]:
    flowing = " ".join(words.split())
    mark = "# "
    return textwrap.wrap(
        flowing, WIDTH, initial_indent=mark, subsequent_indent=mark, break_on_hyphens=False
    )
