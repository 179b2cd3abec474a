"""A reason for each cold start, from what the other environments did at that moment.

A suppressed INIT and a failed INIT are recorded as such. The other reasons are inferred: Lambda does not log them, nor does
it document when it removes an idle environment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from handler.extension.records import rules
from ops.insight.invocation_table.joining.unreported_inits import INIT_ERRORS
from ops.insight.rules.cold_starts.environments import ENDING, LoggedEnvironments, Mask, is_broken, ticks
from ops.insight.sources.invocations import Invocation

WARM = timedelta(minutes=5)
"""An environment that was used within this time should still be there; one that was not may have been removed. Our
choice: AWS documents no such time, and users observe 5 minutes and more."""
CLOCKS = timedelta(seconds=1)
"""Clock tolerance: a deployment's time is in whole seconds, and its clock is not the invocation's."""
SWITCHED = timedelta(seconds=30)
"""Within this time of a change, old environments stop taking work; those that still do serve another version of an alias."""


class ColdReason(StrEnum):
    DEPLOY = "deploy or configuration change"
    SCALE_OUT = "scale-out under load"
    IDLE = "after idle time"
    REPLACED = "replaced by Lambda"
    RESET = "after a crash or timeout"
    FAILED_INIT = "failed INIT"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ColdStart:
    """``inferred``: from what the other environments did; else the log shows it. ``waited_ms``: INIT or restore; None
    when unknown."""

    invocation: Invocation
    reason: ColdReason
    inferred: bool

    @property
    def waited_ms(self) -> float | None:
        row = self.invocation
        return row.init_ms if row.init_ms is not None else row.restore_ms


def explain(
    rows: Iterable[Invocation], changes: Sequence[datetime] = (), *, whole: bool = True, warm: timedelta = WARM
) -> list[ColdStart]:
    """Each cold start of ``rows``, oldest first. ``changes``: when the function's code or configuration changed, as far as
    known; a new version is seen without them. ``whole``: every invocation is in ``rows``; of a sample nothing can be
    inferred, because it does not show what the other environments did. ``warm``: for how long an idle environment stays."""
    rows = sorted(rows, key=lambda row: row.started)
    environments = LoggedEnvironments(rows)
    ordered = sorted(changes)
    return [ColdStart(row, *_reason(row, environments, ordered, whole, warm)) for row in rows if row.cold]


def _reason(
    row: Invocation, environments: LoggedEnvironments, changes: Sequence[datetime], whole: bool, warm: timedelta
) -> tuple[ColdReason, bool]:
    """The reason, and whether it is inferred."""
    if (logged := _logged_reason(row)) is not None:
        return logged, False
    if not (row.environment and whole):
        return ColdReason.UNKNOWN, False
    return _inferred_reason(row, environments, changes, warm)


def _logged_reason(row: Invocation) -> ColdReason | None:
    """None where the log does not show it."""
    if row.error_type in INIT_ERRORS:
        return ColdReason.FAILED_INIT
    if row.phase == rules.SUPPRESSED:
        return ColdReason.RESET
    return None


def _inferred_reason(
    row: Invocation, environments: LoggedEnvironments, changes: Sequence[datetime], warm: timedelta
) -> tuple[ColdReason, bool]:
    if (before := environments.before(row)) is not None:
        return (ColdReason.RESET if is_broken(before) else ColdReason.UNKNOWN), False
    environments.move_to(row.started)
    now, changed = ticks(row.started), _last_change(row, changes)
    others = environments.others(row)
    current = others & environments.of_version(row.version)
    if changed is not None:
        current &= environments.first >= changed
    if _is_deployed(environments, now, current, others & ~current, changed, warm):
        return ColdReason.DEPLOY, True
    busy = environments.ended + ticks(ENDING) > now
    used_later = environments.last > now
    free = current & ~busy & used_later & (environments.next > now + ticks(CLOCKS))
    gone = current & ~busy & ~used_later & ~environments.replaced & (environments.ended + ticks(warm) > now)
    for lost, reason in ((gone & environments.broken, ColdReason.RESET), (gone, ColdReason.REPLACED)):
        if lost.any():
            environments.replaced[np.argmax(lost)] = True
            return reason, True
    if free.any():
        return ColdReason.REPLACED, True
    if np.any(current & (busy | used_later)):
        return ColdReason.SCALE_OUT, True
    return (ColdReason.IDLE, True) if others.any() else (ColdReason.UNKNOWN, False)


def _last_change(row: Invocation, changes: Sequence[datetime]) -> int | None:
    """The time of the last change before ``row``, in ticks; None without one."""
    at = bisect_right(changes, row.started + CLOCKS)
    return ticks(changes[at - 1] - CLOCKS) if at else None


def _is_deployed(
    environments: LoggedEnvironments, now: int, current: Mask, earlier: Mask, changed: int | None, warm: timedelta
) -> bool:
    """Whether it replaces an environment from before the change: each that was warm then accounts for one cold start."""
    there = int(np.count_nonzero(current))
    since = now if changed is None else changed
    if changed is None and there:
        since = int(environments.first[current].min())
    if there:
        earlier &= environments.last <= now + ticks(SWITCHED)
    alive = earlier & (environments.ended >= since - ticks(warm))
    return there < int(np.count_nonzero(alive))
