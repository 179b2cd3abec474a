"""Java's, .NET's and Node.js' stack traces, whose frames start with "at", with the errors that were wrapped.

Java and Node.js write the wrapper first, then "Caused by:" or "[cause]:" with the next error and its frames; with
"Wrapped by:" loggers write the root first. .NET writes all types first, each after "--->", then the frames of each from
the root outwards. What Java suppressed stands farther in than the frames, and is no cause.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ops.logged_errors.stack_traces import frames
from ops.logged_errors.stack_traces.thrown_error import ThrownError, chain_errors, error_in_lines, split_type

_CAUSED = re.compile(r"(?:Caused|Wrapped) by: (?!\[CIRCULAR)|\[cause\]: \[?")
_INNER = re.compile(r"-+> ?(?:\(Inner Exception #\d+\) ?)?")
_ENDED = "--- End of inner exception stack trace ---"


@dataclass
class _Section:
    """One error: the lines that name it, and its frames. ``marked``: these start with its type for certain."""

    intro: list[str] = field(default_factory=list)
    marked: bool = False
    frames: list[frames.Frame] = field(default_factory=list)
    started: bool = False  # the frames

    def thrown(self) -> ThrownError:
        return ThrownError(*error_in_lines(self.intro, self.marked), frames.location(self.frames))


Sections = tuple[list[_Section], list[_Section]]
"""The chain from the outermost inwards, and errors beside its root."""


def parse(lines: Sequence[str]) -> ThrownError | None:
    """None where no line is a frame: "at the end of the day" is none."""
    split: Callable[[Sequence[str]], Sections] = _one_after_another
    bare = [line.strip() for line in lines]
    if any(line.startswith(("---> ", _ENDED)) or (" ---> " in line and not line.startswith("at ")) for line in bare):
        split = _types_first
    elif any(line.startswith("[errors]: [") for line in bare):
        split = _aggregate
    chain, others = split(lines)
    if not any(section.frames for section in (*chain, *others)):
        return None
    links = [section.thrown() for section in chain]
    if any(line.startswith("Wrapped by: ") for line in bare):
        links.reverse()
    return chain_errors(links, [section.thrown() for section in others])


def _one_after_another(lines: Sequence[str]) -> Sections:
    chain = [_Section()]
    skipped = 0
    for line in lines:
        bare, indent = line.strip(), len(line) - len(line.lstrip())
        if skipped and bare and indent >= skipped:
            continue
        skipped = max(indent, 1) if bare.startswith("Suppressed: ") else 0
        if skipped:
            continue
        if cause := _CAUSED.match(bare):
            chain.append(_Section([bare[cause.end() :].rstrip("]")], marked=True))
        else:
            _take(chain[-1], line, indent)
    return chain, []


def _types_first(lines: Sequence[str]) -> Sections:
    chain, others = [_Section()], list[_Section]()
    at, ended = 0, False
    for line in lines:
        bare, indent = line.strip(), len(line) - len(line.lstrip())
        if bare.startswith(_ENDED):
            at, ended = max(0, at - 1), True
        elif ended and _INNER.match(bare):
            others.append(_inner(bare))
        elif not bare.startswith("at ") and (" ---> " in bare or _INNER.match(bare)):
            first, *more = bare.split(" ---> ") if not _INNER.match(bare) else ["", *bare.split(" ---> ")]
            chain[at].intro += [first] if first else []
            chain += [_inner(line) for line in more]
            at = len(chain) - 1
        else:
            _take(chain[at], line, indent)
    same = {section.intro[0] for section in chain if section.intro}
    return chain, [section for section in others if section.intro[0] not in same]


def _inner(bare: str) -> _Section:
    found = _INNER.match(bare)
    return _Section([bare[found.end() if found else 0 :].removesuffix("<---").strip()], marked=True)


def _aggregate(lines: Sequence[str]) -> Sections:
    """Node.js' AggregateError lists its errors in brackets: the first of them is taken for the root."""
    at = next(n for n, line in enumerate(lines) if line.strip().startswith("[errors]: ["))
    chain, _ = _one_after_another(lines[:at])
    items: list[_Section] = []
    for line in [lines[at].strip()[len("[errors]: [") :], *lines[at + 1 :]]:
        bare, indent = line.strip().strip("[],{"), len(line) - len(line.lstrip())
        if not bare.startswith("at ") and split_type(bare):
            items.append(_Section([bare], marked=True))
        elif items:
            _take(items[-1], line, indent)
    return (chain + items[:1], items[1:]) if items else (chain, [])


def _take(section: _Section, line: str, indent: int) -> None:
    if indent and line.lstrip().startswith("at "):
        section.started = True
        if frame := frames.of_line(line):
            section.frames.append(frame)
    elif not section.started:
        section.intro.append(line)
