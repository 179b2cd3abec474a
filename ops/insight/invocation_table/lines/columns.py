"""Parsed log lines as columns: those of records and REPORT lines; the few other lines stay objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from ops import invocation_log, log_streams
from ops.insight.invocation_table.model import NUMBERS
from ops.insight.invocation_table.text_codes import Codes, TextCodes
from ops.invocation_log import InvocationLogLine

Column = npt.NDArray[Any]

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
VALUE_TEXTS = ("version", "status", "error_type", "architecture", "init_type", "phase", "trace", "tenant")
"""Text columns that a line itself fills; ``environment`` is the line's log stream."""


def ticks(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def moment_of(ticks: int) -> datetime:
    return EPOCH + timedelta(microseconds=ticks)


@dataclass(frozen=True)
class OtherLine:
    """A line that is neither a record nor a REPORT line. ``place``: among all lines."""

    place: int
    line: InvocationLogLine
    request_id: int
    stream: int


class LineColumns:
    """``others``: the lines that are neither a record nor a REPORT line."""

    def __init__(self) -> None:
        self.request_ids = TextCodes()
        self.streams = TextCodes(str)
        self.functions = TextCodes()
        self.texts = {name: TextCodes() for name in VALUE_TEXTS}
        self.others: list[OtherLine] = []
        self._columns = {name: np.zeros(0, dtype=kind) for name, kind in _KINDS.items()}
        self._rows = 0
        self._named = np.zeros((0, 2), dtype=np.int32)

    def stream_names(self, streams: Codes) -> tuple[Codes, Codes]:
        """The function and the version that each stream's name includes."""
        named = [log_streams.parse(name) for name in self.streams.texts[len(self._named) :]]
        if named:
            pairs = [
                (self.functions.add(stream.function), self.texts["version"].add(stream.version)) if stream else (0, 0)
                for stream in named
            ]
            self._named = np.concatenate([self._named, np.array(pairs, dtype=np.int32)])
        return self._named[streams, 0], self._named[streams, 1]

    def append(self, part: Mapping[str, Column]) -> None:
        """Lines with ``place``, ``at``, ``started`` (ticks), ``record``, ``as_json``, ``cold`` (bool), ``request_id``,
        ``stream`` and ``function`` (codes), and any of ``NUMBERS`` and ``VALUE_TEXTS``."""
        begin, self._rows = self._rows, self._rows + len(part["at"])
        for name, values in self._columns.items():
            if self._rows > len(values):
                values.resize(self._rows + self._rows // 4, refcheck=False)  # most often without a copy: see mremap(2)
            values[begin : self._rows] = part.get(name, np.nan if name in NUMBERS else 0)

    def append_lines(self, places: Sequence[int], lines: Sequence[InvocationLogLine]) -> None:
        """Lines that were parsed one by one."""
        joined = []
        for place, line in zip(places, lines, strict=True):
            if line.source in (invocation_log.RECORD, invocation_log.REPORT):
                joined.append((place, line))
            else:
                request_id, stream = self.request_ids.add(line.request_id), self.streams.add(line.stream)
                self.others.append(OtherLine(place, line, request_id, stream))
        if not joined:
            return
        own = [line for _, line in joined]
        values = [line.values for line in own]
        part: dict[str, Column] = {
            "place": np.array([place for place, _ in joined], dtype=np.int64),
            "at": np.array([ticks(line.at or line.started) for line in own], dtype=np.int64),
            "started": np.array([ticks(line.started) for line in own], dtype=np.int64),
            "record": np.array([line.source == invocation_log.RECORD for line in own]),
            "as_json": np.array([line.as_json for line in own]),
            "cold": np.array([bool(value.get("cold")) for value in values]),
            "request_id": self.request_ids.add_all([line.request_id for line in own]),
            "stream": self.streams.add_all([line.stream for line in own]),
            "function": self.functions.add_all([line.function for line in own]),
        }
        for name in NUMBERS:
            part[name] = np.array([value.get(name) for value in values], dtype=float)
        for name in VALUE_TEXTS:
            part[name] = self.texts[name].add_all([str(value.get(name) or "") for value in values])
        self.append(part)

    def whole(self) -> dict[str, Column]:
        """All columns. They are given up here, for the sake of memory."""
        columns, self._columns = self._columns, {}
        return {name: values[: self._rows] for name, values in columns.items()}


_KINDS: dict[str, Any] = {
    **dict.fromkeys(("place", "at", "started"), np.int64),
    **dict.fromkeys(("record", "as_json", "cold"), bool),
    **dict.fromkeys(("request_id", "stream", "function", *VALUE_TEXTS), np.int32),
    **dict.fromkeys(NUMBERS, np.float64),
}
