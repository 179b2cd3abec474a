"""The record that the extension writes about each invocation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handler import contract
from handler.extension.records import rules
from ops.invocation_log.line import RECORD, InvocationLogLine, function_of
from ops.invocation_log.values import moment, number, text

RECORD_NUMBERS = {
    contract.INV_INIT: "init_ms",
    contract.INV_DURATION: "duration_ms",
    contract.INV_BILLED: "billed_ms",
    contract.INV_MEMORY_USED: "memory_used_mb",
    contract.INV_MEMORY_SIZE: "memory_size_mb",
    contract.INV_RUNTIME_INIT: "runtime_init_ms",
    contract.INV_RESTORE: "restore_ms",
    contract.INV_BILLED_RESTORE: "billed_restore_ms",
    contract.INV_RESPONSE_LATENCY: "response_latency_ms",
    contract.INV_RESPONSE_DURATION: "response_duration_ms",
    contract.INV_RUNTIME_OVERHEAD: "runtime_overhead_ms",
    contract.INV_EXTENSION_OVERHEAD: "extension_overhead_ms",
    contract.INV_COST: "cost_usd",
}
RECORD_TEXTS = {
    contract.INV_VERSION: "version",
    contract.INV_STATUS: "status",
    contract.INV_ERROR_TYPE: "error_type",
    contract.INV_ARCHITECTURE: "architecture",
    contract.INV_INIT_TYPE: "init_type",
    contract.INV_TRACE: "trace",
    contract.INV_PHASE: "phase",
}
MAX_COST_USD = 10.0
"""15 minutes with 10 GB cost about $0.15: a larger number is not a measurement."""


def from_record(data: Mapping[str, Any], written: datetime, stream: str) -> InvocationLogLine | None:
    """None without a request id. A start that is not a time is replaced by the line's own."""
    request_id = text(data.get(contract.INV_REQUEST_ID))
    if not request_id:
        return None
    started = moment(text(data.get(contract.INV_STARTED))) or written
    values: dict[str, Any] = {ours: number(data.get(theirs)) for theirs, ours in RECORD_NUMBERS.items()}
    if (values["cost_usd"] or 0.0) > MAX_COST_USD:
        values["cost_usd"] = None
    values |= {ours: text(data.get(theirs)) for theirs, ours in RECORD_TEXTS.items()}
    values["cold"] = data.get(contract.INV_COLD) in (1, True)
    values["error_type"] = rules.error_type(
        values["status"], values["error_type"], values["memory_used_mb"], values["memory_size_mb"]
    )
    named = text(data.get(contract.INVOCATION_DIMENSION))
    whose = function_of(stream) if named in ("", contract.UNNAMED) else named
    return InvocationLogLine(RECORD, request_id, started, values, written, stream, True, whose)
