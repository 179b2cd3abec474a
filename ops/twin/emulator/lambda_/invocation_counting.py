"""Patches: every execution and every throttle is counted where it happens, for every caller.

Stands for: the AWS/Lambda metrics Invocations, Errors, Throttles, Duration and concurrency (LDG
monitoring-metrics-types, read 2026-11). MiniStack counts synchronous Invoke calls only, none of a mapping's or an
asynchronous event's, counts a throttled call as an invocation, and measures Duration with the cold start and the
network in it.

Leaves out: metrics by version or alias (dimensions Resource and ExecutedVersion), PostRuntimeExtensionsDuration, and
everything of provisioned concurrency.
"""

from __future__ import annotations

import time
from typing import Any

from ministack.services import lambda_svc

from ops.twin.emulator import account_context
from ops.twin.emulator.patch import Patch
from ops.twin.emulator.usage_counters import UsageCounters


def patches(usage: UsageCounters) -> list[Patch]:
    def counted_dispatch(original: Any) -> Any:
        def dispatch(func: dict[str, Any], config: dict[str, Any], event: Any, request_id: str, started: float) -> Any:
            owner = (*account_context.current(), str(config.get("FunctionName", "")))
            reserved = lambda_svc._reserved_concurrency(func, config) is not None
            usage.began(owner, reserved=reserved)
            result: dict[str, Any] = {"error": True}
            try:
                result = original(func, config, event, request_id, started)
            finally:
                usage.ended(
                    owner,
                    reserved=reserved,
                    started=started,
                    error=bool(result.get("error")),
                    duration_ms=_duration(result, started),
                )
            return result

        return dispatch

    def throttles_only(name: str, duration_ms: float, error: bool, throttle: bool) -> None:
        # MiniStack calls this once where it throttles (error False), and again when Invoke answers (error True).
        if throttle and not error:
            usage.throttled((*account_context.current(), name), time.time())

    return [
        Patch(
            "services.lambda_svc",
            "_execute_function_dispatch",
            counted_dispatch,
            "invocations of every kind are counted",
        ),
        Patch("services.lambda_svc", "_emit_lambda_metrics", lambda _: throttles_only, "throttles are no invocations"),
    ]


def _duration(result: dict[str, Any], started: float) -> float | None:
    if result.get("unreachable"):
        return None
    measured = result.get("duration_ms")
    return float(measured) if measured is not None else (time.time() - started) * 1000
