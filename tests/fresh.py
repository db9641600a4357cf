"""What nearly every test begins with, made once for all of them: an empty database and the hash of
a password. How the program makes them is tested where that is the subject.
"""

from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from argon2 import PasswordHasher

from lighttrace.store import bodies, migrate
from lighttrace.store.database import open_writer, transaction

PASSWORD = "correct horse battery"
# A hash says itself how much work it is to check: this one is none, where ours take 30 ms.
HASHED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def database(path: Path) -> None:
    """What a first start leaves at `path`, if there is nothing yet."""
    if not path.exists():
        path.write_bytes(_empty())
        path.chmod(0o600)


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lighttrace.db"
        with closing(open_writer(path)) as db:
            migrate.migrate(db, path)
            with transaction(db) as tx:
                bodies.add_shipped(tx)
        return path.read_bytes()
