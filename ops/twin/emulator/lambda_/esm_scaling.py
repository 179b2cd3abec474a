"""Patch: how many batches an SQS event source mapping may have in flight, and when it may take the next one.

Stands for: the scaling of SQS mappings and the batching window (LDG services-sqs-scaling, services-sqs-configure, read
2026-11): the law is ``ops.esm_scaling``; with a window, Lambda waits until it has a full batch or the window is over.

Leaves out: provisioned mode, and FIFO concurrency by message group (MiniStack runs one FIFO batch at a time).
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ops.esm_scaling import ScalingObservation, ScalingPolicy, ScalingState, begin, step
from ops.twin.emulator.patch import Patch

STALE = 5.0
"""Seconds: a longer pause between two looks (a slow pass of the poller) counts as this much at most."""


@dataclass
class MappingState:
    """One event source mapping's scaling state."""

    law: ScalingPolicy
    ramp: ScalingState
    looked: float  # monotonic seconds
    failures: int = 0
    waiting_since: float | None = None  # when the batching window began


@dataclass
class Scaler:
    in_flight: Any  # the mapping's batches not yet finished, by UUID
    mappings: dict[str, MappingState] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def allowed(self, esm: dict[str, Any], queue: dict[str, Any] | None, now: float | None = None) -> int:
        """Batches that may be in flight now; 0 while a batching window is still filling."""
        now = time.monotonic() if now is None else now
        running = self.in_flight.get(esm["UUID"], 0)
        visible = _visible(queue, _number(esm, "BatchSize", 10))
        with self.lock:
            mapping = self._mapping(esm, now)
            if queue and queue.get("is_fifo"):
                return 1
            busy = visible > 0 and running >= mapping.ramp.concurrency
            seconds = min(STALE, now - mapping.looked)
            if busy or not visible or mapping.failures:
                mapping.ramp = step(mapping.law, mapping.ramp, ScalingObservation(seconds, busy, mapping.failures))
                mapping.failures = 0
            mapping.looked = now
            if not self._window_over(mapping, esm, visible, now):
                return 0
            return mapping.ramp.concurrency

    def failed(self, esm: dict[str, Any]) -> None:
        """An invocation ended in a function error, or was throttled."""
        with self.lock:
            self._mapping(esm, time.monotonic()).failures += 1

    def _mapping(self, esm: dict[str, Any], now: float) -> MappingState:
        law = ScalingPolicy(
            maximum_concurrency=_number(esm.get("ScalingConfig") or {}, "MaximumConcurrency", 0) or None
        )
        mapping = self.mappings.get(esm["UUID"])
        if mapping is None or mapping.law != law:
            ramp = begin(law)
            if mapping is not None:
                ramp = ScalingState(min(mapping.ramp.allowed, float(law.limit)))
            mapping = self.mappings[esm["UUID"]] = MappingState(law, ramp, now)
        return mapping

    @staticmethod
    def _window_over(mapping: MappingState, esm: dict[str, Any], visible: int, now: float) -> bool:
        window = _number(esm, "MaximumBatchingWindowInSeconds", 0)
        if not window or not visible or visible >= _number(esm, "BatchSize", 10):
            mapping.waiting_since = None
            return True
        if mapping.waiting_since is None:
            mapping.waiting_since = now
        if now - mapping.waiting_since < window:
            return False
        mapping.waiting_since = None
        return True


def patches(scaler: Scaler) -> list[Patch]:
    return [
        Patch(
            "services.lambda_svc",
            "_sqs_esm_concurrency",
            lambda _: lambda esm, _func, _config, queue=None: scaler.allowed(esm, queue),
            "SQS mappings ramp as documented",
        ),
        # MiniStack pauses a mapping for a second after each function error; the law's back-off stands instead.
        Patch("services.lambda_svc", "_ESM_BACKOFF_SECONDS", lambda _: 0.0, "back-off is by the law"),
    ]


def _visible(queue: dict[str, Any] | None, enough: int) -> int:
    """Messages that could be received now, counted up to ``enough``."""
    if not queue:
        return 0
    now = time.time()
    ready = (True for message in list(queue["messages"]) if message.get("visible_at", 0) <= now)
    return sum(islice(ready, max(1, enough)))


def _number(record: dict[str, Any], name: str, default: int) -> int:
    # Numbers from a template's parameters arrive as text.
    return int(record.get(name) or default)
