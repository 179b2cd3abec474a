"""Charts are pure: a report in, a figure out."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from dateutil.tz import tzutc

from dashboard.charts import cold_starts, concurrency, cost, dead_letters, failures, forecast, queue
from dashboard.charts.drawing import base, time_series
from dashboard.charts.drawing.chart import Chart, Settings
from dashboard.charts.drawing.comparison import EarlierLines
from dashboard.charts.timeline import overview
from dashboard.formatting import duration, millis
from dashboard.markup import sparkline
from dashboard.time_range import TimeRange
from ops.insight.forecast.assumptions import Assumed
from ops.insight.report_types import Threshold
from ops.insight.rules.concurrency.ramp import RampPeriod
from ops.insight.rules.cost.cost_model import Assumptions
from tests.dashboard.samples import HOSTILE, Sample, frame
from tests.dashboard.unusual import Empty

SPAN = TimeRange()
BUSY, IDLE = Sample(), Empty()
BERLIN = ZoneInfo("Europe/Berlin")


def trace(figure: Chart, name: str) -> Settings:
    return next(trace for trace in figure.data if trace.name == name)


def test_times_are_the_viewers_with_utc_on_hover() -> None:
    report = BUSY.queue(SPAN)
    figure = queue.rates(report, BERLIN)
    first = report.rates.index[0]
    assert pd.Timestamp(trace(figure, "arriving").x[0]) == first.tz_convert(BERLIN).tz_localize(None)
    assert trace(figure, "UTC").customdata[0] == f"{first:%Y-%m-%d %H:%M:%S}"


def test_the_readers_zoom_is_kept() -> None:
    assert queue.depth(BUSY.queue(SPAN), UTC).layout.uirevision == queue.depth(IDLE.queue(SPAN), UTC).layout.uirevision


def test_gaps_stay_gaps() -> None:
    rows = frame(10, 60, value=np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]))
    figure = time_series.over_time(
        "What?", rows, [time_series.Series("value", "value", "#000000", fill=True)], "things", UTC
    )
    assert np.isnan(trace(figure, "value").y[2])
    assert trace(figure, "value").connectgaps is False
    assert trace(figure, "value").fill is None, "an area would bridge the gap"


def test_a_near_limit_is_a_dashed_named_line_and_a_far_one_is_named() -> None:
    figure = concurrency.executions(BUSY.concurrency(SPAN), UTC)
    assert [(line.y0, line.line.dash) for line in figure.layout.shapes] == [(10.0, "dash")]
    assert base.lines(figure) == [("ESM MaximumConcurrency 10 executions", "dash")]
    assert base.remark(figure) == "↑ account quota 1,000 executions"
    assert not figure.layout.annotations, "no text where data may cross it"


def test_limits_of_one_chart_are_drawn_apart() -> None:
    shapes = failures.durations(BUSY.failures(SPAN), UTC).layout.shapes
    assert len(shapes) > 1
    assert len({line.line.dash for line in shapes}) == len(shapes)


def test_a_chosen_load_is_named_above_the_chart() -> None:
    found = BUSY.forecast(SPAN, Assumed(backlog=10_000))
    assert found.now is not None
    drained = found.now.forecast.drained_s
    assert drained is not None
    assert base.lines(forecast.depth(found)) == [(f"drained in {duration(drained.mid)}", "dash")]
    report = replace(BUSY.cost(SPAN, Assumptions()), jobs_per_hour=3_012.0)
    names = [name for name, _ in base.lines(cost.break_even(report))]
    assert names[0] == "in this range: 3,012 jobs/h"
    assert names[1].startswith("break-even: ")


def test_dollars_of_a_chart_are_written_as_on_its_page() -> None:
    trend = frame(2, 60, usd_per_1000=np.array([1_234.5, 0.0042]))
    report = replace(BUSY.cost(SPAN, Assumptions()), trend=trend)
    assert list(trace(cost.trend(report, UTC), "cost per 1,000 jobs").customdata) == ["$1,234.50", "$0.0042"]
    assert trace(cost.break_even(report), "always-on").customdata[0] == "$0.082"


def test_values_below_the_pointer_have_the_digits_of_figures() -> None:
    report = BUSY.queue(SPAN)
    assert trace(queue.rates(report, UTC), "arriving").hovertemplate == "%{y:,.3~r} messages/min"
    assert trace(queue.depth(report, UTC), "queued").hovertemplate == "%{y:,.1~f}", 'not "1 messages"'
    oldest = float(report.age["oldest_s"].dropna().iloc[-1])
    assert trace(queue.age(report, UTC), "oldest message").customdata[-1] == duration(oldest)
    failed = BUSY.failures(SPAN)
    latest = float(failed.durations["p50_ms"].dropna().iloc[-1])
    assert trace(failures.durations(failed, UTC), "p50").customdata[-1] == millis(latest)
    rows = frame(2, 60, value=np.array([0.4321, 37.44]))
    small = time_series.over_time("What?", rows, [time_series.Series("value", "value", "#000000")], "MB", UTC)
    assert trace(small, "value").hovertemplate == "%{y:,.2~r} MB"


def test_one_of_a_thing_has_no_plural_below_the_pointer() -> None:
    failed = BUSY.failures(SPAN)
    counts = failed.duration_counts.clip(upper=1).astype(float)
    counts.iloc[0] = np.nan  # not known
    one = replace(failed, duration_counts=counts)
    cells = failures.heat_map(one, UTC).data[0].customdata
    assert any(cell.startswith("1 invocation of ") for cells_of_edge in cells for cell in cells_of_edge)
    cold = BUSY.cold_starts(SPAN)
    bars = [text for bar in cold_starts.distribution(cold).data for text in bar.customdata]
    assert any(text.endswith("ms: 1 cold start") for text in bars)


@pytest.mark.parametrize("limit", [3.0, 10.0])
def test_a_limit_above_small_counts_is_in_the_plot(limit: float) -> None:
    """Its name is above the chart, which would else have no such line."""
    few = frame(4, 60, value=np.array([1.0, 3.0, 2.0, 3.0]))
    series = [time_series.Series("value", "value", "#000000")]
    chart = time_series.over_time("What?", few, series, "jobs", UTC, limits=[Threshold("most", limit)], counts=True)
    assert base.lines(chart) == [(f"most {limit:.0f} jobs", "dash")]
    top = chart.layout.yaxis.range
    assert top is None or top[1] >= limit  # None: Plotly makes room for it
    day = base.figure("What?")
    base.add_limits(day, [Threshold("most", 4.0)], 3.0, "jobs")
    base.whole(day, 3.0)
    assert day.layout.yaxis.range[1] >= 4.0


def test_higher_counts_of_an_earlier_range_are_in_the_plot() -> None:
    few, more = (frame(4, 60, value=np.full(4, most)) for most in (2.0, 5.0))
    earlier = EarlierLines(more, "day before")
    series = [time_series.Series("value", "value", "#000000")]
    chart = time_series.over_time("What?", few, series, "jobs", UTC, counts=True, earlier=earlier)
    assert chart.layout.yaxis.range[1] >= 5.0


def test_the_moment_below_the_pointer_is_written_alike_on_every_page() -> None:
    report = BUSY.overview(SPAN).timeline
    assert report
    timeline = overview.timeline(report, UTC).layout
    formats = {axis["hoverformat"] for name, axis in timeline.items() if name.startswith("xaxis")}
    assert formats == {queue.depth(BUSY.queue(SPAN), UTC).layout.xaxis.hoverformat} == {"%-d %b, %H:%M:%S"}


def test_a_tick_per_minute_has_no_seconds_and_one_per_day_no_hours() -> None:
    """Plotly takes the first format whose range has the distance of the ticks, with both ends."""

    def format_of(apart_ms: float) -> str:
        fitting = (
            stop["value"]
            for stop in base.TIME_TICKS
            if (stop["dtickrange"][0] or 0) <= apart_ms
            and (stop["dtickrange"][1] is None or apart_ms <= stop["dtickrange"][1])
        )
        return str(next(fitting))

    assert [format_of(1000.0 * apart) for apart in (30, 60, 86_400)] == ["%H:%M:%S", "%H:%M\n%-d %b", "%-d %b\n%Y"]


def test_seconds_become_the_unit_that_reads_best() -> None:
    rows = frame(10, 60, oldest_s=np.full(10, 7_200.0))
    report = BUSY.queue(SPAN)
    figure = queue.age(type(report)(**{**vars(report), "age": rows, "age_lines": (Threshold("alarm", 3_600.0),)}), UTC)
    assert base.unit(figure) == "minutes"
    assert trace(figure, "oldest message").y[0] == 120
    assert figure.layout.shapes[0].name == "alarm 60 min"


@pytest.mark.parametrize(
    "figure",
    [
        queue.depth(IDLE.queue(SPAN), UTC),
        concurrency.executions(IDLE.concurrency(SPAN), UTC),
        cold_starts.dots(IDLE.cold_starts(SPAN), UTC),
        cold_starts.distribution(IDLE.cold_starts(SPAN)),
        cold_starts.waterfall(IDLE.cold_starts(SPAN)),
        cost.components(IDLE.cost(SPAN, Assumptions())),
        cost.trend(IDLE.cost(SPAN, Assumptions()), UTC),
        cost.break_even(IDLE.cost(SPAN, Assumptions())),
        dead_letters.depth(IDLE.dead_letters(SPAN), UTC),
    ],
)
def test_an_empty_chart_is_a_line_that_says_why(figure: Chart) -> None:
    assert base.instead(figure).startswith("no ")


def test_components_of_the_cost_are_sorted_and_have_their_share() -> None:
    report = BUSY.cost(SPAN, Assumptions())
    (bars,) = cost.components(report).data
    assert bars.orientation == "h"
    assert list(bars.x) == sorted(bars.x, reverse=True)
    assert sum(bars.x) == pytest.approx(report.total_usd)
    assert bars.y[0] == "Lambda duration"
    assert bars.text[0] == "$0.012 · 38%"


def test_causes_that_cost_next_to_nothing_share_a_bar() -> None:
    report = BUSY.cost(SPAN, Assumptions())

    def bars(*shares: float) -> tuple[list[str], list[str]]:
        rows = [{"cause": "A: same start", "what": "retried", "usd": share * report.total_usd} for share in shares]
        (drawn,) = cost.failures(replace(report, failures=pd.DataFrame(rows))).data
        return [name.replace("\u00a0", "") for name in drawn.y], [text.partition(" · ")[2] for text in drawn.text]

    one = "A: same start<br>retried"
    assert bars(0.3, 0.002, 0.001) == ([one, "2 other causes<br>together"], ["30%", "0.3%"])
    assert bars(0.3, 0.002) == ([one] * 2, ["30%", "0.2%"]), "one alone has its name"
    assert bars(*[0.05] * 10)[0] == [one] * cost.MAX_CAUSES + ["2 other causes<br>together"]
    assert bars(0.002, 0.001, 0.00001, 0.00001)[0] == [one, one, "2 other causes<br>together"], (
        "though failures cost little"
    )


def test_foreign_text_in_labels_is_no_markup() -> None:
    report = replace(BUSY.queue(SPAN), age_lines=(Threshold(HOSTILE, 60.0),))
    limits = [line.name for line in queue.age(report, UTC).layout.shapes]
    assert limits
    far = base.remark(queue.age(replace(report, age_lines=(Threshold(HOSTILE, 1e9),)), UTC))
    assert far
    assert "<script" not in str(limits) + far


def test_a_sparkline_keeps_peaks_and_gaps() -> None:
    values: list[float | None] = [0.0] * 400
    values[123] = 50.0
    assert f",{sparkline.MARGIN:.1f}" in sparkline.svg(values, "#000000"), "the peak reaches the top"
    assert sparkline.svg([1.0, None, 1.0], "#000000").count("<circle") == 2
    assert "stroke-dasharray" in sparkline.svg([], "#000000")
    assert "<circle" not in sparkline.svg([None, 1.0, None], "#000000"), "the figure beside it has the only value"
    assert base64.b64decode(sparkline.data_uri([1, 2], "#000000").partition(",")[2]).startswith(b"<svg")


def test_times_of_several_zones_share_an_axis() -> None:
    """boto3 has a UTC of its own, and an event may start in one and end in the other."""
    start = datetime(2026, 11, 24, 3, tzinfo=tzutc())
    end = datetime(2026, 11, 24, 5, tzinfo=timezone(timedelta(hours=1)))
    assert [str(time)[:16] for time in base.local([start, end], UTC)] == ["2026-11-24T03:00", "2026-11-24T04:00"]


def test_a_chart_of_one_line_has_no_legend() -> None:
    for figure in (queue.age(BUSY.queue(SPAN), UTC), concurrency.batches(BUSY.concurrency(SPAN), UTC)):
        assert not [line.name for line in figure.data if line.showlegend]


def test_whole_numbers_are_drawn_in_steps() -> None:
    assert trace(concurrency.executions(BUSY.concurrency(SPAN), UTC), "actual").line.shape == "hv"


def test_the_ramp_is_drawn_only_where_messages_wait_and_no_limit_is_lower() -> None:
    rows = frame(4, 60, observed=np.array([2.0, 5.0, 7.0, 10.0]), law=np.array([5.0, 5.0, 9.0, 10.0]))
    course = tuple(
        RampPeriod(observed, law, law, "", waiting, 0.0, 0.0, False)
        for observed, law, waiting in zip(rows["observed"], rows["law"], (0.0, 8.0, 8.0, 8.0), strict=True)
    )
    report = replace(BUSY.concurrency(SPAN), concurrency=rows, ramp=course)
    ramp = trace(concurrency.executions(report, UTC), "allowed by scaling").y
    assert [value == value for value in ramp] == [False, True, True, False]
    idle = replace(report, ramp=tuple(replace(period, waiting=0.0) for period in course))
    assert "allowed by scaling" not in [line.name for line in concurrency.executions(idle, UTC).data]


def test_throttles_and_back_off_are_marked_where_they_happened() -> None:
    rows = frame(3, 60, observed=np.array([2.0, 5.0, np.nan]), law=np.array([5.0, 5.0, 9.0]))
    course = (
        RampPeriod(2.0, 5.0, 5.0, "", 0.0, 0.0, 4.0, False),
        RampPeriod(5.0, 5.0, 5.0, "account quota", 8.0, 3.0, 0.0, True),
        RampPeriod(np.nan, 9.0, 9.0, "", 8.0, 0.0, 2.0, True),
    )
    figure = concurrency.executions(replace(BUSY.concurrency(SPAN), concurrency=rows, ramp=course), UTC)
    assert list(trace(figure, "throttled").customdata) == ["3 throttled"]
    backs_off = trace(figure, "ESM backs off")
    assert (list(backs_off.y), list(backs_off.customdata)) == ([0.0], ["2 failed: back-off"])
    enough = tuple(replace(period, law=1_000.0, throttles=0.0) for period in course)
    figure = concurrency.executions(replace(BUSY.concurrency(SPAN), concurrency=rows, ramp=enough), UTC)
    assert "ESM backs off" not in [trace.name for trace in figure.data], "a few failures of thousands held nothing back"


def test_failures_have_an_axis_without_the_dead_letters() -> None:
    """Three failures in a period would not be seen beside three hundred dead letters."""
    report = BUSY.timeline()
    axes = {trace.name: trace.yaxis for trace in overview.timeline(report, UTC).data}
    assert axes["in the DLQ"] != next(axis for name, axis in axes.items() if name.startswith("failed per"))
    calm = overview.timeline(Sample(trouble=False).timeline(), UTC)
    assert "in the DLQ" not in [trace.name for trace in calm.data]
