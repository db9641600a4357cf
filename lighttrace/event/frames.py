"""Whose code a frame is: what the SDK said, else where the file lies. Built-in rules of grouping
version lt1.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from lighttrace.event.model import Event, Frame

SEARCH_LENGTH = 4096
JAVA = ("java", "kotlin", "scala", "groovy", "android", "clojure")
JAVASCRIPT = ("javascript", "node")
NATIVE = ("native", "c", "cpp", "rust", "swift", "objc", "cocoa", "macho", "elf", "pe")

_PATHS = {
    "python": re.compile(r"/(?:site|dist)-packages/|/lib/python\d(?:\.\d+)?/|^<frozen "),
    "javascript": re.compile(
        r"/node_modules/|^node_modules/|^node:|^internal/|-extension:"
        r"|//(?:unpkg\.com|cdn\.jsdelivr\.net|"
        r"cdnjs\.cloudflare\.com|esm\.run)/"
    ),
    "go": re.compile(r"/go/pkg/mod/|/go/src/(?!.*\.)|/usr/local/go/|/goroot/|@v\d"),
    "ruby": re.compile(r"/gems/|/vendor/bundle/|/lib/ruby/|^<internal:"),
    "php": re.compile(r"/vendor/"),
    "dart": re.compile(r"^dart:|^package:flutter/|^package:sentry|\.pub-cache"),
}
_ANYWHERE = re.compile(
    r"/vendor/|newrelic|LogRocket|logrocket|@sentry/|/sentry_sdk/|sentry-(?:ruby|php|laravel|go)"
)
_MODULES = {
    "java": [
        *("java", "javax", "jdk", "sun", "com.sun", "kotlin", "kotlinx", "scala"),
        *("android", "androidx", "dalvik", "com.android", "reactor", "akka", "feign"),
        *("org.springframework", "org.apache", "org.hibernate", "org.glassfish", "org.jboss"),
        *("org.postgresql", "org.junit", "com.fasterxml", "io.netty", "io.ktor"),
        *("io.opentelemetry", "io.sentry"),
    ],
    "csharp": ["System", "Microsoft", "mscorlib", "Newtonsoft", "NHibernate", "Sentry"],
    "python": ["sentry_sdk", "raven"],
    "ruby": ["Sentry"],
    "php": ["Sentry", "Illuminate", "Symfony"],
}
_NATIVE_PACKAGES = re.compile(r"^(?:/usr/lib|/lib|/system|/library|c:/windows)", re.IGNORECASE)
_NATIVE_FUNCTIONS = re.compile(
    r"^(?:std::|core::|alloc::|__rust_|__cxa_|_start$|__libc_start_main)"
)
_SDK = re.compile(
    r"/sentry_sdk/|/raven/|@sentry/|/sentry-(?:ruby|php|laravel|go)|^package:sentry|/sentry/src/"
)


def family(platform: str) -> str:
    """The rules a platform goes by: javascript for node, java for kotlin, native for C, Rust, Swift
    …
    """
    if platform in JAVASCRIPT:
        return "javascript"
    if platform in JAVA:
        return "java"
    if platform in NATIVE:
        return "native"
    return platform


def in_app(frames: Sequence[Frame], platform: str) -> tuple[bool, ...]:
    """Whether each frame is the application's own code.

    The SDK's word counts. A frame it said nothing about is a library's if its place says so; else
    it is the application's, unless the SDK marked others of this stack: then it left this one out
    on purpose.
    """
    marked = any(frame.in_app is not None for frame in frames)
    return tuple(
        frame.in_app if frame.in_app is not None else not marked and not is_library(frame, platform)
        for frame in frames
    )


def path_of(frame: Frame) -> str:
    """Where the file lies, with forward slashes."""
    path = frame.abs_path or frame.filename or ""
    return path.replace("\\", "/") if "\\" in path else path


def is_library(frame: Frame, platform: str) -> bool:
    return _is_library(
        family(frame.platform or platform),
        path_of(frame),
        frame.module or "",
        frame.function or "",
        frame.package or "",
    )


def is_sdk(frame: Frame) -> bool:
    """Whether the frame is the reporting library's own: it says nothing about the fault."""
    return _is_sdk(path_of(frame), frame.module or "")


@lru_cache(maxsize=16_384)
def _is_sdk(path: str, module: str) -> bool:
    return (
        _SDK.search(path) is not None
        or module.startswith(("sentry_sdk.", "raven.", "io.sentry.", "Sentry."))
        or module in ("sentry_sdk", "raven", "Sentry")
    )


@lru_cache(maxsize=16_384)
def _is_library(kind: str, path: str, module: str, function: str, package: str) -> bool:
    if _ANYWHERE.search(path):
        return True
    pattern = _PATHS.get(kind)
    if pattern is not None and pattern.search(path):
        return True
    if module and _below(module, _MODULES.get(kind, ())):
        return True
    if kind == "go":
        return _is_go_standard(module)
    if kind == "native":
        return bool(
            _NATIVE_PACKAGES.match(package.replace("\\", "/")) or _NATIVE_FUNCTIONS.match(function)
        )
    return False


def _below(module: str, roots: Sequence[str]) -> bool:
    return any(
        module.startswith(root) and module[len(root) : len(root) + 1] in ("", ".", "$", "\\", ":")
        for root in roots
    )


def _is_go_standard(module: str) -> bool:
    """Packages of the standard library have no dot in their first element; `main` is a program."""
    first = module.partition("/")[0]
    return bool(first) and "." not in first and first != "main"


def search_text(event: Event) -> str:
    """Functions, files and modules of the stacks, each once, crash first: a line for each kind,
    tabs between names. For full-text search.
    """
    functions: dict[str, None] = {}
    files: dict[str, None] = {}
    modules: dict[str, None] = {}
    stacks = [link.frames for link in reversed(event.exceptions)]
    stacks += [event.frames, *(thread.frames for thread in event.threads if thread.crashed)]
    size = 0
    for frame in (frame for stack in stacks for frame in reversed(stack)):
        for names, name in (
            (functions, frame.function),
            (files, frame.filename),
            (modules, frame.module),
        ):
            if name and name not in names and size + len(name) < SEARCH_LENGTH:
                names[name] = None
                size += len(name) + 1
    if size == 0:
        return ""
    return "\n".join(
        "\t".join(" ".join(it.split()) for it in kind) for kind in (functions, files, modules)
    )
