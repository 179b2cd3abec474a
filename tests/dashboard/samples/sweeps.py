"""A made-up sweep, as ``ops rightsize`` saves one."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from ops.rightsize import sizes
from ops.rightsize.model import Attempt, Measured, Observed, Setting

MEMORIES = (128, 512, 1024, 1769, 3008)


def sweep(trouble: bool = False, batch_sizes: tuple[int, ...] = (1,)) -> Measured:
    """``trouble``: 128 MB are too few, and it was stopped early."""
    rng = np.random.default_rng(7)
    jobs = rng.lognormal(5.0, 0.4, 12)
    attempts = []
    for memory in MEMORIES:
        slower = 1 / min(1.0, sizes.vcpus(memory))
        for batch in batch_sizes:
            if trouble and memory == 128:
                attempts += [Attempt(memory, batch, 0, True, 0, 400.0, 400.0, None, 128.0, "Runtime.OutOfMemory")] * 3
                continue
            for number in range(-1, len(jobs)):
                took = (20 + float(jobs[number]) * batch) * slower * float(rng.normal(1, 0.03))
                init = 900 * slower if number < 0 else None
                billed = took + (init or 0.0)
                attempts.append(
                    Attempt(memory, batch, max(number, 0), number < 0, batch, took, billed, init, min(memory, 96.0))
                )
    return Measured(
        id="20261127T120000-ab12",
        function="scilearn-worker",
        region="us-east-1",
        account="111122223333",
        twin=False,
        architecture="arm64",
        started=datetime(2026, 11, 27, 12, 0, tzinfo=UTC),
        ended=datetime(2026, 11, 27, 12, 9, tzinfo=UTC),
        current=Setting(1024, batch_sizes[0]),
        timeout_s=60,
        visibility_s=360,
        window_s=0,
        observed=Observed(0.04, 2_600_000.0, 1.2, 180.0, ("Cold starts: 4% of invocations.",)),
        attempts=tuple(attempts),
        stopped="It reached the limit of $1 (--max-usd)." if trouble else "",
    )
