"""Chains and groups of exceptions: which links count, and which of them names the issue."""

from collections.abc import Sequence
from dataclasses import dataclass

from lighttrace.event.grouping.calls import Call, contributing
from lighttrace.event.grouping.parameterise import parameterise
from lighttrace.event.model import Event, ExceptionValue, Frame
from lighttrace.event.stacks import with_frames

Component = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Links:
    """The exceptions that count. `members`: of an exception group, each with its own causes; else
    empty.
    """

    chain: tuple[ExceptionValue, ...]
    main: ExceptionValue
    members: tuple[tuple[ExceptionValue, ...], ...] = ()


def with_borrowed_stack(event: Event) -> tuple[ExceptionValue, ...]:
    """Native and mobile clients put the stack of a lone exception into the thread that crashed."""
    exceptions = event.exceptions
    if len(exceptions) != 1 or exceptions[0].frames:
        return exceptions
    frames = _stack_elsewhere(event, exceptions[0].thread_id)
    return (with_frames(exceptions[0], frames),) if frames else exceptions


def _stack_elsewhere(event: Event, thread_id: str | None) -> tuple[Frame, ...]:
    for thread in event.threads:
        if thread.frames and thread_id is not None and thread.id == thread_id:
            return thread.frames
    for thread in event.threads:
        if thread.frames and thread.crashed:
            return thread.frames
    return event.frames


def links(exceptions: Sequence[ExceptionValue]) -> Links:
    """A chain as it is, or the members of a group, if its ids make a tree."""
    chain = tuple(exceptions)
    last = _unwrapped(chain)
    children = _children(chain)
    root = children.get(None, [None])[0]
    if root is None or not _is_group(root, children):
        return Links(chain, last)
    members = [_first_causes(member, children) for member in _members(root, children)]
    return Links(chain, last, tuple(members))


def _unwrapped(chain: Sequence[ExceptionValue]) -> ExceptionValue:
    """The one that names the issue: the outermost, but for wrappers that only say "somewhere in
    here".
    """
    last = chain[-1]
    says = last.value or ""
    is_wrapper = "React" in says or says.startswith(
        "There was an error during concurrent rendering"
    )
    wraps = is_wrapper and "recover" in says
    rx = (last.type or "").endswith(("UndeliverableException", "OnErrorNotImplementedException"))
    return chain[-2] if len(chain) > 1 and (wraps or rx) else last


Tree = dict[int | None, list[ExceptionValue]]


def _children(chain: Sequence[ExceptionValue]) -> Tree:
    """Children by parent id, the root under None. Empty if the ids do not make a tree from 0 on."""
    ids: set[int] = set()
    tree: Tree = {}
    for link in chain:
        mechanism = link.mechanism
        if mechanism is None or mechanism.exception_id is None:
            return {}
        own, parent = mechanism.exception_id, mechanism.parent_id
        if own in ids or own == parent:
            return {}
        ids.add(own)
        tree.setdefault(None if own == 0 else parent, []).append(link)
    return tree if 0 in ids and len(tree.get(None, ())) == 1 else {}


def _id(link: ExceptionValue) -> int:
    assert link.mechanism is not None and link.mechanism.exception_id is not None
    return link.mechanism.exception_id


def _is_group(link: ExceptionValue, tree: Tree) -> bool:
    mechanism = link.mechanism
    return bool(mechanism and mechanism.is_exception_group and tree.get(_id(link)))


def _members(root: ExceptionValue, tree: Tree) -> list[ExceptionValue]:
    """The first exceptions below the root that are no groups themselves. Ids cannot form a cycle
    from 0.
    """
    found: list[ExceptionValue] = []
    waiting = [root]
    while waiting:
        link = waiting.pop(0)
        if _is_group(link, tree):
            waiting += tree[_id(link)]
        else:
            found.append(link)
    return found


def _first_causes(member: ExceptionValue, tree: Tree) -> tuple[ExceptionValue, ...]:
    """A member and what caused it, root cause first."""
    causes = [member]
    while below := tree.get(_id(causes[0])):
        causes.insert(0, below[0])
    return tuple(causes)


def components(chain: Sequence[ExceptionValue], platform: str) -> list[Component]:
    """One component a link. Application frames if any link has some, else all frames of each."""
    stacks = [contributing(link.frames, platform, app_only=True) for link in chain]
    if not any(stacks):
        stacks = [contributing(link.frames, platform, app_only=False) for link in chain]
    return [component(link, stack) for link, stack in zip(chain, stacks, strict=True)]


def component(link: ExceptionValue, stack: tuple[Call, ...]) -> Component:
    """Type and stack; without a stack the type and the value, without what varies in it."""
    kind = "" if link.mechanism and link.mechanism.synthetic else link.type or ""
    if stack:
        return ("exception", kind, ("stack", *stack))
    return ("exception", kind, *_value(link))


def _value(link: ExceptionValue) -> Component:
    meta = (link.mechanism.meta if link.mechanism else None) or {}
    ns_error = meta.get("ns_error")
    if type(ns_error) is dict and ns_error.get("domain"):
        return (("ns_error", str(ns_error["domain"]), str(ns_error.get("code"))),)
    return (("value", parameterise(link.value)),) if link.value else ()
