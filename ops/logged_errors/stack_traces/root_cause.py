"""Stack traces as they stand in logs, read leniently: the root cause, where it happened, and the errors around it.

``python_traces`` reads Python's, ``at_traces`` those of Java, .NET and Node.js. Here are the languages whose errors
have one beginning each: Go, Rust, PHP, Ruby and Elixir.
"""

from __future__ import annotations

import re
from itertools import islice

from ops.logged_errors.stack_traces import at_traces, frames, python_traces
from ops.logged_errors.stack_traces.thrown_error import MAX_CHAIN, ThrownError, chain_errors, split_type
from ops.logged_errors.terminal_colors import COLOUR

MAX_CHARS, MAX_LINE_CHARS = 60_000, 4_000
"""Characters of a trace, and of a line of it, that are read."""
PANIC = "panic"
"""The error type of what Go and Rust call so, and give no type."""

_HINT = re.compile(r"panic|[eE]rror: |Uncaught|^Next |\[object\]|\.rb:\d|^\*\* \(", re.M)
"""Most lines hold no trace: this is what the shapes below have in common."""
_AT = re.compile(r"^[ \t]+at \S", re.MULTILINE)
_GO = re.compile(r"^[ \t]*(panic|fatal error): ([^\n]*)$", re.MULTILINE)
_GO_NOISE = re.compile(r" \[recovered(?:, repanicked)?\]$")
_RUST = re.compile(
    r"^thread '[^'\n]*'(?: \(\d+\))? panicked at (?:'(?P<old>[^\n]*)', )?(?P<path>[^\s:]+):(?P<line>\d+):\d+:?$", re.M
)
_RUST_CAUSES = re.compile(r"^Error: (?P<outer>[^\n]*)\n\n?Caused by:\n(?P<causes>(?:[ \t]+[^\n]*\n?)+)", re.M)
_PHP_THROWN = re.compile(
    r"(?:Uncaught|^Next) (?P<type>[A-Za-z_\\][\w\\]*)(?:: (?P<reason>[^\n]*?))? in (?P<path>/[^\s:]+):(?P<line>\d+)$",
    re.M,
)
_PHP_OBJECT = re.compile(
    r"\[object\] \((?P<type>[\w\\]+)\(code: [^)\n]{0,40}\): (?P<reason>[^\n]*?) at (?P<path>/[^\s:)]+):(?P<line>\d+)\)"
)
_PHP_FATAL = re.compile(
    r"(?P<type>(?:Fatal|Parse) error): +(?P<reason>[^\n]*?) in (?P<path>/[^\s]+) on line (?P<line>\d+)"
)
_RUBY_TYPE, _RUBY_FRAMES = r"(?P<type>[A-Z]\w*(?:::\w+)*)", r"(?=\n\s*(?:from )?\S+\.rb:\d)"
_RUBY = (
    re.compile(
        r"^(?:[A-Z], \[[^\]\n]{1,80}\] +[A-Z]+ -- [^:\n]{0,80}: )?(?:\S+\.rb:\d+:in [`'][^'\n]*': )?"
        rf"(?P<reason>[^\n]*) \({_RUBY_TYPE}\)${_RUBY_FRAMES}",
        re.M,
    ),
    re.compile(rf"^\S+\.rb:\d+:in [`'][^'\n]*': (?P<reason>[^\n]*) \({_RUBY_TYPE}\)$", re.M),
    re.compile(rf"^{_RUBY_TYPE}: (?P<reason>[^\n]*){_RUBY_FRAMES}", re.M),
)
_ELIXIR = re.compile(r"^\*\* \((?P<type>[A-Z][\w.]*)\) (?P<reason>[^\n]*)", re.M)


def parse(text: str) -> ThrownError | None:
    """The failure that a stack trace in ``text`` shows; None where there is none. Its type may be empty."""
    text = plain_lines(text)
    if python_traces.HEAD in text:
        return python_traces.parse(text)
    if _AT.search(text) and (found := at_traces.parse(text.split("\n"))):
        return found
    if not _HINT.search(text):
        return None
    return next((found for read in (_go, _rust, _php, _ruby, _elixir) if (found := read(text))), None)


def plain_lines(text: str) -> str:
    """The text without colors, and with line feeds for whatever else ends lines (Lambda's Python writes carriage
    returns)."""
    lines = COLOUR.sub("", text[:MAX_CHARS].replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return "\n".join(line[:MAX_LINE_CHARS] for line in lines)


def location(stack: str) -> str:
    """The innermost own frame of a stack trace alone."""
    some = plain_lines(stack).split("\n")
    return frames.location(frames.of_lines(some), innermost_last=any(map(frames.is_python, some)))


def read(text: str) -> ThrownError | None:
    """A stack trace, or an error's text that starts with its type."""
    if found := parse(text):
        return found
    kind = split_type(text)
    return ThrownError(*kind) if kind else None


def _go(text: str) -> ThrownError | None:
    """A panic that was recovered and raised again stands below the first one."""
    found = [(kind, _GO_NOISE.sub("", reason)) for kind, reason in _GO.findall(text)]
    if not found:
        return None
    place = location(text[text.find("goroutine ") :]) if "goroutine " in text else ""
    return chain_errors([ThrownError(kind, reason, place) for kind, reason in reversed(found)])


def _rust(text: str) -> ThrownError | None:
    if found := _RUST.search(text):
        own = frames.Frame(found["path"], found["line"], "")
        message = found["old"] or text[found.end() :].lstrip("\n").partition("\n")[0]
        return ThrownError(PANIC, message.strip(), frames.location([own]))
    if found := _RUST_CAUSES.search(text):
        causes = [re.sub(r"^\d+: ", "", line.strip()) for line in found["causes"].splitlines() if line.strip()]
        return chain_errors([ThrownError("", reason) for reason in (found["outer"], *causes)])
    return None


def _php(text: str) -> ThrownError | None:
    """ "Next" is an exception with the one above as its previous one; Monolog writes the previous ones last."""
    if found := list(_PHP_THROWN.finditer(text)):
        return chain_errors([_at_file(match) for match in reversed(found)])
    if found := list(_PHP_OBJECT.finditer(text)):
        return chain_errors([_at_file(match) for match in found])
    fatal = _PHP_FATAL.search(text)
    return _at_file(fatal) if fatal else None


def _at_file(found: re.Match[str]) -> ThrownError:
    own = frames.Frame(found["path"].replace("\\/", "/"), found["line"], "")
    return ThrownError(found["type"].replace("\\\\", "\\"), found["reason"] or "", frames.location([own]))


def _ruby(text: str) -> ThrownError | None:
    """Ruby names the outermost error first, and its cause below."""
    for shape in _RUBY:
        if found := list(islice(shape.finditer(text), MAX_CHAIN)):
            ends = [*(match.start() for match in found[1:]), len(text)]
            own = [location(text[match.start() : end]) for match, end in zip(found, ends, strict=True)]
            links = zip(found, own, strict=True)
            return chain_errors([ThrownError(match["type"], match["reason"], place) for match, place in links])
    return None


def _elixir(text: str) -> ThrownError | None:
    found = _ELIXIR.search(text)
    return ThrownError(found["type"], found["reason"], location(text[found.end() :])) if found else None
