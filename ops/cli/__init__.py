"""The command line. ``main`` runs it: errors become one sentence and the next step on stderr, and an exit code.

Exit codes: 0 fine, 1 the answer is bad news, 2 usage, 3 AWS said no. Commands import what they need when they run, so
that ``ops --help`` does not wait for pandas and boto3.
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
