"""An explanation as a person would say it: one sentence, and a second one in a lower voice."""

from collections.abc import Sequence

from lighttrace.event.grouping.explain import Explanation, Part

PLACES = 3
SAID = 120


def told(found: Explanation) -> tuple[str, str]:
    """Why it is here; what else was looked at, and was not."""
    used = [part for part in found.parts if part.used]
    kinds = [part.value for part in used if part.name == "type"]
    places = list(dict.fromkeys(part.place for part in used if part.name == "frame" and part.place))
    says = next((part.value for part in used if part.name in ("value", "message")), "")
    match found.method:
        case "exception" if len(kinds) <= 2 and places:
            what = f"{_a(kinds[0])} {kinds[0]}" if kinds else "an error"
            where = f"Here because {what} is raised in {_called(places)}{_caused(kinds)}."
            return (
                where,
                f"{_count(used)} decided; release, user, message and line numbers did not.",
            )
        case "exception" if len(kinds) == 1 and says:
            what = f"Here because {_a(kinds[0])} {kinds[0]} says \u201c{says[:SAID]}\u201d."
            return what, "No usable stack came with it; what varies in the text is left out."
        case "threads" | "stacktrace" if places:
            where = f"Here because it comes from {_called(places)}."
            return where, f"{_count(used)} decided; its text and line numbers did not."
        case "message" if says:
            return (
                f"Here because it says \u201c{says[:SAID]}\u201d.",
                "What varies in it is left out.",
            )
    head, semicolon, rest = found.why.partition("; ")
    return (f"{head}.", f"{rest[:1].upper()}{rest[1:]}") if semicolon else (head, "")


def _called(places: Sequence[str]) -> str:
    first, callers = places[0], places[1:PLACES]
    return f"{first}, called from {' and '.join(callers)}" if callers else first


def _caused(kinds: Sequence[str]) -> str:
    return f", caused by {_a(kinds[1])} {kinds[1]}" if len(kinds) > 1 else ""


def _a(noun: str) -> str:
    return "an" if noun[:1].upper() in "AEIO" else "a"


def _count(used: Sequence[Part]) -> str:
    n = sum(part.name == "frame" for part in used)
    words = ("", "One place", "Two places", "Three places", "Four places", "Five places")
    return words[n] if n < len(words) else f"{n} places"


def essence(found: Explanation) -> str:
    """What tells a hash from others, in a line."""
    used = [part for part in found.parts if part.used]
    kinds = [part.value for part in used if part.name == "type"]
    frames = [part.place or part.value for part in used if part.name == "frame"]
    own = [part.value for part in used if part.name in ("fingerprint", "checksum")]
    says = [part.value for part in used if part.name in ("value", "message", "directive", "host")]
    more = f" \u2190 {len(frames) - PLACES} more" if len(frames) > PLACES else ""
    shown = [", ".join(own), " of ".join(kinds[:2])]
    shown.append(" \u2190 ".join(frames[:PLACES]) + more if frames else " ".join(says)[:SAID])
    return ": ".join(part for part in shown if part) or found.why
