"""The scaling law of an SQS mapping."""

from __future__ import annotations

from ops.esm_scaling import ScalingObservation, ScalingPolicy, ScalingState, begin, course, step


def after(law: ScalingPolicy, *observed: ScalingObservation) -> int:
    return list(course(law, observed))[-1]


def busy(seconds: float) -> ScalingObservation:
    return ScalingObservation(seconds, available=True)


def idle(seconds: float) -> ScalingObservation:
    return ScalingObservation(seconds, available=False)


def test_it_starts_with_five_and_adds_three_hundred_a_minute() -> None:
    law = ScalingPolicy()
    assert begin(law).concurrency == 5
    assert list(course(law, [busy(60)] * 3)) == [305, 605, 905]


def test_short_steps_add_up_to_long_ones() -> None:
    assert after(ScalingPolicy(), *[busy(0.1)] * 600) == after(ScalingPolicy(), busy(60)) == 305


def test_the_default_ceiling_is_1250() -> None:
    assert after(ScalingPolicy(), busy(600)) == 1_250


def test_maximum_concurrency_caps_it_even_below_the_start() -> None:
    assert after(ScalingPolicy(maximum_concurrency=10), busy(60)) == 10
    assert begin(ScalingPolicy(maximum_concurrency=2)).concurrency == 2


def test_idle_it_falls_back_to_five_and_after_a_while_to_two() -> None:
    law = ScalingPolicy()
    ramp = ScalingState(305.0)
    ramp = step(law, ramp, idle(30))
    assert ramp.concurrency == 155
    ramp = step(law, ramp, idle(29))
    assert ramp.concurrency == 10
    assert step(law, ramp, idle(0.9)).concurrency == 5
    assert step(law, step(law, ramp, idle(30)), idle(30)).concurrency == 2


def test_with_maximum_concurrency_it_does_not_drop_to_two() -> None:
    assert after(ScalingPolicy(maximum_concurrency=100), *[idle(60)] * 10) == 5


def test_from_two_it_climbs_again() -> None:
    law = ScalingPolicy()
    assert after(law, *[idle(60)] * 10) == 2
    assert after(law, *[idle(60)] * 10, busy(6)) == 32


def test_failures_reduce_it_gradually_but_never_below_two() -> None:
    law = ScalingPolicy()
    one = step(law, ScalingState(100.0), ScalingObservation(1, available=True, failures=1))
    assert one.concurrency == 90
    assert step(law, ScalingState(100.0), ScalingObservation(1, available=True, failures=1_000)).concurrency == 2
    assert step(law, one, busy(6)).concurrency == 120


def test_a_lower_limit_applies_at_once() -> None:
    assert step(ScalingPolicy(maximum_concurrency=10), ScalingState(500.0), busy(1)).concurrency == 10
