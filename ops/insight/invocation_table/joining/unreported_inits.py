"""Attempts that ran INIT although none of their lines says so: of functions without the extension.

A suppressed INIT is part of Duration, and a REPORT line shows no Init Duration for it (an out-of-memory kill of a python3.12
function and the invocation after it, 2026-10). Lambda resets an environment after a timeout or a crash, and runs INIT
again inside the next invocation there (Lambda developer guide, lambda-runtime-environment, 2026-11).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from handler.extension.records import rules
from ops.insight.invocation_table.lines.columns import Column, LineColumns

BREAKING_STATUSES = ("error", "timeout")
"""After these the environment is reset. An exception of the handler (``failure``) leaves it as it is."""
INIT_ERRORS = (
    "Runtime.ImportModuleError",
    "Runtime.HandlerNotFound",
    "Runtime.UserCodeSyntaxError",
    "Runtime.InvalidEntrypoint",
    "Runtime.InvalidWorkingDir",
    "Extension.InitError",
    "Extension.Crash",
    "Extension.LaunchError",
)
"""Error types of an INIT that failed (Lambda developer guide, troubleshooting, 2026-11)."""


def mark_unreported_inits(lines: LineColumns, found: dict[str, Column]) -> None:
    """``found``: the columns of attempts sorted by start, with ``record``. Sets ``cold`` and ``phase`` of those attempts; what
    their INIT took stays unknown."""
    silent = ~found["record"] & ~found["cold"]
    broken = _is_one_of(lines, found, "status", BREAKING_STATUSES)
    ran = silent & (_is_one_of(lines, found, "error_type", INIT_ERRORS) | _follows(broken, found["environment"]))
    ran &= found["environment"] != lines.streams.code("")
    found["cold"] = found["cold"] | ran
    found["phase"] = np.where(ran, lines.texts["phase"].code(rules.SUPPRESSED), found["phase"]).astype(np.int32)


def _is_one_of(lines: LineColumns, found: dict[str, Column], column: str, texts: tuple[str, ...]) -> Any:
    return np.isin(found[column], [lines.texts[column].code(text) for text in texts])


def _follows(broken: npt.NDArray[np.bool_], environment: Column) -> npt.NDArray[np.bool_]:
    """For each attempt, whether the one before it in the same environment is ``broken``."""
    follows = np.zeros(len(broken), dtype=bool)
    some = np.flatnonzero(np.isin(environment, np.unique(environment[broken])))
    ordered = some[np.argsort(environment[some], kind="stable")]
    after, before = ordered[1:], ordered[:-1]
    follows[after] = broken[before] & (environment[after] == environment[before])
    return follows
