"""A tree of the search language as a condition of the store."""

from lighttrace.event.query.tree import And, Node, Not, Or, Term, Word
from lighttrace.store.database import Reader
from lighttrace.store.search import event_terms, issue_terms
from lighttrace.store.search.asker import Asker
from lighttrace.store.search.conditions import Condition, all_of, any_of, negated

TAG_NAMES = "select name from tag_key"


def tag_names(db: Reader) -> frozenset[str]:
    """The tags that events have had: what a key may be besides those of the language."""
    return frozenset(row[0] for row in db.execute(TAG_NAMES))


def condition(db: Reader, node: Node, asker: Asker) -> Condition:
    """What the tree asks of an event and its issue. Raises QueryError."""
    match node:
        case And(parts):
            return all_of([condition(db, part, asker) for part in parts])
        case Or(parts):
            return any_of([condition(db, part, asker) for part in parts])
        case Not(part):
            return negated(condition(db, part, asker))
        case Word():
            return event_terms.word(db, node, asker)
        case Term():
            return _term(db, node, asker)


def _term(db: Reader, term: Term, asker: Asker) -> Condition:
    if term.is_tag or term.key not in issue_terms.TERMS:
        return event_terms.condition(db, term, asker)
    if term.op == "has" and term.key in issue_terms.ALWAYS_THERE:
        return True
    return issue_terms.condition(db, term, asker)
