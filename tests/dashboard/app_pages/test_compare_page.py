"""The Compare page: measured, not measured, damaged, and with other assumptions."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.pages import PAGES
from tests.dashboard.app import App

Visit = Callable[[str], App]
ENTRY = PAGES["compare"]


def test_a_measured_run(sample: Visit) -> None:
    app = sample("trouble").open(ENTRY)
    assert not app.at.exception
    assert app.chart_titles == [
        "Caller wait and time to result",
        "Synchronous: jobs over time",
        "Event-driven: jobs over time",
        "Worker: jobs over time",
        "Cost by requests per day",
    ]
    sentences = [
        "At the median, a synchronous caller waited",
        "Synchronous container: at most 2 of 2 jobs at once",
        "The host of each was killed after 25 s.",
        "A month without a request costs $119.14 for 2 instances",
    ]
    places = [app.text.index(sentence) for sentence in sentences]
    assert places == sorted(places)
    courses = app.charts[1:4]
    assert len({str(chart["layout"]["xaxis"]["range"]) for chart in courses}) == 1, "equal lengths are equal times"
    never_answered = max(app.charts[0]["data"][0]["y"])
    assert never_answered < 100, "callers that got no answer are not counted as answered"


def test_without_a_kill_it_says_so(sample: Visit) -> None:
    app = sample("fine").open(ENTRY)
    assert app.text.lower().count("no host was killed") == 2, "in the finding, and where callers' failures would be"
    assert "host killed" not in app.html
    assert "No call failed, and no job was lost." in app.text
    assert not app.at.dataframe


def test_nothing_measured_shows_the_command_and_no_number(sample: Visit) -> None:
    app = sample("empty").open(ENTRY)
    assert not app.at.exception
    assert "No comparison yet" in app.text
    assert "ops compare --kill" in app.text
    assert app.charts == []
    assert app.text.count("a price or a time per job is missing") == 1
    assert not [field for field in app.at.number_input if field.key == "cmp-per-day"], (
        "there is no chart to mark a load on"
    )
    assert "The container's time per job is not measured: give it under Assumptions." in app.text


def test_typed_numbers_are_compared_without_a_run(sample: Visit) -> None:
    app = sample("empty").open(ENTRY, **{"cmp-s": "0.1", "cmp-event-s": "0.1"})
    assert app.chart_titles == ["Cost by requests per day"]


def test_the_first_change_of_an_assumption_is_in_the_costs(sample: Visit) -> None:
    app = sample("trouble").open(ENTRY)
    assert "A month without a request costs $119.14 for 2 instances" in app.text
    app.at.number_input(key="cmp-usd").set_value(0.05).run()
    assert not app.at.exception
    assert "A month without a request costs $73.00 for 2 instances" in app.text


def test_assumptions_change_the_break_even_and_a_load_is_marked(sample: Visit) -> None:
    given = {"cmp-usd": "0.05", "cmp-at-once": "16", "cmp-per-day": "50000"}
    app = sample("trouble").open(ENTRY, **given)
    assert "break-even: " in app.html
    assert "At 50,000 requests per day: $73.00 per month for 2 instances" in app.text


def test_a_peak_and_log_bytes_can_be_typed(sample: Visit) -> None:
    app = sample("trouble").open(ENTRY, **{"cmp-peak": "2", "cmp-logs": "0"})
    assert "a peak of 2 times the mean" in app.text
    assert "Logs $0.00" in app.text


def test_an_unknown_instance_has_no_price_until_it_is_typed(sample: Visit) -> None:
    app = sample("trouble").open(ENTRY, **{"cmp-instance": "other"})
    assert "No price on file for other" in app.text
    assert "Cost by requests per day" not in app.chart_titles


def test_an_error_is_a_sentence(sample: Visit) -> None:
    app = sample("denied").open(ENTRY)
    assert not app.at.exception
    assert "Next step" in app.text


def test_an_empty_field_shows_the_number_that_it_stands_for(sample: Visit) -> None:
    at = sample("trouble").open(ENTRY).at
    assert [at.number_input(key=key).placeholder for key in ("cmp-usd", "cmp-at-once")] == ["0.0816", "2"]
