"""Logs Insights about a busy day: the lines of a time range, newest first, or an aggregate of them, with what the query
scanned. Of aggregates it knows counts and percentiles by version, outcomes by period, and failed jobs."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from handler import contract
from tests.fakes.busy_day.log_lines import BusyLog
from tests.fakes.busy_day.traffic import (
    BATCH,
    BYTES_PER_INVOCATION,
    DAY_S,
    DEPLOYED_MINUTE,
    ERRORS,
    JOB_ERROR,
    STATUS,
    BusyDay,
    job_message,
)

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
        if contract.LOG_JOB_FAILED in query:
            return self._result(list(self._log.failed_jobs(ended, asked.get("limit", 10_000))), len(ended))
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
        if contract.LOG_JOB_FAILED in query:
            rows = self._failed_jobs(parts, query)
        else:
            rows = self._outcomes(parts, int(period[1])) if period else self._by_version(parts, query)
        return self._result(rows, sum(part.stop - part.start for _, part in parts))

    def _by_version(self, parts: list[tuple[int, slice]], query: str) -> list[dict[str, str]]:
        asked = tuple(re.findall(r"pct\((lasted|init), ([\d.]+)\) as (\w+)", query))
        asked += tuple((name, "100", alias) for name, alias in re.findall(r"max\((init)\) as (\w+)", query))
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
            wanted = [(float(share), alias) for column, share, alias in asked if column == name and len(values)]
            found = np.percentile(values, [share for share, _ in wanted]) if wanted else ()
            row |= {alias: str(value) for (_, alias), value in zip(wanted, found, strict=True)}
        return row

    def _outcomes(self, parts: list[tuple[int, slice]], period: int) -> list[dict[str, str]]:
        rows = []
        for day, part in parts:
            after = self.day.began[part] >= DEPLOYED_MINUTE
            keys = ((self.day.start_s[part] // period).astype(np.int64) * 2 + after) * len(ERRORS) + self.day.failure[
                part
            ]
            sums = (self.day.billed_ms[part], np.nan_to_num(self.day.init_ms[part]), self.day.usd[part])
            counts, billed, init, usd = (np.bincount(keys, weights=weights) for weights in (None, *sums))
            for key in np.flatnonzero(counts).tolist():
                at, failure = key // (2 * len(ERRORS)) * period + day * DAY_S, key % len(ERRORS)
                deployed = DEPLOYED_MINUTE * (key // len(ERRORS) % 2)
                rows.append(
                    {
                        "time": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.000"),
                        "version": self.day.version(day, deployed),
                        "outcome": STATUS[failure],
                        "type_of_error": ERRORS[failure],
                        "invocations": str(counts[key]),
                        "billed_ms": str(billed[key]),
                        "init_ms": str(init[key]),
                        **({"usd": str(usd[key])} if self.day.deployed.extension else {}),
                    }
                )
        return rows

    def _failed_jobs(self, parts: list[tuple[int, slice]], query: str) -> list[dict[str, str]]:
        """``parse`` of the query is carried out, in Python's spelling."""
        parsed = re.search(rf"parse {contract.LOG_ERROR_MESSAGE} /(.*?)/ \|", query)
        assert parsed is not None
        beginning = re.compile(parsed[1].replace("(?<", "(?P<"))
        sizes: dict[str, list[int]] = defaultdict(list)
        for _, part in parts:
            for place in (np.flatnonzero(self.day.failure[part]) + part.start).tolist():
                message = job_message(place)
                found = beginning.match(message)
                sizes[found["words"] if found else ""].append(len(message))
        return [
            {
                "type_of_error": JOB_ERROR,
                "is_permanent": "0",
                "words": words,
                "attempts": str(len(found) * BATCH),
                "longest": str(max(found)),
            }
            for words, found in sizes.items()
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
