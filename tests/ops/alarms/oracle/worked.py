"""The worked cases of AWS's own pages (CloudWatch user guide and API reference, read 2026-11), each with its answer.

The guide's tables name no comparison operator, so each of their cells is a case for each of the four.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from ops.alarms.evaluate import Metric, Point, Transition, composite_alarm, metric_alarm, metric_states, point
from ops.alarms.evaluate.actions import actions
from ops.alarms.evaluate.composite.alarm_rule import alarm_rule
from ops.alarms.evaluate.metric_math.functions import Grid
from ops.alarms.evaluate.metric_math.program import program
from ops.alarms.evaluate.statistics import low_sample_limit, statistic
from ops.alarms.evaluate.threshold import TREATMENTS, Datapoint, ThresholdRule, decide

Case = tuple[str, Any, Any]  # what it is, what the evaluator says, what AWS says
T0 = 1_780_272_000.0

# alarms-and-missing-data: data (X breaches, 0 does not, - is missing, the newest last), M of 3, state by treatment
TABLES: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("0 - X - X", 3, ("OK", "OK", "OK", "OK")),
    ("0 - - - -", 3, ("OK", "OK", "OK", "OK")),
    ("- - - - -", 3, ("INSUFFICIENT_DATA", "unchanged", "ALARM", "OK")),
    ("0 X X - X", 3, ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("- - X - -", 3, ("ALARM", "unchanged", "ALARM", "OK")),
    ("0 - X - X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("0 0 X 0 X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("0 - X - -", 2, ("OK", "OK", "ALARM", "OK")),
    ("- - - - 0", 2, ("OK", "OK", "ALARM", "OK")),
    ("- - - X -", 2, ("ALARM", "unchanged", "ALARM", "OK")),
)
PREMATURE = (("- - - - X", "OK"), ("- - - X -", "OK"), ("- - X - -", "ALARM"))  # the same page, 3 of 3, missing
OPERATORS = {  # with a threshold of 5: a value that breaches, one that does not
    "GreaterThanThreshold": (6.0, 5.0),
    "GreaterThanOrEqualToThreshold": (5.0, 4.0),
    "LessThanThreshold": (4.0, 5.0),
    "LessThanOrEqualToThreshold": (5.0, 6.0),
}
SUPPRESSION = (  # Create_Composite_Alarm_Suppression, examples 1 to 6: a wait of 2, an extension of 3
    ("2:ALARM", "", "4:ALARM"),
    ("2:ALARM", "3:ALARM", ""),
    ("2:ALARM 3:OK", "", "5:OK"),
    ("2:ALARM", "1:ALARM", ""),
    ("2:ALARM", "3:ALARM 6:OK", "9:ALARM"),
    ("2:ALARM 7:OK", "3:ALARM 6:OK", "9:OK"),
)
MUTING = (("2:ALARM 4:OK", 5, ""), ("2:ALARM", 5, "5:ALARM"), ("2:ALARM", 8, "8:ALARM"))  # alarm-mute-rules-behaviour
RULES: tuple[tuple[str, Callable[[bool, bool, bool], bool]], ...] = (  # PutCompositeAlarm
    ("ALARM(a) AND ALARM(b)", lambda a, b, c: a and b),
    ("ALARM(a) AND NOT ALARM(b)", lambda a, b, c: a and not b),
    ("(ALARM(a) OR ALARM(b)) AND OK(c)", lambda a, b, c: (a or b) and not c),
)
MATH = (  # using-metric-math
    ("(m1 < m2)", "30 20 0 0", "20 - 20 -", "", "0 0 1 0"),
    ("(m1 >= 30)", "30 20 0 0", "20 - 20 -", "", "1 0 0 0"),
    ("(m1 > 15 AND m2 > 15)", "30 20 0 0", "20 - 20 -", "", "1 0 0 0"),
    ("IF(m1, m2, m3)", "1 1 0 0 -", "30 - 0 0 30", "0 0 20 - 20", "30 0 20 - -"),
    ("IF(m1, 5, m3)", "1 1 0 0 -", "30 - 0 0 30", "0 0 20 - 20", "5 5 20 - -"),
    ("IF(m1, m2, 5)", "1 1 0 0 -", "30 - 0 0 30", "0 0 20 - 20", "30 0 5 5 -"),
)


def judged(data: str, to_alarm: int, missing: str, operator: str = "GreaterThanThreshold", periods: int = 3) -> str:
    breach, fine = OPERATORS[operator]
    values = {"X": breach, "0": fine, "-": None}
    rule = ThresholdRule(operator, 5.0, periods, to_alarm, missing)
    return (
        decide(rule, [Datapoint(60.0 * at, values[each]) for at, each in enumerate(data.split())]).state or "unchanged"
    )


def all_cases() -> list[Case]:
    return [*_missing_data(), *_suppression(), *_muting(), *_rules(), *_math(), *_statistics(), *_over_time()]


def _missing_data() -> Iterator[Case]:
    for operator in OPERATORS:
        for data, to_alarm, expected in TABLES:
            for missing, state in zip(TREATMENTS, expected, strict=True):
                yield (
                    f"{data}, {to_alarm} of 3, {missing}, {operator}",
                    judged(data, to_alarm, missing, operator),
                    state,
                )
        for data, state in PREMATURE:
            yield f"{data}, 3 of 3, {operator}", judged(data, 3, "missing", operator), state


def performed(own: str, suppressor: str, muted: list[tuple[float, float]], **settings: Any) -> str:
    both = {"AlarmActions": ["topic"], "OKActions": ["topic"]}
    alarm = composite_alarm({"AlarmName": "it", "AlarmRule": "TRUE", **both, **settings})
    made = actions(alarm, changes("it", own), changes("holder", suppressor), muted, 100)
    return " ".join(f"{each.at:g}:{each.state}" for each in made if not each.withheld)


def changes(alarm: str, text: str) -> list[Transition]:
    """Of ``2:ALARM 3:OK``."""
    pairs = [each.split(":") for each in text.split()]
    return [Transition(float(at), alarm, "", new) for at, new in pairs]


def _suppression() -> Iterator[Case]:
    settings: dict[str, Any] = {
        "ActionsSuppressor": "holder",
        "ActionsSuppressorWaitPeriod": 2,
        "ActionsSuppressorExtensionPeriod": 3,
    }
    for number, (own, suppressor, done) in enumerate(SUPPRESSION, 1):
        yield f"suppression, example {number}", performed(own, suppressor, [], **settings), done


def _muting() -> Iterator[Case]:
    for own, until, done in MUTING:
        mine = performed(own, "", [(1.0, float(until))], OKActions=[])
        yield f"muted until {until}: {own}", mine, done


def _rules() -> Iterator[Case]:
    for text, holds in RULES:
        for a, b, c in product((True, False), repeat=3):
            states = {name: "ALARM" if each else "OK" for name, each in (("a", a), ("b", b), ("c", c))}
            yield f"{text} with {states}", alarm_rule(text).holds(states), holds(a, b, c)


def _math() -> Iterator[Case]:
    for expression, *texts, expected in MATH:
        series = {f"m{at}": _values(text) for at, text in enumerate(texts, 1) if text}
        queries: list[dict[str, Any]] = [{"Id": name, "MetricStat": {}, "ReturnData": False} for name in series]
        places = len(series["m1"])
        made = program([*queries, {"Id": "e", "Expression": expression}])
        yield expression, made.series(series, Grid([60.0 * at for at in range(places)], 60)), _values(expected)


def _values(text: str) -> list[float | None]:
    return [None if each == "-" else float(each) for each in text.split()]


def _statistics() -> Iterator[Case]:
    hundred = [point(0.0, float(value)) for value in range(1, 101)]

    def measured(name: str, points: list[Point] = hundred) -> float:
        return round(statistic(name)(points) or 0.0, 6)

    yield "tm90 leaves the highest 10% out", measured("tm90"), 45.5
    yield "TM(2%:98%) leaves 2% out at both ends", measured("TM(2%:98%)"), 50.5
    yield (
        "TM(150:1000) is exclusive below, inclusive above",
        measured("TM(150:1000)", [point(0.0, each) for each in (150.0, 200.0, 1000.0, 1001.0)]),
        600.0,
    )
    yield "IQM is TM(25%:75%)", measured("IQM"), measured("TM(25%:75%)")
    yield "tc90 counts without the highest 10%", measured("tc90"), 90.0
    yield "TS is TM times TC", measured("ts90"), round(measured("tm90") * measured("tc90"), 6)
    yield "PR(:30) is the share of values up to 30", measured("PR(:30)"), 30.0
    yield "PR(10:20) is exclusive below, inclusive above", measured("PR(10:20)"), 10.0
    yield "p99 needs 1,000 samples", low_sample_limit("p99"), 1000.0


def _over_time() -> Iterator[Case]:
    def states(period: int, points: list[Point], minutes: int, **settings: Any) -> list[tuple[int, str]]:
        alarm = metric_alarm(
            {
                "AlarmName": "it", "Namespace": "T", "MetricName": "M", "Statistic": "Sum", "Period": period,
                "EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold", **settings,
            }
        )  # fmt: skip
        made = metric_states(alarm, {Metric("T", "M"): points}, T0, T0 + 60 * minutes)
        return [(round((each.at - T0) / 60), each.new) for each in made]

    # alarm-evaluation, the figure: 3 of 3 above three units in the third to fifth period, one above in the ninth.
    heights = (1, 2, 4, 5, 4, 2, 1, 2, 4, 2)
    figure = states(
        60, [point(T0 + 60 * at, height) for at, height in enumerate(heights)], 10, Threshold=3, EvaluationPeriods=3,
        DatapointsToAlarm=3,
    )  # fmt: skip
    yield "the figure: ALARM at the end of the fifth period, OK at that of the sixth", figure, [
        (1, "OK"), (5, "ALARM"), (6, "OK"),
    ]  # fmt: skip
    first, sixth = [point(T0, 1.0)], [point(T0 + 330, 1.0)]
    zeros = [point(T0 + 60 * at, 0.0) for at in range(20)]
    yield "the end of minute 5 looks at minutes 1 to 5", states(300, first + zeros, 7), [(1, "ALARM"), (6, "OK")]
    yield "the end of minute 6 looks at minutes 2 to 6", states(300, sixth + zeros, 12)[1:], [(6, "ALARM"), (11, "OK")]
    # The job that runs every 3 days: what fails at 10:02 is seen at 11:00, and what is fixed at 11:43 at 12:00.
    three_days = {"EvaluationPeriods": 3, "DatapointsToAlarm": 1, "TreatMissingData": "ignore"}
    job = [point(T0 + 60 * 602, 1.0)]
    yield "a multi-day alarm sees the hour that has ended", states(86_400, job, 14 * 60, **three_days), [(660, "ALARM")]
