"""Metrics as one frame: gaps, unfinished periods, what "now" means, what looking costs."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from ops.aws.cloudwatch import MetricQuery
from ops.insight.sources import metrics
from ops.insight.sources.metrics import Readings
from tests.ops.insight.world import MINUTES, WINDOW, Points, Stage, world

SENT = MetricQuery("sent", "AWS/SQS", "Sent", "Sum")
RAN = MetricQuery("ran", "AWS/Lambda", "Ran", "Sum")
DEPTH = MetricQuery("depth", "AWS/SQS", "Depth", "Maximum")


def read(stage: Stage, **points: Points) -> Readings:
    with world(stage, points) as (aws, fake):
        readings = metrics.read(aws, [SENT, RAN, DEPTH], WINDOW)
    assert fake.count("GetMetricData") == 1
    return readings


def test_gaps_are_gaps_and_an_unfinished_sum_is_not_known(stage: Stage) -> None:
    found = read(stage, Sent=6, Depth=3, Ran=[None] * 4 + [12.0])
    assert list(found.frame.columns) == ["sent", "ran", "depth"]
    assert len(found.frame) == MINUTES
    assert isinstance(found.frame.index, pd.DatetimeIndex)
    assert str(found.frame.index.tz) == "UTC"
    assert math.isnan(found.frame["sent"].iloc[-1]), "a minute that is not over has not counted all"
    assert found.frame["depth"].iloc[-1] == 3, "a gauge has"
    assert found.frame["ran"].isna().sum() == MINUTES - 1
    assert len(found.finished) == MINUTES - 1


def test_a_sum_over_the_window_has_the_unfinished_period_in_it(stage: Stage) -> None:
    found = read(stage, Sent=6, Ran=[None] * (MINUTES - 1) + [12.0])
    assert found.total("sent") == 6 * MINUTES, "as log lines of the window would count them"
    assert (found.total("ran"), found.has("ran")) == (12.0, False)
    assert found.total("depth") is None


def test_rates_are_of_the_last_minutes_and_gaps_are_zeros_there(stage: Stage) -> None:
    found = read(stage, Sent=[600.0] * 4 + [6.0] * 6, Ran=[None] * 8 + [10.0])
    assert found.per_minute("sent") == 6.0
    assert found.per_minute("ran") == 2.0, "10 in five minutes, in four of which nothing ran"
    assert found.per_minute("depth") is None
    assert found.total("ran") == 10.0
    assert found.total("depth") is None


def test_what_is_not_published_yet_is_not_zero(stage: Stage) -> None:
    found = read(stage, Sent=[6.0] * 6)
    assert found.per_minute("sent") == 6.0


def test_before_the_first_point_there_was_nothing_to_count(stage: Stage) -> None:
    assert read(stage, Sent=[None] * 7 + [30.0, 30.0]).per_minute("sent") == 30.0


def test_a_gauge_that_fell_silent(stage: Stage) -> None:
    found = read(stage, Sent=0, Depth=[4.0] * 3)
    assert found.latest("depth") is None
    assert found.latest("depth", quiet=0.0) == 0.0
    nothing = read(stage)
    assert nothing.latest("depth", quiet=0.0) is None, "where nothing speaks, silence means nothing"
    assert nothing.per_minute("sent") is None
    assert not nothing.recent


def test_looking_is_priced_by_the_metric(stage: Stage) -> None:
    look = read(stage, Sent=1).look
    assert look.metrics_requested == 3
    assert look.usd == pytest.approx(3 * 0.01 / 1000)


def test_nothing_to_ask_asks_nothing(stage: Stage) -> None:
    with world(stage) as (aws, fake):
        assert len(metrics.read(aws, [], WINDOW).frame) == MINUTES
    assert fake.calls == []
