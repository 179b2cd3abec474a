"""Every page, from the entry point, in every state that a workload can be in."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import dashboard
from dashboard.pages import PAGES, Entry
from tests.dashboard.app import App

Visit = Callable[[str], App]
DASHBOARD = Path(dashboard.__file__).parent
MEASURED = {
    key: entry for key, entry in PAGES.items() if key not in ("audit", "compare", "rightsize", "runbooks", "trace")
}  # of files, and of one job
pages = pytest.mark.parametrize("entry", MEASURED.values(), ids=list(MEASURED))


@pages
def test_a_page_in_trouble(sample: Visit, entry: Entry) -> None:
    app = sample("trouble").open(entry)
    assert not app.at.exception
    assert entry.subtitle in app.text
    numbers = [app.html.index(mark) for mark in ("so-stats", "so-card") if mark in app.html]
    assert app.html.index("so-finding") < min(numbers), "the finding opens the page"
    assert "The last minute is not complete yet." in app.text, "what is missing is said"
    assert "24 metrics per refresh: $0.00024" in app.text, "the cost of a refresh is shown"
    assert all(title[0].isupper() and not title.endswith("?") for title in app.chart_titles)
    for title, chart in zip(app.chart_titles, app.charts, strict=True):
        over_time = chart["layout"]["xaxis"].get("type") == "date"
        assert not chart["layout"]["yaxis"].get("title", {}).get("text"), f"{title}: no text stands on its side"
        assert not (over_time and chart["layout"]["xaxis"].get("title", {}).get("text")), (
            f"{title}: the page names its zone"
        )
        assert not over_time or chart["layout"]["margin"]["l"] == 0, f"{title}: every plot starts below its title"
    assert app.text.count("All times are in UTC") == 1


@pages
def test_a_page_with_nothing_to_show(sample: Visit, entry: Entry) -> None:
    app = sample("empty").open(entry)
    assert not app.at.exception
    assert "so-finding" in app.html
    for title, chart in zip(app.chart_titles, app.charts, strict=True):
        drawn = [trace for trace in chart["data"] if trace["type"] in ("bar", "waterfall", "histogram")]
        said = [note["text"] for note in chart["layout"].get("annotations", [])]
        assert said or drawn, f"{title} is empty and does not say why"


def test_nothing_is_said_of_charts_that_are_not_there(sample: Visit) -> None:
    app = sample("empty")
    cold = app.open(PAGES["cold_starts"]).text
    assert "no invocations in this range" in cold
    assert "Click a dot" not in cold
    cost = app.open(PAGES["cost"]).text
    assert "no attempt failed in this range" in cost
    assert "No money went into failed attempts." not in cost


def test_a_limiting_factor_is_not_ruled_out_without_data(sample: Visit) -> None:
    for state, factor in (("fine", "none"), ("empty", "–")):
        figures = sample(state).open(PAGES["concurrency"]).html.partition("so-stats")[2]
        shown = figures.partition("Limiting factor")[2].partition("so-label")[0]
        assert f">{factor}<" in shown, state


def test_a_version_says_why_it_is_not_compared(sample: Visit) -> None:
    app = sample("trouble").open(PAGES["cold_starts"])
    (versions,) = [table.value for table in app.at.dataframe if "slower" in table.value]
    first, *later = versions["slower"]
    assert pd.isna(first) and set(later) <= {"yes", "no", "too few cold starts"}


def test_a_limit_is_named_once_among_the_figures_of_concurrency(sample: Visit) -> None:
    figures = sample("trouble").open(PAGES["concurrency"]).html.partition("so-stats")[2].partition("so-chart")[0]
    assert figures.count("MaximumConcurrency") == 1
    limiting = figures.partition("Limiting factor")[2].partition("so-label")[0]
    assert "concurrency limit" in limiting and "reached" in limiting


@pytest.mark.parametrize("state", ["fine", "huge"])
def test_other_states(sample: Visit, state: str) -> None:
    app = sample(state).open(PAGES["queue"])
    assert not app.at.exception
    assert len(app.charts) == 4


def test_a_chart_of_zeros_is_a_line_of_text(sample: Visit) -> None:
    app = sample("fine").open(PAGES["concurrency"])
    assert "Throttles" not in app.chart_titles
    assert "0 throttles in this range · alarm scilearn-function-throttles ≥ 1" in app.text
    assert "Throttles" in sample("trouble").open(PAGES["concurrency"]).chart_titles


@pytest.mark.parametrize("key", ["overview", "cost"])
def test_an_error_is_a_sentence_and_the_next_step(sample: Visit, key: str) -> None:
    app = sample("denied").open(PAGES[key])
    assert not app.at.exception
    assert "may not call cloudwatch:GetMetricData" in app.text
    assert "Allow cloudwatch:GetMetricData, or use another profile." in app.text
    assert "Traceback" not in app.text
    assert "so-finding" not in app.html


def test_the_overview_has_six_cards_a_path_and_its_alarms(sample: Visit) -> None:
    app = sample("trouble").open()
    assert app.html.count('class="so-card"') == 6
    for said in ("API", "Queue", "Function", "Results", "Dead letters", "37/min", "runbooks/dead-letters.md"):
        assert said in app.text
    alarms = app.html[app.html.rindex("so-alarm") - 2_000 :]
    assert alarms.index("scilearn-dead-letters") < alarms.index("3 alarms OK"), "firing ones come first"
    assert "scilearn-function-errors" not in app.text, "of those in OK, their number is enough"
    assert "All alarms" in [link.proto.label for link in app.at.get("page_link")]


def test_the_overview_counts_what_is_wrong_with_settings_as_the_alarms_page_does(sample: Visit) -> None:
    app = sample("trouble").open()
    assert not app.at.exception
    assert "1 critical finding, 1 warning" in app.text
    assert "ops doctor --queue scilearn-jobs" in [block.value for block in app.at.code]
    assert "1 critical, 1 warning" in sample("trouble").open(PAGES["alarms"]).text
    assert "critical finding" not in sample("fine").open().text.replace("No critical findings or warnings", "")


def test_the_headline_is_one_sentence_and_the_rest_stands_beside_it(sample: Visit) -> None:
    html = sample("trouble").open().html
    assert "54 dead letters, 33 of one cause (Sandbox.Timedout).<em><i>last deployed 02:10</i> </em>" in html


def test_the_overview_leads_to_the_page_that_matters(sample: Visit) -> None:
    labels = [link.proto.label for link in sample("trouble").open().at.get("page_link")]
    assert labels[0] == "Open Dead letters"


def test_an_unused_workload_says_why_its_charts_are_empty(sample: Visit) -> None:
    app = sample("empty").open(PAGES["queue"])
    assert not app.charts
    assert app.text.count("no data in this range") == 4


def test_assumptions_change_the_figures(sample: Visit) -> None:
    app = sample("fine").open(PAGES["cost"])
    before = app.text
    app.at.selectbox(key="api").set_value("none").run()
    assert not app.at.exception
    assert app.text != before


def test_young_metrics_make_no_month_and_a_moment_is_named(sample: Visit) -> None:
    assert "not enough data yet" in sample("empty").open(PAGES["cost"]).text
    assert "not enough data yet" not in sample("fine").open(PAGES["cost"]).text
    assert "Concurrency 5 peak (" in " ".join(sample("fine").open(PAGES["concurrency"]).text.split())


def test_a_forecast_with_its_interval(sample: Visit) -> None:
    app = sample("trouble").open(PAGES["forecast"])
    assert not app.at.exception
    assert app.chart_titles[:2] == ["Messages waiting", "Age of oldest message"]
    assert "10th to 90th percentile" in [trace.get("name") for trace in app.charts[0]["data"]]
    before = app.text
    assert "choose a shorter range to go by that" in before, "without the command line's option"
    app.at.number_input(key="fc-faster").set_value(2.0).run()
    assert not app.at.exception
    assert app.text != before


def test_a_forecast_that_is_never_drained_says_what_would_drain_it(sample: Visit) -> None:
    app = sample("trouble").open(PAGES["forecast"])
    app.at.selectbox(key="fc-arrivals").set_value("typed").run()
    app.at.number_input(key="fc-rate").set_value(50_000.0).run()
    assert not app.at.exception
    text = " ".join(app.text.split())
    assert "Never drained: 50,000/min arriving" in text
    assert "Drained in never" in text
    assert "executions would, in" in text


def test_the_address_has_what_a_forecast_assumes(sample: Visit) -> None:
    app = sample("trouble").open(PAGES["forecast"], **{"fc-backlog": "90000", "fc-arrivals": "Typed", "fc-rate": "9"})
    assert not app.at.exception
    assert "90,000 messages drained in" in app.text
    assert "Arrivals forecast 9 /min" in " ".join(app.text.split())


def test_settings_that_cannot_be_are_an_error_beside_the_controls(sample: Visit) -> None:
    app = sample("trouble").open(PAGES["forecast"])
    app.at.number_input(key="fc-batch").set_value(100).run()
    assert not app.at.exception
    assert "A batch of more than 10 messages needs a batching window" in app.text
    app.at.number_input(key="fc-window").set_value(5).run()
    assert "batch size 100, batching window 5 s" in str(app.at.dataframe[0].value)


def test_the_address_chooses_the_time_range(sample: Visit) -> None:
    app = sample("fine").open(PAGES["overview"], range="6h")
    assert app.at.button_group[0].value == "6h"


@pytest.mark.parametrize("unknown", ["2h", "1H", "<script>alert(1)</script>"])
def test_a_range_in_the_address_that_is_not_offered_is_said(sample: Visit, unknown: str) -> None:
    app = sample("fine").open(PAGES["overview"], range=unknown)
    assert not app.at.exception
    said = "is not one of 15m, 1h, 6h, 1d, 7d or custom: 1h is shown."
    assert f"The address has the time range {unknown}, which {said}" in " ".join(app.text.split())
    assert "<script>alert" not in app.html
    app.at.button(key="look-now").click().run()
    assert said in app.text, "it stays until a range is selected"
    app.at.button_group[0].set_value("6h").run()
    assert said not in app.text
    assert app.at.button_group[0].value == "6h"


def test_a_custom_range_that_makes_no_sense_is_said(sample: Visit) -> None:
    query = {"range": "custom", "from": "2026-11-23T12:00", "to": "2026-11-23T11:00"}
    app = sample("fine").open(PAGES["overview"], **query)
    assert not app.at.exception
    assert "Start must be before end." in app.text


def test_a_custom_range_is_not_refreshed(sample: Visit) -> None:
    query = {"range": "custom", "from": "2026-11-20T11:00", "to": "2026-11-20T12:00"}
    app = sample("fine").open(PAGES["overview"], **query)
    assert app.at.toggle(key="live").disabled
    assert "Automatic refresh is off" in app.text


ZOOMED = {"range": "custom", "from": "2026-11-20T11:00", "to": "2026-11-20T12:00"}


@pytest.mark.parametrize(
    "entry", [entry for entry in MEASURED.values() if entry.key != "forecast"], ids=lambda one: one.key
)
def test_all_time_charts_of_a_page_have_the_axis_of_a_custom_range(sample: Visit, entry: Entry) -> None:
    axes = [chart["layout"]["xaxis"] for chart in sample("trouble").open(entry, **ZOOMED).charts]
    over_time = [axis for axis in axes if axis.get("type") == "date"]
    assert all(axis["range"] == ["2026-11-20T11:00:00", "2026-11-20T12:00:00"] for axis in over_time)
    assert over_time


@pytest.mark.parametrize("before", ["6h", "2026-11-20T09:00/2026-11-20T15:00"])
def test_a_zoom_is_reset_to_the_range_before_it(sample: Visit, before: str) -> None:
    app = sample("trouble").open(PAGES["queue"], **ZOOMED, zoomed_from=before)
    assert app.at.query_params["zoomed_from"] == before
    app.at.button(key="zoom-reset").click().run()
    assert not app.at.exception
    name, _, end = before.partition("/")
    assert app.at.button_group[0].value == ("custom" if end else name)
    assert app.at.query_params.get("from") == (name if end else None)
    assert app.at.query_params.get("to") == (end or None)
    assert "zoomed_from" not in app.at.query_params
    assert not [button for button in app.at.button if button.key == "zoom-reset"]


@pytest.mark.parametrize("before", ["", "2h", "custom", "<script>", "2026-11-20T15:00/2026-11-20T09:00"])
def test_there_is_nothing_to_reset_where_nothing_was_zoomed(sample: Visit, before: str) -> None:
    app = sample("trouble").open(PAGES["queue"], **ZOOMED, zoomed_from=before)
    assert not app.at.exception
    assert not [button for button in app.at.button if button.key == "zoom-reset"]
    assert "zoomed_from" not in app.at.query_params


def test_another_range_ends_the_zoom(sample: Visit) -> None:
    app = sample("trouble").open(PAGES["queue"], **ZOOMED, zoomed_from="6h")
    app.at.button_group[0].set_value("1d").run()
    app.at.button_group[0].set_value("custom").run()
    assert "zoomed_from" not in app.at.query_params


def test_every_command_wraps_instead_of_scrolling_in_its_box() -> None:
    calls = [
        (path.name, call.lineno, {word.arg for word in call.keywords})
        for path in DASHBOARD.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "st.code"
    ]
    assert len(calls) > 10
    assert not [(name, line) for name, line, words in calls if "wrap_lines" not in words]
