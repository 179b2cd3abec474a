"""Alarms and events on the charts: one band at one time, lanes, and how many are drawn."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, timedelta

from dashboard.charts.drawing import base
from dashboard.charts.timeline import event_lanes, overview
from ops.insight import time_window as windows
from ops.insight.report_types import QueryCost
from ops.insight.reports.overview_parts.timeline import OverviewTimeline
from ops.insight.sources.event_model import ALARM, DEPLOY, REDRIVE, Event
from ops.insight.sources.metrics import Readings
from tests.dashboard.samples import Sample

BUSY = Sample()


def test_more_events_than_a_browser_draws_are_counted() -> None:
    report = replace(BUSY.timeline(), events=())
    start, end = report.readings.window.start, report.readings.window.end
    long = Event(ALARM, "long", start, end, ongoing=True)
    many = tuple(
        Event(REDRIVE, f"r{n}", start + timedelta(seconds=n / 2), start + timedelta(seconds=n / 2))
        for n in range(5_000)
    )
    figure = overview.timeline(replace(report, events=(long, *many)), UTC)
    drawn = [trace for trace in figure.data if trace.yaxis in (None, "y")]
    assert len(drawn) == event_lanes.MAX_EVENTS and len(figure.layout.shapes) < 7 * event_lanes.MAX_EVENTS
    assert any("long" in trace.hovertemplate for trace in drawn)
    assert f"{5_001 - event_lanes.MAX_EVENTS:,} earlier events are not drawn" in base.remark(figure)


def test_alarms_at_one_time_are_one_band() -> None:
    """Several bands over one another would hide the lines below them."""
    report = BUSY.timeline()
    start = report.readings.window.start
    minutes = [start + timedelta(minutes=n) for n in range(10)]
    events = tuple(
        Event(ALARM, f"a{n}", minutes[first], minutes[last])
        for n, (first, last) in enumerate([(0, 3), (1, 2), (3, 5), (7, 8)])
    )
    figure = overview.timeline(replace(report, events=events), UTC)
    bands = {(str(shape.x0)[11:16], str(shape.x1)[11:16]) for shape in figure.layout.shapes if shape.type == "rect"}
    assert bands == {(f"{minutes[a]:%H:%M}", f"{minutes[b]:%H:%M}") for a, b in ((0, 5), (7, 8))}
    assert len([trace for trace in figure.data if trace.name == "In alarm"]) == 4


def test_events_have_their_lanes_where_there_is_no_data() -> None:
    report = BUSY.timeline()
    window = report.readings.window
    event = Event(DEPLOY, "worker", window.start, window.start)
    figure = overview.timeline(OverviewTimeline(Readings({}, (), window, QueryCost()), (event,)), UTC)
    assert figure.layout.yaxis.showticklabels and list(figure.layout.yaxis.range) == [-0.5, 0.5]
    assert figure.layout.yaxis2.showticklabels is False


def test_of_an_event_that_reaches_beyond_the_range_no_start_or_end_is_claimed() -> None:
    report = BUSY.timeline()
    window = report.readings.window
    event = Event(ALARM, "a", window.start, window.end, ongoing=True)
    (drawn,) = [t for t in overview.timeline(replace(report, events=(event,)), UTC).data if t.name == "In alarm"]
    span = f"since {window.start:%Y-%m-%d %H:%M:%S} UTC or earlier, to the end of this range"
    assert drawn.hovertemplate == f"a<br>{span}<extra></extra>"


def test_few_counted_things_have_whole_ticks_and_a_value_between_gaps_is_seen() -> None:
    window = BUSY.timeline().readings.window
    gaps = [math.nan] * len(windows.periods(window))
    columns = {"visible": [0.0, 1.0, *gaps[2:]], "errors": [*gaps[:50], 2.0, *gaps[51:]], "sent": gaps, "deleted": gaps}
    report = OverviewTimeline(Readings(columns, (), window, QueryCost()), ())
    figure = overview.timeline(report, UTC)
    depth, failed = figure.layout["yaxis3"], figure.layout["yaxis4"]
    assert (depth.dtick, failed.dtick) == (1, 1) and failed.range[1] > 2
    assert figure.layout["yaxis2"].dtick is None, "a rate may be half a message per minute"
    zeros = replace(report, readings=replace(report.readings, columns={**columns, "sent": [0.0] * len(gaps)}))
    assert overview.timeline(zeros, UTC).layout["yaxis2"].dtick == 1, "an axis of zeros has no halves"
    marked = [trace for trace in figure.data if trace.mode == "markers" and trace.yaxis == "y4"]
    assert [[y for y in trace.y if y == y] for trace in marked] == [[2.0]]
