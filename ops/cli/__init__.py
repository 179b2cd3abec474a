"""The command line. ``main`` runs it: an error becomes one sentence and the next step on stderr, and an exit code.

Exit codes: 0 success, 1 attention needed, 2 usage, 3 AWS error. A command's module is imported when the command runs
(``commands_base.lazy_group``), so that no help waits for it.
"""

from __future__ import annotations

import gc

__all__ = ["main"]


GC_THRESHOLD = 50_000
"""Objects from which the garbage collector looks for cycles: importing botocore makes many, and none of them is garbage.
With Python's own threshold that is a tenth of the time that ``ops status`` takes."""


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and ends the process with its exit code. The commands are imported here, half a second in
    which Ctrl-C would be a traceback."""
    gc.set_threshold(GC_THRESHOLD)
    try:
        from ops.cli.app import main as run

        run(arguments)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    finally:
        gc.freeze()  # the process ends: its last collection need not go through all that was imported
