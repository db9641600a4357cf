"""Who asks, of what, and when: what the words of a search are taken to mean."""

from dataclasses import dataclass, field
from typing import Any

from lighttrace.store.search.conditions import About


@dataclass(slots=True)
class Asker:
    """`user_id` None: a script without a person. `project_ids` None: all projects. `remarks`: what
    has to be said of the answer, in sentences.
    """

    now_ms: int
    user_id: int | None = None
    project_ids: tuple[int, ...] | None = None
    remarks: list[str] = field(default_factory=list)
    _named: int = 0

    def about(self, sql: str, **values: Any) -> About:
        """A piece of SQL whose `{name}` are bound under names of their own."""
        self._named += 1
        bound = {f"{name}_{self._named}": value for name, value in values.items()}
        return About(sql.format(**{name: f":{name}_{self._named}" for name in values}), bound)

    def remark(self, sentence: str) -> None:
        if sentence not in self.remarks:
            self.remarks.append(sentence)
