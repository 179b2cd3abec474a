"""Metric alarms, minute by minute."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Recorded = tuple[float, float, int, float]  # when, value, how often, from when on it is seen
Value = float | None


@dataclass(frozen=True)
class Config:
    stat: str
    period: int
    n: int
    m: int
    treatment: str
    operator: str
    threshold: float


def sampled(points: Sequence[Recorded], begin: float, end: float, now: float) -> list[float]:
    """Every sample of a period that is seen by now, one by one, ascending."""
    values: list[float] = []
    for when, value, times, seen in points:
        if begin <= when < end and seen <= now:
            values.extend([value] * times)
    return sorted(values)


def measured(stat: str, samples: list[float]) -> Value:
    if not samples:
        return None
    if stat == "SampleCount":
        return len(samples)
    if stat == "Sum":
        return sum(samples)
    if stat == "Average":
        return statistics.fmean(samples)
    if stat == "Minimum":
        return samples[0]
    if stat == "Maximum":
        return samples[-1]
    if samples[0] < 0:
        return None
    if stat.startswith("p"):
        ranked = samples if len(samples) > 1 else samples * 2
        return statistics.quantiles(ranked, n=100, method="inclusive")[int(stat[1:]) - 1]
    if stat.startswith("PR(:"):
        return 100 * len([each for each in samples if each <= float(stat[4:-1])]) / len(samples)
    share = int(stat[2:])
    hundredths = [each for each in samples for _ in range(100)]  # a percent of the samples is a whole number of these
    kept = hundredths[: share * len(samples)]
    return {"tm": statistics.fmean(kept), "tc": len(kept) / 100, "ts": sum(kept) / 100}[stat[:2]]


def breaching(config: Config, value: float) -> bool:
    if config.operator == "GreaterThanThreshold":
        return value > config.threshold
    if config.operator == "GreaterThanOrEqualToThreshold":
        return value >= config.threshold
    if config.operator == "LessThanThreshold":
        return value < config.threshold
    return value <= config.threshold


def table(config: Config, newest_first: Sequence[Value]) -> str | None:
    """The state of the guide's tables; None: it retains its state."""
    real = [(age, breaching(config, value)) for age, value in enumerate(newest_first, 1) if value is not None]
    if len(real) >= config.n:
        return "ALARM" if [bad for _, bad in real[: config.n]].count(True) >= config.m else "OK"
    if not real:
        return {"missing": "INSUFFICIENT_DATA", "ignore": None, "breaching": "ALARM", "notBreaching": "OK"}[
            config.treatment
        ]
    bad = [each for _, each in real]
    if config.treatment in ("breaching", "notBreaching"):
        bad += [config.treatment == "breaching"] * (config.n - len(real))
        return "ALARM" if sum(bad) >= config.m else "OK"
    if sum(bad) >= config.m:
        return "ALARM"
    if all(bad) and real[-1][0] >= config.m:
        return "ALARM" if config.treatment == "missing" else None
    return "OK"


def states(
    config: Config, start: int, end: int, value_of: Callable[[list[tuple[float, float]], float], Sequence[Value]]
) -> list[tuple[int, str]]:
    """Changes of state. ``value_of``: what the periods (begin, end; oldest first) measure as seen now."""
    every = 10 if config.period < 60 else 3600 if config.period * config.n > 86_400 else 60
    state, made = "INSUFFICIENT_DATA", []
    for now in range(start, end + 1):
        if now % every:
            continue
        periods = [(now - config.period * (age + 1), now - config.period * age) for age in range(config.n + 2)]
        values = value_of([(float(begin), float(close)) for begin, close in reversed(periods)], now)
        new = table(config, list(reversed(values)))
        if new is not None and new != state:
            state = new
            made.append((now, state))
    return made


def of_metric(config: Config, points: Sequence[Recorded], start: int, end: int) -> list[tuple[int, str]]:
    def value_of(periods: list[tuple[float, float]], now: float) -> list[Value]:
        return [measured(config.stat, sampled(points, begin, close, now)) for begin, close in periods]

    return states(config, start, end, value_of)


Tree = tuple[str, "list[Tree]"]  # an operator, a function, a metric's ID or a number, and what it is applied to
Times = dict[float, float]  # a series: the datapoints there are, by when they begin


def of_math(
    config: Config, tree: Tree, metrics: Mapping[str, Sequence[Recorded]], start: int, end: int
) -> list[tuple[int, str]]:
    def value_of(periods: list[tuple[float, float]], now: float) -> list[Value]:
        series: dict[str, Times] = {}
        for name, points in metrics.items():
            measures = {begin: measured(config.stat, sampled(points, begin, close, now)) for begin, close in periods}
            series[name] = {begin: value for begin, value in measures.items() if value is not None}
        result = computed(tree, series, [begin for begin, _ in periods])
        assert isinstance(result, dict)
        return [result.get(begin) for begin, _ in periods]

    return states(config, start, end, value_of)


def computed(tree: Tree, series: Mapping[str, Times], times: Sequence[float]) -> Times | float:
    name, parts = tree
    if not parts:
        return series[name] if name in series else float(name)
    first, *rest = [computed(part, series, times) for part in parts]
    if name in ("SUM", "MAX", "AVG") and len(parts) > 1:
        return of_several(name, [first, *rest], times)
    if name == "less the average":
        assert isinstance(first, dict)
        average = sum(first.values()) / len(times)
        return {at: value - average for at, value in first.items()}
    made: Times = {}
    for at in times:
        value = at_one_time(name, [first, *rest], at, times)
        if value is not None:
            made[at] = value
    return made


def of_several(name: str, values: Sequence[Times | float], times: Sequence[float]) -> Times:
    made: Times = {}
    for at in times:
        there = [each[at] for each in values if isinstance(each, dict) and at in each]
        if there:
            made[at] = {"SUM": sum(there), "MAX": max(there), "AVG": sum(there) / len(values)}[name]
    return made


def at_one_time(name: str, values: Sequence[Times | float], at: float, times: Sequence[float]) -> Value:
    here = [each.get(at) if isinstance(each, dict) else each for each in values]
    if name == "IF":
        condition, true, *false = here
        if condition is None:
            return None
        return (true or 0.0) if condition else (false[0] if false else None)
    if name == "FILL":
        return here[1] if here[0] is None else here[0]
    if name == "ABS":
        return None if here[0] is None else abs(here[0])
    if name == "DIFF":
        series = values[0]
        assert isinstance(series, dict)
        earlier = [when for when in times if when < at and when in series]
        return series[at] - series[earlier[-1]] if at in series and earlier else None
    if any(isinstance(each, float) for each in values) and None in here:
        return None
    if here == [None, None]:
        return None
    left, right = (each or 0.0 for each in here)
    return two_numbers(name, left, right)


def two_numbers(operator: str, left: float, right: float) -> Value:
    if operator == "/":
        return left / right if right else None
    if operator in ("+", "-", "*"):
        return left + right if operator == "+" else left - right if operator == "-" else left * right
    truth = {
        "<": left < right,
        ">": left > right,
        ">=": left >= right,
        "==": left == right,
        "AND": left != 0 and right != 0,
        "OR": left != 0 or right != 0,
    }
    return 1.0 if truth[operator] else 0.0
