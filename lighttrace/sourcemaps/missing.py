"""Why a frame of minified code could not be made readable, and what to do: sentences for people."""

from collections.abc import Sequence

from lighttrace.event.model import Unmapped

UPLOAD = "Upload the source maps of this build, with sentry-cli, a bundler's plugin or curl."


def debug_id(value: str) -> Unmapped:
    return Unmapped(
        f"no artifact with debug id {value}",
        "The build that was deployed is not the one whose source maps were uploaded. Upload those "
        "of the same build, for this project.",
    )


def no_release() -> Unmapped:
    return Unmapped(
        "the event has neither a debug id nor a release",
        "Let the bundler's plugin or `sentry-cli sourcemaps inject` put debug ids into the scripts "
        "before they are deployed.",
    )


def release(version: str) -> Unmapped:
    return Unmapped(f"nothing was uploaded for release {version}", UPLOAD)


def dist(version: str, sent: str, others: Sequence[str]) -> Unmapped:
    """`sent`: the event's dist, '' for none; `others`: those that files were uploaded for."""
    known = ", ".join(it or "none" for it in others)
    said = f"release {version} has no dist {sent}" if sent else f"release {version} has only dists"
    return Unmapped(
        said, f"Uploaded for it: {known}. The SDK's `dist` and that of the upload must be the same."
    )


def url(version: str, script: str) -> Unmapped:
    return Unmapped(
        f"release {version} has no artifact {script}",
        "The name of an uploaded file must be the address it is loaded from, with ~ for scheme and "
        "host: see --url-prefix.",
    )


def nameless(script: str) -> Unmapped:
    return Unmapped(
        f"{script} was uploaded and names no source map",
        "Upload the map beside it, or let the bundler write the comment sourceMappingURL.",
    )


def map_file(named: str) -> Unmapped:
    return Unmapped(f"the source map {named} was not uploaded", UPLOAD)


def mapping(uuid: str) -> Unmapped:
    return Unmapped(
        f"no mapping with the UUID {uuid} was uploaded",
        "Upload the mapping.txt of this build for this project: "
        f"`sentry-cli upload-proguard --uuid {uuid} mapping.txt`, or let the build's plugin do it.",
    )


def no_line(holder: str, function: str, line: int) -> Unmapped:
    return Unmapped(
        f"the mapping has no line {line} of {holder}.{function}"
        if line
        else f"the mapping does not say what {holder}.{function} was",
        "The mapping is of another build than the one that ran. Upload that of the same build, "
        "with its UUID.",
    )


def broken_mapping(error: str) -> Unmapped:
    return Unmapped(f"the mapping cannot be read: {error}", "Upload the mapping again.")


def broken(error: str) -> Unmapped:
    return Unmapped(f"the source map cannot be read: {error}", "Upload the map again.")


def too_many(most: int) -> Unmapped:
    return Unmapped(
        f"the event has frames of more than {most} scripts",
        "So many are looked up for one event. Fewer, larger chunks are quicker to load, too.",
    )


def no_column() -> Unmapped:
    return Unmapped(
        "the event says no column",
        "Minified code has all on one line. The browser or SDK that sent this one leaves it out.",
    )


def outside(line: int, column: int) -> Unmapped:
    """Both from 1, as people count."""
    return Unmapped(
        f"line {line}, column {column} is outside the map",
        "The map is of another build than the script that ran. Upload both of the same build.",
    )


def not_mapped(line: int, column: int) -> Unmapped:
    return Unmapped(
        f"line {line}, column {column} comes from no source",
        "The bundler put this code in by itself; there is nothing to do.",
    )
