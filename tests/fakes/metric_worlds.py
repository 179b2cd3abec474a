"""Workloads of others (``log_worlds``) with their metrics, and messages of which only the metrics tell.

Throttled at each receive; received by something else; or returned by invocations that reported no error, half of them
named in a line. The failures of the log world are in the metrics, too, so that these must not be taken for those.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.deadletters import causes
from ops.deadletters.messages.model import NEVER_INVOKED, NEVER_RAN, RETURNED, Cause
from ops.deadletters.snapshot import Snapshot
from tests.factories import QUEUE
from tests.fakes.log_worlds import EACH, Tally, World, compared
from tests.fakes.logs import SENT_AT, a_source, silent
from tests.ops.insight.world import FUNCTION, WORKLOAD

KINDS = {"throttled": NEVER_RAN, "elsewhere": NEVER_INVOKED, "returned": RETURNED}
OWN = replace(WORKLOAD.queue, arn=QUEUE, visibility_s=60, max_receive_count=3)
FIRST_S, APART_S = -3_000, 900
"""When the first of these kinds was received, before the failures of the log world, and how far they are apart."""
MINUTE_S = 60


class MetricWorld:
    """``metrics``: by name and minute. ``truth``: kind by message ID, of those that only metrics tell of."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.metrics = {name: Counter[int]() for name in ("Invocations", "Errors", "Throttles", "Received", "Deleted")}
        self.truth: dict[str, str] = {}
        self._own_failures()
        for number, kind in enumerate(KINDS):
            self._kind(kind, FIRST_S + number * APART_S)

    def _own_failures(self) -> None:
        """As Lambda counts them: an invocation for each REPORT, an error for each that ended badly."""
        for row in self.world.rows:
            if not row["@message"].startswith("REPORT") or "neighbor" in row["@logStream"]:
                continue
            at = int(float(self._seconds(row)) // MINUTE_S)
            self.metrics["Invocations"][at] += 1
            self.metrics["Errors"][at] += "Status: " in row["@message"]
            self.metrics["Received"][at] += 2
            self.metrics["Deleted"][at] += 1

    @staticmethod
    def _seconds(row: dict[str, str]) -> float:
        return (datetime.fromisoformat(row["@timestamp"]).replace(tzinfo=UTC) - SENT_AT).total_seconds()

    def _kind(self, kind: str, at: int) -> None:
        minutes = range(at // MINUTE_S, at // MINUTE_S + 3)
        for minute in minutes:
            self.metrics["Received"][minute] += EACH
            if kind == "throttled":
                self.metrics["Throttles"][minute] += 4 * EACH
            if kind == "returned":
                self.metrics["Invocations"][minute] += EACH
        for number in range(EACH):
            name = self.world._id()
            self.truth[name] = kind
            self.world.messages.append(silent(name, at + number, sent=silent(name, at).sent))
            if kind == "returned" and number % 2:
                stream, started, request = self.world._stream(), float(at + number), self.world._id()
                self.world._began = started
                self.world._clocks[stream] = started
                self.world._write(stream, started, f"START RequestId: {request} Version: $LATEST")
                end = self.world._write_line(stream, started, request, "INFO", f"processing message {name}")
                self.world._end(stream, end, request, "")

    def by_metric(self) -> dict[str, dict[int, float]]:
        names = {"Received": "NumberOfMessagesReceived", "Deleted": "NumberOfMessagesDeleted"}
        return {names.get(name, name): dict(points) for name, points in self.metrics.items()}


def tally(world: World) -> tuple[Tally, Tally]:
    """Of the failures that the logs tell of, and of what only the metrics tell of."""
    whole = MetricWorld(world)
    group = "/shop/functions" if world.shared else FUNCTION.log_group
    function = replace(FUNCTION, log_group=group)
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory() as folder,
        a_source(Path(folder), patch, world.messages, world.rows, function=function, queue=OWN) as (here, logs),
    ):
        logs.metrics = whole.by_metric()
        causes.explain_causes(here)
        with Snapshot.open(here) as snapshot:
            found = {stored.message.message_id: stored.cause for stored in snapshot.iterate()}
    return compared(world, found), _of_metrics(whole, found)


def _of_metrics(whole: MetricWorld, found: dict[str, Cause]) -> Tally:
    done = Tally(messages=len(whole.truth))
    for name, kind in whole.truth.items():
        cause = found[name]
        if cause.error_type == KINDS[kind]:
            done.right += 1
            continue
        done.false_certain += not cause.likely and cause.source not in ("guess", "none")
        done.wrong[f"{kind}: {cause.error_type}: {cause.error_message[:60]}"] += 1
    return done
