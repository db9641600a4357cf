"""Tables of the text index that are full are brought into one piece, between the writer's batches.
Searches are right without it, and slower.
"""

from lighttrace.store import text_index
from lighttrace.store.deleting import wait_for_quiet
from lighttrace.store.store import Store


async def sweep(store: Store) -> int:
    """Settle what is due; returns how many steps that took. Cheap when nothing is."""
    steps = 0
    while await store.write(text_index.settle):
        steps += 1
        await wait_for_quiet(store)
    return steps
