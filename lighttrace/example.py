"""`lighttrace.toml` as `init` writes it: every setting with what it wants and what holds without.

Made from the structs of `config`, so it cannot tell of a setting that does not exist.
"""

import textwrap
from collections.abc import Iterator

import msgspec

from lighttrace.config import Config
from lighttrace.toml import Setting, as_toml, settings

HEAD = """\
# LightTrace's settings. All of them are optional; what is commented out is the default, or an
# example where there is none. `lighttrace check` explains every mistake.
# Secrets need not stand here: "${NAME}" is taken from the environment, and every password has a
# brother `password_file`. SIGHUP makes a running server read this file again.
"""
WIDTH = 96


def text() -> str:
    """The whole file."""
    return HEAD + "".join(_table(one, (one.key,)) for one in settings(Config))


def _table(table: Setting, path: tuple[str, ...]) -> str:
    assert table.table is not None
    name = ".".join(path)
    off = "# " if table.many or not _has_defaults(table.table) or len(path) > 1 else ""
    about = " ".join((table.table.__doc__ or "").split()).partition(": ")[2]
    lines = ["", *_comment(about[:1].upper() + about[1:])]
    lines.append(f"{off}[[{name}]]" if table.many else f"{off}[{name}]")
    below = ""
    for one in settings(table.table):
        if one.table is not None:
            below += _table(one, (*path, one.key))
        else:
            lines += _setting(one)
    return "\n".join(lines) + "\n" + below


def _has_defaults(table: type[msgspec.Struct]) -> bool:
    return all(one.default is not msgspec.NODEFAULT for one in settings(table))


def _setting(one: Setting) -> Iterator[str]:
    yield from _comment(f"{one.key}: {one.meta.description}")
    shown = one.meta.examples[0] if one.meta.examples else None
    plain = (str, int, bool)
    if one.default is not msgspec.NODEFAULT and isinstance(one.default, plain) and one.default:
        shown = one.default if "read" not in one.extra or isinstance(one.default, str) else shown
    yield f"# {one.key} = {as_toml(shown)}"


def _comment(words: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent="# ", subsequent_indent="# ")
