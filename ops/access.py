"""Whether this process may act. Every function that acts enforces ``OPS_READ_ONLY`` here, for every caller.

An act leaves a trace in a workload or on a bill: a scan (SQS counts a receive of each message), asking the logs, a
redrive and all that steers one, a purge, an import, a job's start and stop, the twin's start, stop and traffic. Reading
what is on this machine, making a plan (which then asks no log) and writing an export are none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from ops.errors import UsageError

READ_ONLY_VARIABLE = "OPS_READ_ONLY"
_YES = frozenset({"1", "true", "yes", "on"})


class ReadOnly(UsageError):
    """What was asked for is an act, and this process may only read."""


def read_only(environ: Mapping[str, str] | None = None) -> bool:
    return (os.environ if environ is None else environ).get(READ_ONLY_VARIABLE, "").strip().lower() in _YES


def ensure_may(act: str) -> None:
    """Raises ReadOnly when nothing may be changed. ``act``: what was asked for, a noun phrase ("a redrive")."""
    if read_only():
        raise ReadOnly(
            f"{READ_ONLY_VARIABLE} is set: {act} would change something, and nothing was done.",
            f"Unset {READ_ONLY_VARIABLE}.",
        )
