"""How many batches a mapping may have in flight, from what the poller sees."""

from __future__ import annotations

import time
from typing import Any

from ops.twin.emulator.lambda_.esm_scaling import Scaler


def queue(visible: int) -> dict[str, Any]:
    return {"is_fifo": False, "messages": [{"visible_at": time.time() - 1} for _ in range(visible)]}


def mapping(**more: Any) -> dict[str, Any]:
    return {"UUID": "m", "BatchSize": 10, **more}


def test_it_grows_only_while_everything_allowed_is_in_use() -> None:
    in_flight = {"m": 4}
    scaler = Scaler(in_flight)
    assert scaler.allowed(mapping(), queue(100), now=0.0) == 5
    assert scaler.allowed(mapping(), queue(100), now=1.0) == 5
    in_flight["m"] = 5
    assert scaler.allowed(mapping(), queue(100), now=2.0) == 10


def test_a_long_pause_of_the_poller_counts_for_five_seconds() -> None:
    scaler = Scaler({"m": 5})
    scaler.allowed(mapping(), queue(100), now=0.0)
    assert scaler.allowed(mapping(), queue(100), now=3600.0) == 30


def test_failures_shrink_it_and_an_empty_queue_lets_it_fall() -> None:
    in_flight = {"m": 1_250}
    scaler = Scaler(in_flight)
    for second in range(300):
        scaler.allowed(mapping(), queue(100), now=float(second))
    assert scaler.allowed(mapping(), queue(100), now=300.0) == 1_250
    scaler.failed(mapping())
    assert scaler.allowed(mapping(), queue(100), now=301.0) == 1_125
    in_flight["m"] = 0
    assert scaler.allowed(mapping(), queue(0), now=302.0) == 1_120
    for second in range(303, 700):
        allowed = scaler.allowed(mapping(), queue(0), now=float(second))
    assert allowed == 2


def test_a_changed_maximum_applies_at_once_and_text_is_a_number() -> None:
    scaler = Scaler({"m": 5})
    for second in range(100):
        scaler.allowed(mapping(), queue(100), now=float(second))
    limited = mapping(ScalingConfig={"MaximumConcurrency": "10"})
    assert scaler.allowed(limited, queue(100), now=101.0) == 10


def test_a_fifo_queue_has_one_batch_at_a_time() -> None:
    assert Scaler({}).allowed(mapping(), queue(5) | {"is_fifo": True}) == 1


def test_the_batching_window_opens_when_full_or_over() -> None:
    waiting = mapping(MaximumBatchingWindowInSeconds=20)
    scaler = Scaler({})
    assert scaler.allowed(waiting, queue(3), now=0.0) == 0
    assert scaler.allowed(waiting, queue(9), now=19.0) == 0
    assert scaler.allowed(waiting, queue(10), now=19.5) == 5
    assert scaler.allowed(waiting, queue(1), now=30.0) == 0
    assert scaler.allowed(waiting, queue(1), now=50.0) == 5
