"""A preview shows what the chart will: the same values at the same places, and names as text."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from dashboard.charts.drawing import base
from dashboard.charts.drawing.chart import Chart
from dashboard.markup.chart_preview import chart_preview
from dashboard.markup.chart_preview.axis import axis

GREEN, RED = "#008000", "#ff0000"


def drawing(preview: str) -> str:
    found = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', preview)
    assert found
    return base64.b64decode(found[1]).decode()


def path(preview: str, colour: str) -> str:
    """Of the line or area of this colour."""
    found = re.search(rf'<path d="([^"]+)" (?:stroke="{colour}"|style="fill: {colour}")', drawing(preview))
    assert found, colour
    return found[1]


def ticks(preview: str, tag: str) -> list[tuple[str, str]]:
    """Place and text of each: ``b`` on the horizontal axis, ``i`` on the vertical one."""
    return re.findall(rf'<{tag} style="\w+:([\d.]+)%">([^<]*)<', preview)


def a_chart(x: Any = (0, 1, 2, 3), y: Any = (0, 10, 5, 0), **trace: Any) -> Chart:
    chart = base.figure("Depth", "messages")
    chart.update_yaxes(range=[0, 10])
    look = {"mode": "lines", "line": {"color": GREEN}}
    chart.add_scatter(x=list(x), y=list(y), name="queued", **{**look, **trace})
    return chart


def test_a_line_goes_from_edge_to_edge_and_values_count_from_below() -> None:
    assert path(chart_preview(a_chart()), GREEN) == "M0.0 1000.0L333.3 0.0L666.7 500.0L1000.0 1000.0"


def test_steps_and_their_area() -> None:
    preview = chart_preview(a_chart(line={"color": GREEN, "shape": "hv"}, fill="tozeroy", fillcolor=RED))
    assert path(preview, GREEN) == "M0.0 1000.0H333.3V0.0H666.7V500.0H1000.0V1000.0"
    assert path(preview, RED) == path(preview, GREEN) + "V1000.0H0.0Z"


def test_gaps_stay_gaps_and_a_lone_point_is_a_dot() -> None:
    preview = chart_preview(a_chart(range(6), (1, 2, None, 4, np.nan, 6), mode="lines+markers"))
    assert path(preview, GREEN).count("M") == 1, "one line of two points"
    assert drawing(preview).count("h0") == 4, "every known value"


def test_stacked_bars_are_on_each_other() -> None:
    chart = base.figure("Errors", "errors")
    chart.update_layout(barmode="stack", bargap=0)
    chart.update_yaxes(range=[0, 10])
    chart.update_xaxes(range=[0, 2])
    for colour, heights in ((GREEN, [4]), (RED, [6])):
        chart.add_bar(x=[1], y=heights, marker={"color": colour}, name=colour)
    preview = chart_preview(chart)
    assert re.match(r"M[\d.]+ 1000.0V600.0h", path(preview, GREEN))
    assert re.match(r"M[\d.]+ 600.0V0.0h", path(preview, RED))


def test_a_limit_is_inside_the_axis() -> None:
    chart = base.figure("Age", "min")
    chart.add_scatter(x=[0, 1], y=[1, 2], name="oldest", line={"color": GREEN})
    chart.add_hline(y=4, line={"color": RED, "dash": "dash"})
    at, same = re.findall(r"[ L][\d.]+ ([\d.]+)", " " + path(chart_preview(chart), RED).replace("M", " "))
    assert at == same
    assert 0 < float(at) < 100, "just below the top"


def test_ticks_of_values_and_of_times() -> None:
    midnight = datetime(2026, 11, 30)
    times = [midnight + timedelta(minutes=30 * place) for place in range(-4, 5)]
    chart = a_chart(times, range(9))
    base.over_time_axis(chart)
    preview = chart_preview(chart)
    assert [text for _, text in ticks(preview, "i")] == ["0", "2", "4", "6", "8", "10"]
    assert [(place, text) for place, text in ticks(preview, "b") if text.startswith("00:00")] == [
        ("50.00", "00:00\n30 Nov")
    ]
    assert ticks(preview, "b")[0] == ("0.00", "22:00\n29 Nov")


@pytest.mark.parametrize(
    ("most", "labels"),
    [
        (0.1, ["$0.00", "$0.02", "$0.04", "$0.06", "$0.08", "$0.10"]),
        (3_000, ["$0", "$500", "$1,000", "$1,500", "$2,000", "$2,500", "$3,000"]),
        (1_000_000, ["$0", "$200k", "$400k", "$600k", "$800k", "$1M"]),
    ],
)
def test_ticks_are_written_as_the_chart_writes_them(most: float, labels: list[str]) -> None:
    found = axis({"range": [0, most], "tickformatstops": base.value_ticks("$")}, [])
    assert found
    assert [text for _, text in found.ticks()] == labels


def test_a_logarithmic_axis_has_the_chart_s_own_ticks() -> None:
    chart = a_chart(y=(0.1, 1, 10, 100))
    chart.update_yaxes(type="log", rangemode="normal", tickvals=[0.1, 10, 1_000], ticktext=["0.1", "10", "1000"])
    chart.update_yaxes(range=None)
    preview = chart_preview(chart)
    assert path(preview, GREEN) == "M0.0 1000.0L333.3 666.7L666.7 333.3L1000.0 0.0"
    assert ticks(preview, "i") == [("100.00", "0.1"), ("33.33", "10")], "one beyond the axis is not drawn"


def test_names_are_text() -> None:
    chart = a_chart()
    chart.data[0]["name"] = "&lt;script&gt;alert(1)&lt;/script&gt;<b>"
    chart.add_scatter(x=[0], y=[1], name="other")
    preview = chart_preview(chart)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;b&gt;" in preview
    assert "<script" not in preview
    assert "<b>" not in preview


def test_lying_bars_have_their_names_and_texts() -> None:
    chart = base.figure("Cost", "USD")
    chart.add_bar(
        x=[4, 1], y=["Lambda", "SQS"], text=["$4 · 80%", "$1 · 20%"], orientation="h", marker={"color": GREEN}
    )
    chart.update_xaxes(range=[0, 5])
    preview = chart_preview(chart)
    assert re.findall(
        r"<span>(.*?)</span><u><s style=\"margin-left:0.00%;width:([\d.]+)%;background:#008000\"></s>(.*?)</u>", preview
    ) == [
        ("Lambda", "80.00", "$4 · 80%"),
        ("SQS", "20.00", "$1 · 20%"),
    ]


def test_bars_of_a_waterfall_begin_where_they_do_and_have_their_own_colors() -> None:
    chart = base.figure("Phases", "ms")
    chart.add_bar(
        x=[60, 40],
        base=[0, 60],
        y=["INIT", "handler"],
        text=["60 ms", "40 ms"],
        orientation="h",
        marker={"color": [GREEN, RED]},
    )
    chart.update_xaxes(range=[0, 100])
    assert re.findall(r"<s style=\"(.*?)\">", chart_preview(chart)) == [
        f"margin-left:0.00%;width:60.00%;background:{GREEN}",
        f"margin-left:60.00%;width:40.00%;background:{RED}",
    ]


def test_no_preview_of_what_it_cannot_show() -> None:
    heat_map = base.figure("Durations")
    heat_map.add_heatmap(z=[[1, 2]])
    several = a_chart()
    several.update_layout(xaxis2={})
    nothing = a_chart([], [])
    nothing.update_yaxes(range=None)
    for chart in (base.figure("Nothing"), heat_map, several, nothing):
        assert chart_preview(chart) == ""
