"""A search that cannot be understood, as pages show it."""

from dataclasses import dataclass

from lighttrace.errors import QueryError


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why a search cannot be understood: the text around what is wrong, and what was meant."""

    sentence: str
    before: str
    wrong: str
    after: str
    instead: str | None  # the whole search, put right

    @classmethod
    def of(cls, text: str, error: QueryError) -> "Mistake":
        start, end = error.start, error.end
        instead = None if error.instead is None else text[:start] + error.instead + text[end:]
        return cls(str(error), text[:start], text[start:end], text[end:], instead)
