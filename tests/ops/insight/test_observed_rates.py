"""How much of the change in arrivals is chance, by the metrics of a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from ops.insight.forecast import observed_rates
from ops.insight.report_types import QueryCost, Window
from ops.insight.sources.metrics import Readings

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = Window(START, START + timedelta(days=1), 300)
PERIODS = 288
RANDOM = np.random.default_rng(7)


def arrival_chance(sent: Any) -> float:
    columns = {
        "sent": sent,
        "received": sent,
        "deleted": sent,
        "invocations": sent,
        "duration_ms": [100.0 * one for one in sent],
        "visible": [0.0] * PERIODS,
    }
    return observed_rates.observe(Readings(columns, tuple(columns), DAY, QueryCost()), 0.0).arrival_chance


def test_independent_messages() -> None:
    assert arrival_chance(RANDOM.poisson(10_000, PERIODS)) == pytest.approx(1, abs=0.25)


def test_neither_the_shape_of_a_day_nor_its_one_burst_is_chance() -> None:
    rates = 10_000 + 6_000 * np.sin(np.linspace(0, 2 * np.pi, PERIODS))
    sent = RANDOM.poisson(rates)
    sent[200:202] = 150_000
    assert 1 <= arrival_chance(sent) < 3, "a band of thousands would be drawn around an empty queue"


def test_bursts_that_come_often_are_chance() -> None:
    sent = RANDOM.poisson(1_000, PERIODS)
    sent[::5] += 4_000
    assert arrival_chance(sent) > 1_000
