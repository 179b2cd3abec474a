"""Lines as loggers and runtimes write them, and what each tells. Taken from their documentation and sources, "
"2026-11."""

from __future__ import annotations

from tests.cases.causes.logged_lines import dotnet, harmless, jvm, native, node, others, python
from tests.cases.causes.logged_lines.line import Line

LINES: tuple[Line, ...] = (
    *python.LINES,
    *node.LINES,
    *jvm.LINES,
    *dotnet.LINES,
    *native.LINES,
    *others.LINES,
    *harmless.LINES,
)
