"""``ops runbook …`` in a process that the bench forks and may kill."""

from __future__ import annotations

import io
import os
import sys


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def command(environment: dict[str, str], words: list[str], queue: str = "orders", typed: str = "") -> None:
    """In a process of its own: the command line, quiet. ``typed``: what a person answers."""
    os.environ.update(environment)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    from ops.cli.app import run
    from ops.runbooks import engine

    sys.stdin = _Terminal(typed) if typed else sys.stdin
    engine.VERIFY_INTERVAL_S = 0.01
    sys.exit(run(["runbook", *words, "--yes-to", "reversible", "--queue", queue]))
