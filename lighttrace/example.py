"""`lighttrace.toml` as `init` writes it: every setting, what it is for, and what holds without it.

Made from the structs of `config`, so it cannot tell of a setting that does not exist.
`lighttrace.toml.example` is this text; a test compares them.
"""

import textwrap
from collections.abc import Iterator

import msgspec

from lighttrace.config import Config
from lighttrace.toml import Setting, settings

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
    name = ".".join(path)
    off = "#" if table.many or not _has_defaults(table.table) or len(path) > 1 else ""
    about = " ".join((table.table.__doc__ or "").split()).partition(": ")[2]
    lines = ["", *_comment(about[:1].upper() + about[1:])]
    lines.append(f"{off}[[{name}]]" if table.many else f"{off}[{name}]")
    below = ""
    for one in settings(table.table):
        if one.table is not None:
            below += _table(one, (*path, one.key))
        else:
            lines += ["", *_setting(one)]
    return "\n".join(lines) + "\n" + below


def _has_defaults(table: type[msgspec.Struct]) -> bool:
    return all(one.default is not msgspec.NODEFAULT for one in settings(table))


def _setting(one: Setting) -> Iterator[str]:
    yield from _comment(one.meta.title or "")
    if one.default is msgspec.NODEFAULT:
        yield "# It must be given. An example:"
    elif one.default in (None, "", ()):
        yield "# It is not set. An example:"
    yield from (f"#{line}" for line in one.example.splitlines())


def _comment(words: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent="# ", subsequent_indent="# ")
