"""What an environment takes and returns, and the services that it uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ops.twin.host.cpu.limits import CpuLimits
from ops.twin.host.process.orphan_reaper import OrphanReaper
from ops.twin.host.telemetry.invocation_metrics import InvocationMetrics
from ops.twin.host.telemetry.xray import Sampler, TraceFile


class Log(Protocol):
    """Takes the lines of an environment."""

    def write(self, moment: float, texts: list[str]) -> None: ...


@dataclass(frozen=True)
class Services:
    """What the host has once for all environments."""

    open_log: Callable[[str, str], Log]
    reaper: OrphanReaper
    sampler: Sampler
    traces: TraceFile
    xray_port: int
    cpu: CpuLimits
    hosts: Path | None = None  # each environment's /etc/hosts


@dataclass(frozen=True)
class InvocationRequest:
    """An invocation request. ``arn`` is the invoked one, with its qualifier; ``trace`` the caller's header."""

    id: str
    event: bytes
    trace: str = ""
    arn: str = ""


@dataclass(frozen=True)
class InvocationResult:
    """What the caller gets back. ``function_error`` is empty when the invocation succeeded."""

    payload: bytes
    function_error: str
    metrics: InvocationMetrics
    log_tail: bytes = b""
    """The last 4 KB of what it logged, its REPORT included (Lambda API reference, Invoke, LogType, 2026)."""
