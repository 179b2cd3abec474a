"""Results of the aggregating queries."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from handler.extension.records import rules
from ops.invocation_log import moment
from ops.invocation_log.values import text

FAILED = ("error", "failure", "timeout")
"""Outcomes of an invocation that failed."""


@dataclass(frozen=True)
class VersionTotal:
    """``init_ms`` (of cold invocations; a restore with SnapStart) and ``duration_ms``: by percentile, of which 100 is the
    longest; NaN where unknown."""

    version: str
    invocations: int
    cold: int
    init_ms: Mapping[float, float]
    duration_ms: Mapping[float, float]


@dataclass(frozen=True)
class OutcomeTotal:
    """``count`` invocations in the period from ``time`` on that ended alike. ``failed``: or succeeded. ``billed_ms`` and
    ``init_ms``: sums. ``usd``: the sum of what the records say; None of other lines."""

    time: datetime
    version: str
    error_type: str
    count: int
    failed: bool = True
    billed_ms: float = 0.0
    init_ms: float = 0.0
    usd: float | None = None


@dataclass(frozen=True)
class JobFailureTotal:
    """``count`` attempts at a job that failed alike. ``rejected``: sent to the dead-letter queue; else it went back. ``words``: how
    the message begins; empty where it differs from the start, or there is none. ``is_whole``: that is all of it."""

    error_type: str
    rejected: bool
    count: int
    words: str = ""
    is_whole: bool = True


@dataclass(frozen=True)
class LogTotals:
    """``by_version``: the newest version last, as far as versions are numbers. ``outcomes`` and ``failed_jobs``: None where not
    asked for. ``until``: the end of the range that they are of. ``usd``: what it costs to read them."""

    by_version: tuple[VersionTotal, ...]
    outcomes: tuple[OutcomeTotal, ...] | None
    until: datetime
    failed_jobs: tuple[JobFailureTotal, ...] | None = None
    usd: float = 0.0

    @property
    def failures(self) -> tuple[OutcomeTotal, ...]:
        """The outcomes that are failures."""
        return tuple(total for total in self.outcomes or () if total.failed)

    @property
    def invocations(self) -> int:
        return sum(version.invocations for version in self.by_version)

    @property
    def cold(self) -> int:
        return sum(version.cold for version in self.by_version)


def version_totals(rows: Iterable[Mapping[str, str]]) -> tuple[VersionTotal, ...]:
    """Raises KeyError or ValueError for rows of another query."""
    found = [
        VersionTotal(
            text(row.get("version", "")),
            int(float(row["invocations"])),
            int(float(row["cold"] or 0)),
            _percentiles(row, "init_p"),
            _percentiles(row, "lasted_p"),
        )
        for row in rows
    ]
    return tuple(
        sorted(found, key=lambda total: (int(total.version) if total.version.isdecimal() else -1, total.version))
    )


def outcome_totals(rows: Iterable[Mapping[str, str]]) -> tuple[OutcomeTotal, ...]:
    """Raises KeyError or ValueError for rows of another query."""
    found = []
    for row in rows:
        at = moment(row["time"])
        if at is None:
            raise ValueError(row["time"])
        outcome = text(row.get("outcome", ""))
        found.append(
            OutcomeTotal(
                at,
                text(row.get("version", "")),
                rules.error_type(outcome, text(row.get("type_of_error", ""))),
                int(float(row["invocations"])),
                outcome in FAILED,
                float(row.get("billed_ms") or 0.0),
                float(row.get("init_ms") or 0.0),
                float(row["usd"]) if row.get("usd") else None,
            )
        )
    return tuple(found)


def job_failure_totals(rows: Iterable[Mapping[str, str]]) -> tuple[JobFailureTotal, ...]:
    """Raises KeyError or ValueError for rows of another query."""
    return tuple(
        JobFailureTotal(
            text(row.get("type_of_error", "")),
            row.get("is_permanent", "") in ("1", "true"),
            int(float(row["attempts"])),
            text(row.get("words", "")),
            float(row.get("longest") or 0) <= len(row.get("words", "")),
        )
        for row in rows
    )


def _percentiles(row: Mapping[str, str], prefix: str) -> dict[float, float]:
    return {
        float(name.removeprefix(prefix).replace("_", ".")): float(value) if value else math.nan
        for name, value in row.items()
        if name.startswith(prefix)
    }
