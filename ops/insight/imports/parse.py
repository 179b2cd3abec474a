"""Reads a log of ``python -X importtime``: one line per module, after the lines of what it imports."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ops.errors import UsageError
from ops.insight.imports.model import ImportedModule

_LINE = re.compile(r"^import time:\s*(\d{1,12}) \|\s*(\d{1,12}) \| ( *)(\S{1,300})\s*$")
"""Times in microseconds; two spaces more for each importer (CPython's documentation of -X importtime, 3.7 to 3.14)."""
_CACHED = re.compile(r"^import time:\s*cached\s*\|")
"""With ``-X importtime=2`` (since 3.14), a module that was already imported."""
_MARK = "import time:"
MAX_LINES = 200_000
LAST_OF_STARTUP = "site"
"""The interpreter imports it last before it runs the command."""


@dataclass
class _Node:
    name: str
    self_us: int
    total_us: int
    depth: int
    children: list[_Node] = field(default_factory=list)


def parse(text: str, where: str) -> tuple[ImportedModule, ...]:
    """The modules, importers first; what the interpreter imports at its own start is left out, where more follows. Other
    lines between them are skipped. Raises UsageError, naming ``where``, for a text that is not such a log."""
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        raise UsageError(f"{where} has {len(lines):,} lines: no import takes that many.", "Record one import alone.")
    waiting: list[_Node] = []  # whose importer's line is still to come
    for number, line in enumerate(lines, 1):
        if not line.startswith(_MARK) or _CACHED.match(line) or "imported package" in line:
            continue
        found = _LINE.match(line)
        if found is None:
            raise UsageError(f"{where}, line {number}: not a line of python -X importtime: {line[:80]!r}.", _HINT)
        node = _Node(found[4], int(found[1]), int(found[2]), len(found[3]) // 2)
        inside = len(waiting)
        while inside and waiting[inside - 1].depth > node.depth:
            inside -= 1
        node.children, waiting = waiting[inside:], waiting[:inside]
        waiting.append(node)
    if not waiting:
        raise UsageError(f"{where} is no log of python -X importtime: it has no line with a time.", _HINT)
    started = [place for place, node in enumerate(waiting) if node.name == LAST_OF_STARTUP]
    after = waiting[started[-1] + 1 :] if started else waiting
    return _flat(after or waiting)


_HINT = "Record one: python -X importtime -c 'import MODULE' 2> FILE"


def _flat(roots: list[_Node]) -> tuple[ImportedModule, ...]:
    found: list[ImportedModule] = []
    todo: list[tuple[_Node, int | None]] = [(node, None) for node in reversed(roots)]
    while todo:
        node, parent = todo.pop()
        place = len(found)
        found.append(ImportedModule(node.name, node.self_us, node.total_us, parent))
        todo += [(child, place) for child in reversed(node.children)]
    return tuple(found)
