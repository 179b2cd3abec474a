"""The command line. ``main`` runs it: an error becomes one sentence and the next step on stderr, and an exit code.

Exit codes: 0 success, 1 attention needed, 2 usage, 3 AWS error. A command's module is imported when the command runs
(``lazy_group``); inside functions its modules import only what brings pandas or botocore, so that no help waits for it.
"""

from __future__ import annotations

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and ends the process with its exit code. The commands are imported here, half a second in
    which Ctrl-C would be a traceback."""
    try:
        from ops.cli.app import main as run

        run(arguments)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
