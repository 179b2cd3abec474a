"""When the messages of each cause arrived in the dead-letter queue, counted by SQL per period."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ops.deadletters.messages.model import Place
from ops.deadletters.snapshot import rows, schema
from ops.deadletters.snapshot.grouping import OpenSnapshot

MAX_PERIODS = 48
PERIODS_S = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800)
"""Lengths of a period that are easily read; beyond, whole weeks."""

# SQS keeps the time of sending when its redrive policy moves a message, which happens after the last failure; what the
# handler sends itself is sent after it. A failure after the scan that read the message is not one.
_ARRIVALS = """
SELECT fingerprint, nullif(
    max(ifnull(sent, 0), CASE WHEN died / 1000 <= ifnull(seen, died / 1000) THEN died / 1000 ELSE 0 END), 0) AS at
FROM letters WHERE place IN (SELECT value FROM json_each(?))
"""
_SPAN_QUERY = f"SELECT min(at), max(at), count(*) - count(at) FROM ({_ARRIVALS})"
_COUNTS_QUERY = f"SELECT fingerprint, (at - ?) / ?, count(*) FROM ({_ARRIVALS}) WHERE at IS NOT NULL GROUP BY 1, 2"
STEP_S = 10
"""Resolution of ``recent_arrivals``: the shortest period of a chart."""
_STEPS_QUERY = f"""
SELECT fingerprint, at / {STEP_S * 1000}, count(*), max(error_type), max(cause_source), min(likely) FROM (
    SELECT arrived.*, letters.error_type, letters.cause_source, letters.likely
    FROM ({_ARRIVALS.replace("SELECT fingerprint", "SELECT n, fingerprint")}) AS arrived JOIN letters USING (n)
) WHERE at IS NOT NULL GROUP BY 1, 2
"""


@dataclass(frozen=True)
class ArrivedCause:
    """Messages of one fingerprint. ``steps``: how many arrived, by the number of ``STEP_S`` seconds since 1970. ``likely``:
    of all of them the cause is only inferred."""

    fingerprint: str
    error_type: str
    source: str
    likely: bool
    steps: Mapping[int, int]


@dataclass(frozen=True)
class CauseArrivals:
    """``counts``: messages by fingerprint ("": no cause is known), then by the number of their period, from 0; a period
    without messages is left out. ``start``: of period 0; None without any time. ``undated``: messages without a time."""

    start: datetime | None
    period_s: int
    periods: int
    counts: Mapping[str, Mapping[int, int]]
    undated: int = 0


def cause_arrivals(snapshot: OpenSnapshot, places: Sequence[Place] = (Place.QUEUE,)) -> CauseArrivals:
    """At most ``MAX_PERIODS`` + 1 periods. Raises OpsError when the snapshot cannot be read."""
    where = schema.dumps([place.value for place in places])
    with schema.translate_read_errors(snapshot.path):
        first, last, undated = snapshot.connection.execute(_SPAN_QUERY, [where]).fetchone()
        if first is None:
            return CauseArrivals(None, 0, 0, {}, undated)
        period_ms = _period_s((last - first) / 1_000) * 1_000
        start = first - first % period_ms
        counts: dict[str, dict[int, int]] = {}
        for fingerprint, period, messages in snapshot.connection.execute(_COUNTS_QUERY, [start, period_ms, where]):
            counts.setdefault(fingerprint, {})[period] = messages
        periods = (last - start) // period_ms + 1
    return CauseArrivals(rows.from_milliseconds(start), period_ms // 1_000, periods, counts, undated)


def arrived_causes(snapshot: OpenSnapshot) -> tuple[ArrivedCause, ...]:
    """When the messages of each cause arrived, those that have left since included. One pass over the snapshot, whose size
    is all that it depends on. Raises OpsError when the snapshot cannot be read."""
    where = schema.dumps([place.value for place in Place if place is not Place.IMPORTED])
    steps: dict[str, dict[int, int]] = {}
    known: dict[str, tuple[str, str, bool]] = {}
    with schema.translate_read_errors(snapshot.path):
        for mark, step, messages, error_type, source, likely in snapshot.connection.execute(_STEPS_QUERY, [where]):
            steps.setdefault(mark, {})[step] = messages
            before = known.get(mark, ("", "", True))
            known[mark] = (max(before[0], error_type), max(before[1], source), before[2] and bool(likely))
    return tuple(ArrivedCause(mark, *known[mark], counts) for mark, counts in steps.items())


def _period_s(span_s: float) -> int:
    known = next((length for length in PERIODS_S if span_s <= length * MAX_PERIODS), None)
    return known or math.ceil(span_s / MAX_PERIODS / PERIODS_S[-1]) * PERIODS_S[-1]
