"""What the rows of the aggregating queries say."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from handler.extension.records import rules
from ops.invocation_log import moment
from ops.invocation_log.values import text


@dataclass(frozen=True)
class VersionTotal:
    """``init_ms`` (of cold invocations; a restore with SnapStart) and ``duration_ms``: by percentile, NaN where unknown."""

    version: str
    invocations: int
    cold: int
    init_ms: Mapping[int, float]
    duration_ms: Mapping[int, float]


@dataclass(frozen=True)
class FailureTotal:
    """``count`` invocations that failed in the period from ``time`` on."""

    time: datetime
    version: str
    error_type: str
    count: int


@dataclass(frozen=True)
class LogTotals:
    """``by_version``: the newest version last, as far as versions are numbers. ``failures``: None where not asked for.
    ``until``: the end of the range that they are of."""

    by_version: tuple[VersionTotal, ...]
    failures: tuple[FailureTotal, ...] | None
    until: datetime

    @property
    def invocations(self) -> int:
        return sum(one.invocations for one in self.by_version)

    @property
    def cold(self) -> int:
        return sum(one.cold for one in self.by_version)

    @property
    def newest_cold(self) -> VersionTotal | None:
        """The newest version with a cold start."""
        return next((one for one in reversed(self.by_version) if one.cold), None)


def version_totals(rows: Iterable[Mapping[str, str]]) -> tuple[VersionTotal, ...]:
    """Raises KeyError or ValueError for rows of another query."""
    found = [
        VersionTotal(
            text(row.get("version", "")),
            int(float(row["invocations"])),
            int(float(row["cold"])),
            _percentiles(row, "init_p"),
            _percentiles(row, "lasted_p"),
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda one: (int(one.version) if one.version.isdecimal() else -1, one.version)))


def failure_totals(rows: Iterable[Mapping[str, str]]) -> tuple[FailureTotal, ...]:
    """Raises KeyError or ValueError for rows of another query."""
    found = []
    for row in rows:
        at = moment(row["time"])
        if at is None:
            raise ValueError(row["time"])
        named = rules.error_type(text(row.get("outcome", "")), text(row.get("type_of_error", "")))
        found.append(FailureTotal(at, text(row.get("version", "")), named, int(float(row["failures"]))))
    return tuple(found)


def _percentiles(row: Mapping[str, str], prefix: str) -> dict[int, float]:
    return {
        int(name.removeprefix(prefix)): float(value) if value else math.nan
        for name, value in row.items()
        if name.startswith(prefix)
    }
