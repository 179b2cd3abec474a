"""What an invocation costs, in USD. Estimates: first price tier, us-east-1, no free tier, no storage above 512 MB.

Prices: AWS Price List publication of 2026-09-19 (requests: 0.20 USD per million).
"""

from __future__ import annotations

from handler.extension.records import rules

GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
PROVISIONED_GB_SECOND = {"x86_64": 0.0000097222, "arm64": 0.0000077778}
REQUEST = 0.000_000_2
ASSUMED = "x86_64"
"""Architecture whose price stands in for an unknown one: the more expensive one, so that an estimate errs on the high side."""


def billed_ms(duration_ms: float, init_ms: float) -> int:
    """Billed milliseconds where no report gives them: INIT is billed for every function since 2025-08-01
    (for container images it always was), and the sum is rounded up."""
    total = round(duration_ms + init_ms, 3)  # a sum of floats may exceed a whole number by a hair
    whole = int(total)
    return whole if whole == total else whole + 1


def invocation_usd(billed: float | None, memory_mb: float | None, architecture: str, init_type: str) -> float | None:
    """Request price plus GB-seconds. None when billed time or memory size is unknown.

    The hours of provisioned concurrency are paid apart from invocations and are not in it; Managed Instances pay for
    instances, not for time, so only the request counts.
    """
    if rules.managed(init_type):
        return REQUEST
    if billed is None or memory_mb is None:
        return None
    table = PROVISIONED_GB_SECOND if init_type == rules.PROVISIONED else GB_SECOND
    gb_seconds = billed / 1000 * memory_mb / 1024
    return round(gb_seconds * table.get(architecture, table[ASSUMED]) + REQUEST, 12)
