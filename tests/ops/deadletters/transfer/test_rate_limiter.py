"""The rate that movers share."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from ops.deadletters.transfer.rate_limiter import RateLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def never_waits(limiter: RateLimiter, count: int) -> bool:
    """Whether ``count`` may go at once: a mover that must wait asks whether to stop, the second time yes."""
    asked: list[bool] = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) > 1

    return limiter.take(count, stop)


def test_a_batch_above_what_gathered_is_a_debt_of_the_next_one() -> None:
    clock = Clock()
    limiter = RateLimiter(10.0, clock=clock)
    assert never_waits(limiter, 10)
    assert not never_waits(limiter, 1)
    clock.now += 0.9
    assert not never_waits(limiter, 1)
    clock.now += 0.11
    assert never_waits(limiter, 10)


def test_a_pause_is_not_followed_by_a_flood() -> None:
    clock = Clock()
    limiter = RateLimiter(100.0, clock=clock)
    clock.now += 3600
    sent = 0
    while never_waits(limiter, 10):
        sent += 10
    assert sent == 20  # a tenth of a second's worth, and the batch that makes the debt


def test_no_limit_never_waits_and_zero_lets_nothing_go() -> None:
    limiter = RateLimiter(None)
    assert all(never_waits(limiter, 10) for _ in range(1000))
    limiter.set(0.0, "paused")
    assert limiter.rate == 0.0
    assert limiter.why == "paused"
    assert not never_waits(limiter, 1)


def test_who_waits_goes_on_at_the_new_rate() -> None:
    limiter = RateLimiter(0.0)
    waiting = threading.Event()

    def stop() -> bool:
        waiting.set()
        return False

    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit(limiter.take, 10, stop)
        assert waiting.wait(60)
        limiter.set(None, "no limit")
        assert taken.result(60)


def test_over_many_threads_the_rate_holds_on_average() -> None:
    limiter = RateLimiter(2000.0)
    started = limiter._clock()
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: limiter.take(10), range(60)))
    took = limiter._clock() - started
    assert 2000 * (took + 0.2) >= 600
