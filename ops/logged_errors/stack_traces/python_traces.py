"""Python's tracebacks, and which of chained exceptions is the root.

The runtime logs an unhandled exception as ``[ERROR] Type: message``, then the traceback without its last line,
sometimes with carriage returns for line feeds; ``logger.exception`` and ``traceback`` write the traceback with it,
after those of the exceptions that led to it. Which of these is the root:

- ``raise … from error`` ("was the direct cause"): what was raised first.
- "During handling … another exception occurred": what was raised first, when the ``except`` clause itself raised the
  later one, as code does to say it in its own words. The later one, when something that was called in that clause
  failed: the first had been caught by then, and may be no trouble at all (a cache without the key).
- An exception whose message holds tracebacks (a batch's, an exception group): the first of those.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ops.logged_errors.stack_traces import frames
from ops.logged_errors.stack_traces.thrown_error import MAX_LINE_CHARS, ThrownError, chain_errors

HEAD = "Traceback (most recent call last):"
_DIRECT = "The above exception was the direct cause of the following exception:"
_DURING = "During handling of the above exception, another exception occurred:"
_NAME = r"[A-Za-z_$][\w$.]*"
_RAISED = re.compile(rf"({_NAME})(?::[ \t]?(.*))?$")
_RUNTIME = re.compile(rf"^\[(?:ERROR|CRITICAL)\][ \t]+({_NAME})(?::[ \t]?(.*))?$", re.MULTILINE)
_GUTTER = re.compile(r"^[ \t]*(?:\| ?|\+[-+ ]*(?:\d+ -+)?$|\+-\+-+ ?\d* ?-*$|\+ (?=Exception Group))", re.MULTILINE)
_ROWS_OF_A_MESSAGE = 6


@dataclass(frozen=True)
class _Block:
    """One traceback. ``link``: how the one before it in the text led to it."""

    lines: list[str]
    thrown: ThrownError
    raised: bool
    link: str = ""


def parse(text: str) -> ThrownError:
    if "Exception Group " + HEAD in text:
        text = _GUTTER.sub("", text)
    head, *parts = text.split(HEAD)
    blocks = []
    link = ""
    for part in parts:
        blocks.append(_block(part, link))
        link = _DIRECT if _DIRECT in part else _DURING if _DURING in part else ""
    chains = _chains(blocks)
    runtime = _runtime(head)
    last = chains[-1][-1]
    if runtime is not None and not last.raised:
        wrapper = ThrownError(*runtime, last.thrown.location)
        inner = [_root(chain) for chain in [*chains[:-1], chains[-1][:-1]] if chain and chain[-1].raised]
        return chain_errors([wrapper, inner[0]], inner[1:]) if inner else wrapper
    first, *later = [_root(chain) for chain in chains]
    if not later:
        return first
    return chain_errors([first, later[0]], later[1:])


def _runtime(head: str) -> tuple[str, str] | None:
    """Type and message, which may go over several lines, of what left the handler, by the runtime."""
    found = _RUNTIME.search(head)
    return (found[1], " ".join(f"{found[2] or ''}\n{head[found.end() :]}"[:MAX_LINE_CHARS].split())) if found else None


def _block(part: str, link: str) -> _Block:
    lines = part.split("\n")
    place = frames.location(frame for line in reversed(lines) if (frame := frames.of_line(line)))
    for at, line in enumerate(lines):
        if line and not line[0].isspace() and (found := _RAISED.match(line[:MAX_LINE_CHARS].rstrip())):
            return _Block(
                lines[:at], ThrownError(found[1], _message(found[2] or "", lines[at + 1 :]), place), True, link
            )
    return _Block(lines, ThrownError("", "", place), False, link)


def _message(first: str, more: list[str]) -> str:
    rest: list[str] = []
    for line in more:
        if line.strip() in (_DIRECT, _DURING) or len(rest) == _ROWS_OF_A_MESSAGE:
            break
        rest.append(line[:MAX_LINE_CHARS])
    return " ".join(" ".join([first, *rest]).split())


def _chains(blocks: list[_Block]) -> list[list[_Block]]:
    """Blocks that led to one another, together."""
    chains: list[list[_Block]] = []
    for block in blocks:
        if block.link and chains:
            chains[-1].append(block)
        else:
            chains.append([block])
    return chains


def _root(chain: list[_Block]) -> ThrownError:
    at = len(chain) - 1
    while at > 0 and (chain[at].link == _DIRECT or _said_in_own_words(chain[at - 1], chain[at])):
        at -= 1
    return chain_errors([block.thrown for block in reversed(chain[at:])])


def _said_in_own_words(caught: _Block, block: _Block) -> bool:
    """Whether the clause that caught the first exception raised the other one itself: a traceback begins in the
    function that caught it, and a ``raise`` there is the last frame of the next."""
    places = [[line for line in part.lines if frames.is_python(line)] for part in (caught, block)]
    if not places[0] or not places[1]:
        return False
    catching, raising = (frames.of_line(line) for line in (places[0][0], places[1][-1]))
    if catching is None or raising is None or (catching.path, catching.name) != (raising.path, raising.name):
        return False
    after = block.lines[block.lines.index(places[1][-1]) + 1 :]
    code = next((line.strip() for line in after if line.strip()), "raise")
    return code.startswith("raise")
