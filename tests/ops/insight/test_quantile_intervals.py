"""Confidence intervals of p95 and p99: how often they hold the true percentile, and where there is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ops.insight.rules.cold_starts import versions
from ops.insight.rules.cold_starts.quantile_intervals import interval, interval_between, ranks

SAMPLES = 1_000
PERCENTILES = (75, 90, 93, 94, 96, 97, 98, 98.5, 99.5, 99.9, 100)


SHAPES: dict[str, Callable[[Any], Any]] = {
    "long tail": lambda ms: ms,
    "two peaks": lambda ms: ms + 5_000 * (ms > 600),
    "whole numbers": lambda ms: np.round(ms / 500),
}


@pytest.mark.parametrize(("share", "count"), [(0.5, 30), (0.95, 72), (0.95, 200), (0.99, 368), (0.99, 1_000)])
@pytest.mark.parametrize("shape", SHAPES)
def test_intervals_hold_the_percentile_as_often_as_they_say(share: float, count: int, shape: str) -> None:
    drawn = SHAPES[shape](np.random.default_rng(20_261_130).lognormal(6, 1, (SAMPLES, count)))
    truth = SHAPES[shape](math.exp(6 + NormalDist().inv_cdf(share)))
    found = np.array([interval(one, share) for one in drawn])
    held = np.mean((found[:, 0] <= truth) & (truth <= found[:, 1]))
    assert held >= 0.94, "95%, less what 1,000 samples may be off by"
    if shape != "whole numbers":
        assert held <= 0.99, "and no wider than that takes"


@pytest.mark.parametrize(("share", "least"), [(0.5, 6), (0.95, 72), (0.99, 368)])
def test_of_fewer_values_there_is_no_interval(share: float, least: int) -> None:
    assert ranks(least - 1, share) is None
    assert ranks(least, share) is not None
    assert np.isnan(interval(np.arange(least - 1.0), share)).all()
    assert ranks(0, share) is None


def test_ranks_are_those_of_the_tables() -> None:
    assert ranks(20, 0.5) == (6, 15)
    assert ranks(100, 0.5) == (40, 61)


def test_many_values_have_a_narrow_interval() -> None:
    found = ranks(10_000_000, 0.99)
    assert found is not None
    assert found == pytest.approx((9_900_000 - 617, 9_900_000 + 617), abs=3)


@pytest.mark.parametrize("count", [80, 400, 3_000])
@pytest.mark.parametrize("share", [0.95, 0.99])
def test_known_percentiles_give_an_interval_that_is_never_narrower(count: int, share: float) -> None:
    values = np.random.default_rng(1).lognormal(6, 1, count)
    known = {float(level): float(np.percentile(values, level)) for level in PERCENTILES}
    low, high = interval_between(known, count, share)
    if math.isnan(low):
        assert ranks(count, share) is None
        return
    narrow = interval(values, share)
    assert low <= narrow[0]
    assert high >= narrow[1]
    assert np.isnan(interval_between({99.9: 1.0, 90: math.nan}, count, share)).all()


def test_the_versions_say_of_which_percentile_there_are_too_few() -> None:
    began = datetime(2026, 11, 24, tzinfo=UTC)
    inits = {"1": 9, "2": 100, "3": 400, "4": 0}
    rows = [
        {"version": name, "started": began, "cold": cold, "init_ms": 500.0 + n, "restore_ms": math.nan}
        for name, count in inits.items()
        for n, cold in enumerate([True] * count or [False])
    ]
    found = versions.by_version(pd.DataFrame(rows)).set_index("version")
    assert found["too_few"].to_dict() == {"1": "p50, p95, p99", "2": "p99", "3": "", "4": ""}
    whole = found.loc["3"]
    assert whole["init_p95_low_ms"] < whole["init_p95_ms"] < whole["init_p95_high_ms"]
    assert whole["init_p99_low_ms"] < whole["init_p99_ms"] < whole["init_p99_high_ms"]
