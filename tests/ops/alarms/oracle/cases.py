"""Random alarms and data, the same for each seed, and whether the evaluator and the oracle agree on them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from ops.alarms.evaluate import Metric, Point, composite_alarm, metric_alarm, metric_states, point, simulate
from ops.alarms.evaluate.actions import actions
from ops.alarms.evaluate.metric_states import Transition
from tests.ops.alarms.oracle import acting, states
from tests.ops.alarms.oracle.states import Config, Recorded, Tree

START = 1_780_272_000
OPERATORS = (
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
)
BASIC = dict.fromkeys(("Sum", "SampleCount", "Average", "Minimum", "Maximum"), "Statistic")
STATS = ("Sum", "SampleCount", "Average", "Minimum", "Maximum", "p50", "p90", "p99", "tm90", "tc80", "ts75", "PR(:2)")


def config(pick: random.Random, stats: tuple[str, ...] = STATS) -> Config:
    n = pick.randint(1, 6)
    return Config(
        stat=pick.choice(stats),
        period=pick.choice((10, 30, 60, 60, 60, 120, 300)),
        n=n,
        m=pick.randint(1, n),
        treatment=pick.choice(("missing", "ignore", "breaching", "notBreaching")),
        operator=pick.choice(OPERATORS),
        threshold=pick.choice((0.0, 1.0, 2.0, 3.0)),
    )


def recorded(pick: random.Random, seconds: int) -> list[Recorded]:
    """Points with gaps, equal values, several in a period, late ones and none at all."""
    density, late = pick.choice((0.0, 0.1, 0.5, 0.9, 1.0)), pick.choice((0.0, 0.0, 0.3))
    made: list[Recorded] = []
    for when in range(START - 3600, START + seconds, pick.choice((10, 30, 60))):
        if pick.random() < density:
            seen = when + 60 + pick.randint(0, 400) if pick.random() < late else when
            made.append((when + pick.choice((0.0, 0.5)), float(pick.randint(0, 4)), pick.randint(1, 3), float(seen)))
    return made


def points(made: list[Recorded]) -> list[Point]:
    return [point(when, value, times, arrived=seen) for when, value, times, seen in made]


def definition(of: Config) -> dict[str, Any]:
    return {
        "AlarmName": "it",
        "EvaluationPeriods": of.n,
        "DatapointsToAlarm": of.m,
        "TreatMissingData": of.treatment,
        "ComparisonOperator": of.operator,
        "Threshold": of.threshold,
    }


def metric_case(seed: int) -> bool:
    pick = random.Random(seed)
    alarm, seconds = config(pick), pick.choice((600, 1800))
    made = recorded(pick, seconds)
    single = {
        "Namespace": "T",
        "MetricName": "m1",
        "Period": alarm.period,
        BASIC.get(alarm.stat, "ExtendedStatistic"): alarm.stat,
    }
    mine = metric_states(
        metric_alarm(definition(alarm) | single), {Metric("T", "m1"): points(made)}, START, START + seconds
    )
    return [(each.at, each.new) for each in mine] == states.of_metric(alarm, made, START, START + seconds)


def math_case(seed: int) -> bool:
    pick = random.Random(seed)
    alarm, seconds = config(pick, ("Sum", "Average", "Maximum")), 600
    data = {name: recorded(pick, seconds) for name in ("m1", "m2", "m3")}
    tree = series(pick, pick.randint(1, 3))
    queries: list[dict[str, Any]] = [
        {
            "Id": name,
            "ReturnData": False,
            "MetricStat": {
                "Metric": {"Namespace": "T", "MetricName": name},
                "Stat": alarm.stat,
                "Period": alarm.period,
            },
        }
        for name in data
    ]
    queries.append({"Id": "result", "Expression": written(tree)})
    mine = metric_states(
        metric_alarm(definition(alarm) | {"Metrics": queries}),
        {Metric("T", name): points(made) for name, made in data.items()},
        START,
        START + seconds,
    )
    return [(each.at, each.new) for each in mine] == states.of_math(alarm, tree, data, START, START + seconds)


def series(pick: random.Random, depth: int) -> Tree:
    """A random expression that is a time series."""
    if depth == 0:
        return (pick.choice(("m1", "m2", "m3")), [])
    deeper: Callable[[], Tree] = lambda: series(pick, depth - 1)  # noqa: E731 (short beside its uses)
    number: Tree = (str(pick.randint(0, 4)), [])
    made: list[Tree] = [
        (pick.choice(("+", "-", "*", "/", "<", ">", ">=", "==", "AND", "OR")), [deeper(), deeper()]),
        (pick.choice(("+", "-", "*", "/", ">", "==")), [deeper(), number]),
        (pick.choice(("-", "/", "<")), [number, deeper()]),
        ("IF", [deeper(), deeper(), deeper()]),
        ("IF", [deeper(), number]),
        ("FILL", [deeper(), number]),
        ("ABS", [deeper()]),
        ("DIFF", [deeper()]),
        (pick.choice(("SUM", "MAX", "AVG")), [deeper(), deeper()]),
        ("less the average", [deeper()]),
    ]
    return pick.choice(made)


def written(tree: Tree) -> str:
    name, parts = tree
    inner = [written(part) for part in parts]
    if not parts:
        return name
    if name == "less the average":
        return f"({inner[0]} - AVG({inner[0]}))"
    if name in ("SUM", "MAX", "AVG"):
        return f"{name}([{', '.join(inner)}])"
    return (
        f"{name}({', '.join(inner)})"
        if name.isalpha() and name not in ("AND", "OR")
        else f"({f' {name} '.join(inner)})"
    )


def timeline(pick: random.Random, seconds: int) -> dict[int, str]:
    """Changes of a state that begins with INSUFFICIENT_DATA."""
    made: dict[int, str] = {}
    state = "INSUFFICIENT_DATA"
    for second in sorted(pick.sample(range(seconds), pick.randint(0, 8))):
        state = pick.choice([each for each in ("ALARM", "OK", "INSUFFICIENT_DATA") if each != state])
        made[second] = state
    return made


def acting_case(seed: int) -> bool:
    """A change of state, suppressed or muted."""
    pick = random.Random(seed)
    own, end = timeline(pick, 100), 120
    wait, extension = pick.randint(0, 12), pick.randint(0, 12)
    holder = timeline(pick, 100)
    suppressing = pick.random() < 0.6
    topics = {f"{each}Actions": ["topic"] for each in ("Alarm", "OK", "InsufficientData")}
    settings = {
        "ActionsSuppressor": "holder",
        "ActionsSuppressorWaitPeriod": wait,
        "ActionsSuppressorExtensionPeriod": extension,
    }
    alarm = composite_alarm({"AlarmName": "it", "AlarmRule": "TRUE", **topics, **(settings if suppressing else {})})
    windows: list[tuple[int, int]] = []
    for begins in [] if suppressing else sorted(pick.sample(range(0, 100, 20), pick.randint(0, 4))):
        windows.append((begins, begins + pick.randint(1, 19)))
    made = actions(alarm, _changes("it", own), _changes("holder", holder), windows, end)
    mine = [(int(each.at), each.state) for each in made if not each.withheld]
    if suppressing:
        return mine == acting.suppressed(own, holder, wait, extension, end)
    return mine == acting.muted(own, windows, end)


def composite_case(seed: int) -> bool:
    """A rule over three metric alarms, each of which follows its metric."""
    pick = random.Random(seed)
    seconds = 900
    data = {name: recorded(pick, seconds) for name in "abc"}
    tree = rule(pick, 3)
    alarm = Config("Maximum", 60, 1, 1, pick.choice(("missing", "notBreaching")), "GreaterThanThreshold", 2.0)
    metrics = {"Period": 60, "Statistic": "Maximum", "Namespace": "T"}
    alarms = [definition(alarm) | metrics | {"AlarmName": name, "MetricName": name} for name in data]
    outcome = simulate(
        [*alarms, {"AlarmName": "composite", "AlarmRule": ruled(tree)}],
        {Metric("T", name): points(made) for name, made in data.items()},
        START,
        START + seconds,
    )
    children = {
        name: {at - START: new for at, new in states.of_metric(alarm, made, START, START + seconds)}
        for name, made in data.items()
    }
    mine = [(int(each.at) - START, each.new) for each in outcome.transitions if each.alarm == "composite"]
    return mine == acting.composite(tree, children, seconds)


def rule(pick: random.Random, depth: int) -> Any:
    if depth == 0:
        return pick.choice(("ALARM", "OK", "INSUFFICIENT_DATA")), pick.choice("abc")
    kind = pick.choice(("AND", "OR", "NOT", "AT_LEAST"))
    if kind == "AT_LEAST":
        return kind, pick.randint(1, 3), pick.choice(("ALARM", "OK")), "a", "b", "c"
    return (kind, *(rule(pick, depth - 1) for _ in range(1 if kind == "NOT" else 2)))


def ruled(tree: Any) -> str:
    kind, *parts = tree
    if kind in ("AND", "OR"):
        return "(" + f" {kind} ".join(map(ruled, parts)) + ")"
    if kind == "NOT":
        return f"NOT {ruled(parts[0])}"
    if kind == "AT_LEAST":
        return f"AT_LEAST({parts[0]}, {parts[1]}, ({', '.join(parts[2:])}))"
    return f"{kind}({parts[0]})"


def _changes(alarm: str, of: dict[int, str]) -> list[Transition]:
    return [Transition(float(at), alarm, "", new) for at, new in of.items()]


KINDS: dict[str, Callable[[int], bool]] = {
    "metric": metric_case,
    "math": math_case,
    "composite": composite_case,
    "acting": acting_case,
}
