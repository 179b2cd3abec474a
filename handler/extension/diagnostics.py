"""Log lines about the extension itself. They carry no metrics, and what may repeat is logged only once."""

from __future__ import annotations

from handler import contract
from handler.extension.fast_json import dumps
from handler.extension.records.timestamps import iso, now_ms
from handler.extension.records.tolerant_fields import number, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from handler.extension.records.emf import Function
    from handler.extension.stdout_writer import StdoutWriter

REASON_LIMIT = 300


class Notices:
    def __init__(self, output: StdoutWriter, function: Function) -> None:
        self._output = output
        self._function = function
        self._unreadable = 0
        self._unexpected = 0
        self._lost_told = 0

    def warn(self, message: str, level: str = "WARNING", **details: Any) -> None:
        line = {
            "timestamp": iso(now_ms()),
            "level": level,
            "record": contract.EXTENSION_NOTICE,
            contract.INVOCATION_DIMENSION: self._function.name,
            "message": message,
        }
        self._output.line(dumps(line | details))

    def dropped(self, record: Any) -> None:
        """Lambda dropped telemetry: a ``platform.logsDropped`` record."""
        details = record if isinstance(record, dict) else {}
        self.warn(
            "Lambda dropped telemetry; invocation records may be missing or incomplete",
            dropped_records=number(details, "droppedRecords"),
            dropped_bytes=number(details, "droppedBytes"),
            reason=text(details, "reason"),
        )

    def export_drops(self, signal: str, count: int) -> None:
        """Spans or data points that the collector will never have. The line is a metric too, only when it happens."""
        metric = contract.METRIC_EXPORT_DROPPED
        directive = {
            "Namespace": contract.INVOCATION_NAMESPACE,
            "Dimensions": [[contract.INVOCATION_DIMENSION]],
            "Metrics": [{"Name": metric, "Unit": "Count"}],
        }
        emf = {"Timestamp": now_ms(), "CloudWatchMetrics": [directive]}
        what = "spans" if signal == "traces" else "data points of metrics"
        details: dict[str, Any] = {"signal": signal, metric: count, "_aws": emf}
        self.warn(f"OTLP export: {what} were dropped", **details)

    def unreadable(self, what: str) -> None:
        """Logged at the first one, and counted at the end: junk must not flood the log."""
        self._unreadable += 1
        if self._unreadable == 1:
            self.warn(f"left out {what}")

    def unexpected(self, error: Exception) -> None:
        self._unexpected += 1
        if self._unexpected == 1:
            reason = f"{type(error).__name__}: {error}"[:REASON_LIMIT]
            self.warn("went on after an unexpected error", "ERROR", reason=reason)

    def losses(self) -> None:
        """Lines that were lost since this was last asked."""
        lost = self._output.lost
        if lost > self._lost_told:
            self.warn("lines were lost: stdout was too slow or failed", count=lost - self._lost_told)
            self._lost_told = lost

    def summarize(self) -> None:
        if self._unreadable > 1:
            self.warn("telemetry events were not readable", count=self._unreadable)
        if self._unexpected > 1:
            self.warn("unexpected errors were passed over", "ERROR", count=self._unexpected)
        self.losses()
