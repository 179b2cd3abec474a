"""The evaluator of alarms: does it agree with a second one and with AWS's examples, and how long does it take?

Random alarms and data, the same in each run, against the oracle of ``tests/ops/alarms/oracle``; the worked cases of AWS's
pages; then 30 alarms (24 on one metric, 4 on metric math, 2 composite) over 7 days of minutes: one in ten
points is missing, and each metric is above its threshold for half an hour about four times a day.

Prints JSON on its last line: cases, agree; worked, worked_agree; alarms, evaluations, and ms, the median of five runs (time of the
processor, since the machine is shared).
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Iterator
from typing import Any

from ops.alarms.evaluate import Metric, Metrics, Point, point, simulate
from tests.ops.alarms.oracle.cases import KINDS
from tests.ops.alarms.oracle.worked import all_cases

SEEDS = 500  # of each kind
RUNS = 5
START = 1_780_272_000
MINUTES = 7 * 24 * 60
STATISTICS = ("Sum", "Maximum", "Average", "Minimum", "SampleCount", "p90")


def main() -> None:
    disagreed = {kind: [seed for seed in range(SEEDS) if not agrees(seed)] for kind, agrees in KINDS.items()}
    for kind, seeds in disagreed.items():
        print(f"{kind}: {SEEDS - len(seeds)} of {SEEDS} agree {seeds[:10] or ''}", flush=True)
    worked = all_cases()
    wrong = [what for what, mine, expected in worked if mine != expected]
    print(f"worked: {len(worked) - len(wrong)} of {len(worked)} {wrong[:5] or ''}", flush=True)
    metrics, alarms = recorded(), definitions()
    took = sorted(timed(alarms, metrics) for _ in range(RUNS))
    cases = SEEDS * len(KINDS)
    figures = {
        "cases": cases,
        "agree": cases - sum(map(len, disagreed.values())),
        "worked": len(worked),
        "worked_agree": len(worked) - len(wrong),
        "alarms": len(alarms),
        "evaluations": len(alarms) * MINUTES,
        "ms": round(1000 * statistics.median(took)),
    }
    print(json.dumps(figures))


def timed(alarms: list[dict[str, Any]], metrics: Metrics) -> float:
    began = time.process_time()
    simulate(alarms, metrics, START, START + 60 * MINUTES)
    return time.process_time() - began


def recorded() -> Metrics:
    pick = random.Random(7)
    return {Metric("Bench", f"m{number}"): list(series(pick)) for number in range(28)}


def series(pick: random.Random) -> Iterator[Point]:
    left = 0  # minutes of the incident
    for minute in range(MINUTES):
        left = 30 if pick.random() < 4 / 1440 else left - 1
        if pick.random() < 0.9:
            yield point(START + 60 * minute, float(pick.randint(50, 100) if left > 0 else pick.randint(0, 55)))


def of_statistic(name: str) -> dict[str, str]:
    return {"Statistic" if name.isalpha() else "ExtendedStatistic": name}


def definitions() -> list[dict[str, Any]]:
    common = {"EvaluationPeriods": 5, "DatapointsToAlarm": 3, "ComparisonOperator": "GreaterThanThreshold"}
    single = [
        {
            **common, "AlarmName": f"a{number}", "Namespace": "Bench", "MetricName": f"m{number}", "Period": 60,
            "Threshold": 60, **of_statistic(STATISTICS[number % len(STATISTICS)]),
        }
        for number in range(24)
    ]  # fmt: skip
    ratios = [
        {
            **common, "AlarmName": f"r{number}", "Threshold": 150,
            "Metrics": [stat("m1", number), stat("m2", number + 1), {"Id": "e1", "Expression": "100 * m1 / FILL(m2, 1)"}],
        }
        for number in range(24, 28)
    ]  # fmt: skip
    composites = [
        {"AlarmName": "any", "AlarmRule": " OR ".join(f"ALARM(a{number})" for number in range(24))},
        {"AlarmName": "both", "AlarmRule": "ALARM(any) AND AT_LEAST(2, ALARM, (r24, r25, r26, r27))"},
    ]
    return [*single, *ratios, *composites]


def stat(name: str, number: int) -> dict[str, Any]:
    metric = {"Namespace": "Bench", "MetricName": f"m{number % 28}"}
    return {"Id": name, "ReturnData": False, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}


if __name__ == "__main__":
    main()
