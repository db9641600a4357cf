"""The house keeps its own rules: who may import whom, where what is done, how things are named.

Vendored files, and inline style and script in templates, are looked after in web/test_static.py.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "lighttrace"
EVERYTHING = frozenset({"*"})

# Who may import whom (docs of the plan, "Layout"); what is missing here has to be added on purpose.
# Nothing knows of what is above it, and neighbours do not know each other.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "__init__": frozenset(),
    "clock": frozenset(),
    "errors": frozenset(),
    "limits": frozenset(),
    "log": frozenset(),
    "outward": frozenset({"errors"}),
    "toml": frozenset({"errors"}),
    "settings": frozenset({"errors", "event", "outward", "toml"}),
    "config": frozenset({"errors", "event", "settings", "toml"}),
    "event": frozenset({"errors"}),
    "sourcemaps": frozenset({"event", "errors"}),
    "store": frozenset({"event", "sourcemaps", "clock", "errors"}),
    "ingest": frozenset({"event", "sourcemaps", "store", "limits", "config", "clock", "errors"}),
    "alerts": frozenset({"event", "store", "config", "settings", "outward", "clock", "errors"}),
    "assist": frozenset({"event", "store", "config", "settings", "clock", "errors"}),
    "uploads": frozenset({"sourcemaps", "store", "clock", "errors"}),
    "supervise": frozenset({"clock", "errors"}),
    "jobs": frozenset({"alerts", "store", "supervise", "config", "clock", "errors"}),
    "web": frozenset({"event", "sourcemaps", "store", "ingest", "alerts", "assist", "supervise"})
    | {"jobs", "limits", "outward", "config", "settings", "uploads", "clock", "errors", "__init__"},
    "example": EVERYTHING,
    "demo": EVERYTHING,
    "app": EVERYTHING,
    "serve": EVERYTHING,
    "cli": EVERYTHING,
    "commands": EVERYTHING,
    "__main__": EVERYTHING,
}
# of `event`, the store knows the types that it stores, how versions are ordered, what ranks, and
# what is asked for
STORE_KNOWS = {"event.impact", "event.model", "event.query", "event.title", "event.version"}
# and, where an event is read again, how that is done
REREAD_KNOWS = STORE_KNOWS | {"event.decode", "event.normalize"}

# the only places where these are imported
ONLY_IN = {
    "starlette": r"web/.*|app\.py",
    "uvicorn": r"web/protocol\.py|serve\.py",
    "sqlite3": r"store/.*",
    "aiosqlite": r"store/.*",
    "aiosmtplib": r"alerts/mail\.py",
    "smtplib": r"nowhere",
    "sourcemap": r"sourcemaps/decode\.py",
    "argon2": r"web/passwords\.py",
    "httpx2": r"web/oidc\.py|outward\.py",
    "joserfc": r"web/oidc\.py",
    "pyotp": r"web/totp\.py",
    "segno": r"web/totp\.py",
    "click": r"cli\.py|commands/.*",
    "tomllib": r"toml/reading\.py",
    "time": r"clock\.py|log\.py|web/highlight\.py",  # the last one owes us a Clock
}
# what is asked of the machine, and the only module that asks it
DOORS = {
    "os.environ": "config.py",
    "os.getenv": "config.py",
    "datetime.now": "clock.py",
    "datetime.datetime.now": "clock.py",
    "datetime.utcnow": "clock.py",
    "datetime.today": "clock.py",
    "date.today": "clock.py",
    "print": "cli.py",
    "input": "cli.py",
}
# what pure functions over one event cannot need
IMPURE = {"asyncio", "logging", "os", "pathlib", "random", "socket", "threading"}
BAD_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc"}
SQL = re.compile(r"\s*(select\s.*\sfrom|insert (or \w+ )?into|update \w+ set|delete from)\s", re.I)


@dataclass(frozen=True)
class Module:
    """One file of the house. `place`: its path below it; `row`: its row in the table of imports."""

    path: Path
    tree: ast.Module

    @property
    def place(self) -> str:
        return self.path.relative_to(HOUSE).as_posix()

    @property
    def row(self) -> str:
        return self.place.split("/")[0].removesuffix(".py")

    def imports(self) -> Iterator[tuple[int, str]]:
        """What it imports, wherever in it, with the line: `sqlite3`, `lighttrace.store.keys`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = "." * node.level + (node.module or "")
                yield from ((node.lineno, f"{above}.{name.name}") for name in node.names)

    def ours(self) -> Iterator[tuple[int, str]]:
        """What it imports of the house: `store.keys`; `__init__` is what the house itself says."""
        for line, name in self.imports():
            first, _, below = name.partition(".")
            if first == "lighttrace":
                room = HOUSE / below.split(".")[0]
                there = room.is_dir() or room.with_suffix(".py").is_file()
                yield line, below if there else "__init__"

    def names(self) -> Iterator[tuple[int, str]]:
        """Names as they are written down: `os.environ`, `datetime.now`, `print`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute | ast.Name):
                yield node.lineno, ast.unparse(node)


MODULES = [Module(path, ast.parse(path.read_text("utf-8"))) for path in sorted(HOUSE.rglob("*.py"))]


def test_every_room_has_a_row_in_the_table_of_imports():
    assert {module.row for module in MODULES} <= set(MAY_IMPORT)


def test_a_module_imports_only_what_is_below_it():
    assert [
        f"{module.place}:{line}: {module.row} must not import {name}"
        for module in MODULES
        for line, name in module.ours()
        if name.split(".")[0] not in MAY_IMPORT[module.row] | {module.row}
        and MAY_IMPORT[module.row] is not EVERYTHING
    ] == []


def test_nothing_is_imported_by_its_distance():
    assert [
        f"{module.place}:{line}: {name}"
        for module in MODULES
        for line, name in module.imports()
        if name.startswith(".")
    ] == []


def test_the_store_knows_only_the_types_of_events():
    assert [
        f"{module.place}:{line}: {name}"
        for module in MODULES
        for line, name in module.ours()
        if module.row == "store" and name.startswith("event.")
        if ".".join(name.split(".")[:2])
        not in (REREAD_KNOWS if module.place == "store/reread.py" else STORE_KNOWS)
    ] == []


def test_a_library_is_used_where_it_belongs():
    assert [
        f"{module.place}:{line}: {name}"
        for module in MODULES
        for line, name in module.imports()
        if not re.fullmatch(ONLY_IN.get(name.split(".")[0], ".*"), module.place)
    ] == []


def test_what_is_done_with_an_event_is_pure():
    assert [
        f"{module.place}:{line}: {name}"
        for module in MODULES
        for line, name in module.imports()
        if module.row == "event" and name.split(".")[0] in IMPURE
    ] == []


def test_the_environment_the_time_and_the_terminal_have_one_door_each():
    assert [
        f"{module.place}:{line}: {name} belongs to {DOORS[name]}"
        for module in MODULES
        for line, name in module.names()
        if DOORS.get(name, module.place) != module.place
    ] == []


def test_sql_is_in_the_store():
    assert [
        f"{module.place}:{node.lineno}: {node.value[:60]}"
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if module.row not in ("store", "demo") and SQL.match(node.value)  # the demo's shop has SQL
    ] == []


def test_every_folder_with_modules_is_a_package():
    assert {module.path.parent for module in MODULES} == {
        module.path.parent for module in MODULES if module.path.name == "__init__.py"
    }


def test_a_package_says_what_it_is_for_and_hands_nothing_on():
    assert [
        module.place
        for module in MODULES
        if module.path.name == "__init__.py" and module.path.parent != HOUSE
        if not ast.get_docstring(module.tree) or len(module.tree.body) > 1
    ] == []


def test_a_module_says_what_it_is_for_and_is_named_after_a_noun():
    assert [module.place for module in MODULES if not ast.get_docstring(module.tree)] == []
    names = {part.removesuffix(".py") for module in MODULES for part in module.place.split("/")}
    assert names & BAD_NAMES == set()


def test_nothing_of_the_machine_it_was_written_on_is_left():
    """Events in tests come from the folders of made-up people; only this very folder is ours."""
    folders = "|".join(["home/[a-z]", "Users/[A-Za-z]", "root/", "work/"])
    strange = re.compile(rf"(?<![\w.>)~-])/(?:{folders})")
    left = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in written()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if f"{ROOT}/" in line or (ROOT / "tests" not in path.parents and strange.search(line))
    ]
    assert left == []


def written() -> Iterator[Path]:
    """The texts of this repository, but not the traffic that was recorded elsewhere."""
    kinds = {".py", ".md", ".toml", ".example", ".html", ".txt", ".css", ".js", ".mjs", ".sql"}
    apart = {"data", "node_modules", "vendor", "__pycache__"}
    yield from (path for path in ROOT.iterdir() if path.suffix in kinds or path.name == "Makefile")
    for folder in ("lighttrace", "tests", "bench", "docs"):
        for path in (ROOT / folder).rglob("*"):
            below = path.relative_to(ROOT).parts
            if path.suffix in kinds and path.is_file() and not apart & set(below):
                yield path
