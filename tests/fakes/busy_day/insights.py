"""Logs Insights about a busy day: the lines of a time range, newest first, or an aggregate of them, with what the query
scanned. Of aggregates it knows counts and percentiles by version, and failures by period."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from tests.fakes.busy_day.log_lines import BusyLog
from tests.fakes.busy_day.traffic import BYTES_PER_INVOCATION, DAY_S, DEPLOYED_MINUTE, ERRORS, STATUS, BusyDay

Piece = tuple[int, int, bool]
"""Of a day's invocations: from which to before which, and whether those of the version deployed that day or before it."""


class BusyInsights:
    """``answer``: an operation of CloudWatch Logs and its request → the response. Queries are done at once."""

    def __init__(self, day: BusyDay) -> None:
        self.day, self._log = day, BusyLog(day)
        self._results: dict[str, dict[str, Any]] = {}
        self._summaries: dict[tuple[tuple[tuple[str, str, str], ...], tuple[Piece, ...]], dict[str, str]] = {}
        self.queries: list[str] = []

    def answer(self, operation: str, asked: dict[str, Any], now: float) -> dict[str, Any]:
        if operation == "GetQueryResults":
            return self._results[asked["queryId"]]
        if operation == "StopQuery":
            return {"success": False}
        if operation == "FilterLogEvents":
            return self._events(asked, now)
        self.queries.append(asked["queryString"])
        query_id = f"busy-{len(self.queries)}"
        self._results[query_id] = self._run(asked, now)
        return {"queryId": query_id}

    def _run(self, asked: dict[str, Any], now: float) -> dict[str, Any]:
        query, start, end = asked["queryString"], float(asked["startTime"]), min(now, float(asked["endTime"]) + 1)
        if "| stats " in query:
            return self._aggregate(query, start, end)
        ended = self._log.ended(start, end)
        rows: list[dict[str, str]] = list(self._log.rows(ended, asked.get("limit", 10_000)))
        return self._result(rows, len(ended))

    def _events(self, asked: dict[str, Any], now: float) -> dict[str, Any]:
        ended = self._log.ended(asked["startTime"] / 1000, min(now, (asked["endTime"] + 1) / 1000))
        rows = list(self._log.rows(ended, asked.get("limit", 10_000)))
        at = [datetime.fromisoformat(row["@timestamp"]).replace(tzinfo=UTC).timestamp() * 1000 for row in rows]
        events = [
            {"eventId": "", "timestamp": round(one), "logStreamName": row["@logStream"], "message": row["@message"]}
            for one, row in zip(at, rows, strict=True)
        ]
        return {"events": events}

    def _aggregate(self, query: str, start: float, end: float) -> dict[str, Any]:
        parts = [(day, self.day.between(day, start, end)) for day in range(int(start // DAY_S), int(end // DAY_S) + 1)]
        period = re.search(r"bin\((\d+)s\)", query)
        rows = self._failures(parts, int(period[1])) if period else self._by_version(parts, query)
        return self._result(rows, sum(part.stop - part.start for _, part in parts))

    def _by_version(self, parts: list[tuple[int, slice]], query: str) -> list[dict[str, str]]:
        asked = tuple(re.findall(r"pct\((lasted|init), (\d+)\) as (\w+)", query))
        found: dict[str, list[Piece]] = defaultdict(list)
        for day, part in parts:
            for after in (False, True):
                version = self.day.version(day, DEPLOYED_MINUTE * after)
                found[version].append((part.start, part.stop, after))
        rows = []
        for version, pieces in found.items():
            key = (asked, tuple(sorted(pieces)))
            if key not in self._summaries:
                self._summaries[key] = self._summary(*key)
            if self._summaries[key]:
                rows.append({"version": version, **self._summaries[key]})
        return rows

    def _summary(self, asked: tuple[tuple[str, str, str], ...], pieces: tuple[Piece, ...]) -> dict[str, str]:
        """Of a version's invocations: in the days between the first and the last, those of each are the same."""
        lasted, inits = [], []
        for start, stop, after in pieces:
            of_version = (self.day.began[start:stop] >= DEPLOYED_MINUTE) == after
            lasted.append(self.day.duration_ms[start:stop][of_version])
            inits.append(self.day.init_ms[start:stop][of_version])
        known = {"lasted": np.concatenate(lasted), "init": np.concatenate(inits)}
        known["init"] = known["init"][~np.isnan(known["init"])]
        if not len(known["lasted"]):
            return {}
        row = {"invocations": str(len(known["lasted"])), "cold": str(len(known["init"]))}
        for name, values in known.items():
            wanted = [(int(share), alias) for column, share, alias in asked if column == name and len(values)]
            found = np.percentile(values, [share for share, _ in wanted]) if wanted else ()
            row |= {alias: str(value) for (_, alias), value in zip(wanted, found, strict=True)}
        return row

    def _failures(self, parts: list[tuple[int, slice]], period: int) -> list[dict[str, str]]:
        counts: Counter[tuple[float, str, int]] = Counter()
        for day, part in parts:
            for place in np.flatnonzero(self.day.failure[part]) + part.start:
                at = (self.day.start_s[place] + day * DAY_S) // period * period
                version = self.day.version(day, int(self.day.began[place]))
                counts[at, version, int(self.day.failure[place])] += 1
        return [
            {
                "time": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.000"),
                "version": version,
                "outcome": STATUS[failure],
                "type_of_error": ERRORS[failure],
                "failures": str(count),
            }
            for (at, version, failure), count in counts.items()
        ]

    def _result(self, rows: list[dict[str, str]], invocations: int) -> dict[str, Any]:
        return {
            "status": "Complete",
            "results": [[{"field": name, "value": value} for name, value in row.items()] for row in rows],
            "statistics": {
                "recordsMatched": float(invocations * self._log.lines_each),
                "recordsScanned": float(invocations * 6),
                "bytesScanned": float(invocations * BYTES_PER_INVOCATION),
            },
        }
