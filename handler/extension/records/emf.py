"""An invocation as one line of embedded metric format (EMF), which CloudWatch Logs turns into metrics.

Limits of the format (CloudWatch specification): 1 MB a line, 100 metrics a directive, 30 dimensions, dimension values
of 1,024 characters. A record is about 1.2 kB with seven metrics and one dimension.
"""

from __future__ import annotations

from handler import contract
from handler.extension.fast_json import dumps
from handler.extension.records import prices, rules
from handler.extension.records.timestamps import now_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from handler.extension.records.model import Invocation


class Function:
    """What stays the same for the life of an environment."""

    __slots__ = ("architecture", "memory_mb", "name", "version")

    def __init__(self, name: str, version: str, memory_mb: float | None, architecture: str) -> None:
        self.name = name or contract.UNNAMED
        self.version = version
        self.memory_mb = memory_mb
        self.architecture = architecture


def record(invocation: Invocation, function: Function) -> str:
    """The invocation record: every ``INV_*`` member of the contract that is known. Unknown ones are left out."""
    values = {
        contract.INV_INIT: invocation.init,
        contract.INV_DURATION: invocation.duration,
        contract.INV_BILLED: invocation.billed,
        contract.INV_MEMORY_USED: invocation.memory_used,
        contract.INV_COST: estimated_usd(invocation, function),
        contract.INV_COLD: int(invocation.cold),
        contract.INV_FAILED: int(invocation.status != "success") if invocation.status else None,
        contract.INV_REQUEST_ID: invocation.request_id,
        contract.INV_VERSION: invocation.version or function.version,
        contract.INV_INIT_TYPE: invocation.init_type,
        contract.INV_PHASE: invocation.phase,
        contract.INV_RESTORE: invocation.restore,
        contract.INV_BILLED_RESTORE: invocation.billed_restore,
        contract.INV_MEMORY_SIZE: _memory_mb(invocation, function),
        contract.INV_PRODUCED: invocation.produced,
        contract.INV_RESPONSE_LATENCY: invocation.spans.get("responseLatency"),
        contract.INV_RESPONSE_DURATION: invocation.spans.get("responseDuration"),
        contract.INV_RUNTIME_OVERHEAD: invocation.spans.get("runtimeOverhead"),
        contract.INV_EXTENSION_OVERHEAD: invocation.spans.get("extensionOverhead"),
        contract.INV_RUNTIME_INIT: invocation.runtime_init,
        contract.INV_STATUS: invocation.status,
        contract.INV_ERROR_TYPE: invocation.error_type,
        contract.INV_TRACE: invocation.trace,
        contract.INV_ARCHITECTURE: function.architecture,
        contract.INV_STARTED: invocation.started,
        contract.INV_MISSING: [kind for kind in rules.expected(invocation.init_type) if kind not in invocation.seen],
    }
    known = {name: value for name, value in values.items() if value is not None and value != "" and value != []}
    directive = {
        "Namespace": contract.INVOCATION_NAMESPACE,
        "Dimensions": [[contract.INVOCATION_DIMENSION]],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in contract.INVOCATION_UNITS.items() if name in known],
    }
    when = now_ms() if invocation.started_ms is None else invocation.started_ms
    line = {
        "_aws": {"Timestamp": when, "CloudWatchMetrics": [directive]},
        contract.INVOCATION_DIMENSION: function.name[:1024],
        "record": contract.INVOCATION_RECORD,
    }
    return dumps(line | known)


def estimated_usd(invocation: Invocation, function: Function) -> float | None:
    """The cost by what Lambda says it bills; without a report, by the duration and the same rule."""
    billed = invocation.billed
    if billed is None and invocation.duration is not None:
        # A suppressed init (phase "invoke") is inside the duration already.
        apart = invocation.init if invocation.init is not None and invocation.phase != rules.SUPPRESSED else 0
        billed = prices.billed_ms(invocation.duration, apart + (invocation.billed_restore or 0))
    memory = _memory_mb(invocation, function)
    return prices.invocation_usd(billed, memory, function.architecture, invocation.init_type)


def _memory_mb(invocation: Invocation, function: Function) -> float | None:
    return function.memory_mb if invocation.memory_size is None else invocation.memory_size
