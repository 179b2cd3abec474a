"""The log lines of a busy day's invocations, written when they are asked for: REPORT lines, and the extension's records."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from handler import contract
from handler.extension.records.emf import Function, record
from handler.extension.records.model import Invocation
from handler.extension.records.timestamps import iso
from tests.fakes.busy_day.traffic import BATCH, DAY_S, ERRORS, JOB_ERROR, STATUS, BusyDay, job_message

Row = dict[str, str]


class BusyLog:
    """``rows``: the lines about invocations that end from ``start`` to before ``end`` (s since 1970), newest first."""

    def __init__(self, day: BusyDay) -> None:
        self._day = day
        self._lasted_s = (day.duration_ms + np.nan_to_num(day.init_ms)) / 1000
        self._function = Function(day.deployed.function, "", float(day.deployed.memory_mb), "x86_64")

    @property
    def lines_each(self) -> int:
        return 2 if self._day.deployed.extension else 1

    def ended(self, start: float, end: float) -> list[tuple[int, int]]:
        """The day (since 1970) and the place of each invocation that ended then, the oldest first."""
        found = []
        for day in range(int((start - self._day.deployed.timeout_s) // DAY_S), int(end // DAY_S) + 1):
            part = self._day.between(day, start - self._day.deployed.timeout_s - 20, end)
            at = self._day.start_s[part] + self._lasted_s[part] + day * DAY_S
            inside = np.flatnonzero((at >= start) & (at < end))
            order = inside[np.argsort(at[inside])] + part.start
            found += [(day, int(place)) for place in order]
        return found

    def rows(self, ended: list[tuple[int, int]], most: int) -> Iterator[Row]:
        for day, place in reversed(ended[-math.ceil(most / self.lines_each) :]):
            yield from reversed(self._lines(day, place))

    def failed_jobs(self, ended: list[tuple[int, int]], most: int) -> Iterator[Row]:
        """The handler's lines about the jobs of failed invocations."""
        line = {"message": contract.LOG_JOB_FAILED, contract.LOG_ERROR_TYPE: JOB_ERROR, contract.LOG_PERMANENT: False}
        failed = [place for _, place in ended if self._day.failure[place] for _ in range(BATCH)]
        for place in failed[:most]:
            yield {"@message": json.dumps(line | {contract.LOG_ERROR_MESSAGE: job_message(place)})}

    def request_id(self, day: int, place: int) -> str:
        digits = hashlib.sha256(f"{day}/{place}".encode()).hexdigest()
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"

    def stream(self, day: int, place: int) -> str:
        slot, began = int(self._day.slot[place]), int(self._day.began[place])
        date = datetime.fromtimestamp(day * DAY_S, UTC)
        name = hashlib.sha256(f"{day}/{slot}/{began}".encode()).hexdigest()[:32]
        return f"{date:%Y/%m/%d}/[{self._day.version(day, began)}]{name}"

    def _lines(self, day: int, place: int) -> list[Row]:
        busy, request_id = self._day, self.request_id(day, place)
        cold, failure = bool(busy.cold[place]), int(busy.failure[place])
        started = day * DAY_S + float(busy.start_s[place])
        ended = started + float(self._lasted_s[place])
        duration, billed = float(busy.duration_ms[place]), int(busy.billed_ms[place])
        init = f"\tInit Duration: {busy.init_ms[place]:.2f} ms" if cold else ""
        told = f"\tStatus: {STATUS[failure]}" if failure > 1 else ""
        told += f"\tError Type: {ERRORS[failure]}" if failure == 3 else ""
        lines = [
            f"REPORT RequestId: {request_id}\tDuration: {duration:.2f} ms\tBilled Duration: {billed} ms\t"
            f"Memory Size: {busy.deployed.memory_mb} MB\tMax Memory Used: {busy.memory_mb[place]:.0f} MB{init}{told}\t\n"
        ]
        if busy.deployed.extension:
            lines.append(record(self._invocation(day, place, request_id, started), self._function))
        written = datetime.fromtimestamp(ended, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        stream = self.stream(day, place)
        return [{"@timestamp": written, "@message": line, "@logStream": stream} for line in lines]

    def _invocation(self, day: int, place: int, request_id: str, started: float) -> Invocation:
        busy, told = self._day, Invocation(request_id)
        failure, init = int(busy.failure[place]), float(busy.init_ms[place])
        told.version, told.init_type = busy.version(day, int(busy.began[place])), "on-demand"
        told.started_ms, told.started = round(started * 1000), iso(round(started * 1000))
        told.status, told.error_type, told.cold = STATUS[failure], ERRORS[failure], init == init
        if told.cold:
            told.init, told.runtime_init, told.phase = init, round(init * 0.96, 2), "init"
        told.duration, told.billed = float(busy.duration_ms[place]), float(busy.billed_ms[place])
        told.memory_used, told.memory_size = float(busy.memory_mb[place]), float(busy.deployed.memory_mb)
        told.spans = {"responseLatency": round(told.duration * 0.98, 2), "responseDuration": 0.2}
        told.spans |= {"runtimeOverhead": 0.6, "extensionOverhead": 4.1}
        told.seen = dict.fromkeys(("platform.start", "platform.runtimeDone", "platform.report"), told.started_ms)
        return told
