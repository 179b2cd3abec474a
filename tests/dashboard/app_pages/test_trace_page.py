"""The page Trace: asked for by an ID in the address, in each state that a path can be in."""

from __future__ import annotations

import re
from collections.abc import Callable

from dashboard import theme
from dashboard.pages import PAGES
from tests.dashboard.app import App
from tests.dashboard.samples import HOSTILE

Visit = Callable[[str], App]


def found(visitor: App, identifier: str) -> App:
    """Opened at the job's address, and searched, which is a click on AWS."""
    visitor.open(PAGES["trace"], id=identifier)
    visitor.at.button(key="find-trace").click().run()
    assert not visitor.at.exception
    return visitor


def test_without_an_id_it_says_how_to_choose_a_job(sample: Visit) -> None:
    app = sample("trouble").open(PAGES["trace"])
    assert not app.at.exception
    assert "Updated" not in app.text, "nothing was read"
    assert "No job is chosen." in app.text and "open one from a dead letter" in app.text


def test_an_address_alone_spends_nothing_on_aws(sample: Visit) -> None:
    app = sample("trouble").open(PAGES["trace"], id="job-4")
    assert app.at.text_input(key="id").value == "job-4"
    assert "Not searched yet" in app.text and "at most $0.50" in app.text


def test_a_job_in_one_waterfall_with_its_table(sample: Visit) -> None:
    app = found(sample("trouble"), "job-4")
    assert "Job job-4 succeeded 16 min after it was sent." in app.text
    assert re.search(r"Updated \d\d:\d\d:\d\d UTC", app.text), "when it was searched"
    html = app.html[app.html.index("so-falls") :]
    names = (
        "queue wait",
        "INIT",
        "attempt 1",
        "wait for retry",
        "attempt 2",
        "in the dead-letter queue",
        "redrive",
        "result",
    )
    places = [html.index(f"<b>{name}") for name in names]
    assert places == sorted(places), "in the order in which they happened"
    assert html.count("so-failing") >= 2, (
        "each failed attempt is marked, also where the reason is that of the one before"
    )
    assert "~60 s" in app.text and "~15 min" in app.text, "what is inferred is marked"
    assert "✗ Sandbox.Timedout" in app.text and "✗ DataNotFound" in app.text
    assert "Waits are drawn shorter than they were" in app.text
    table = app.at.dataframe[0].value
    failed = sum(bool(failure) for failure in table["failure"][1:])
    assert html.count("so-failing") == failed > 2, "each is marked, also where the reason is that of the one before"
    assert list(table["basis"][:3]) == ["inferred", "measured", "measured"] and len(table) == 13
    assert "This search cost $0.0040." in app.text


def test_a_job_that_is_still_in_the_dead_letter_queue_is_marked(sample: Visit) -> None:
    """As one that was there: it is what is wrong now."""
    for identifier, shown in (("job-4", "15 min"), ("dead", "still there")):
        tiles = found(sample("trouble"), identifier).html.partition("so-stats")[2].partition("so-falls")[0]
        tile = tiles.rpartition('<div class="so-stat')[2]
        assert "In the DLQ" in tile and shown in tile and theme.DEAD in tile, identifier


def test_drawn_to_scale_on_request(sample: Visit) -> None:
    app = found(sample("trouble"), "job-4")
    before = app.html
    app.at.toggle(key="to-scale").set_value(True).run()
    assert not app.at.exception
    assert app.html != before and "Waits are drawn shorter" not in app.text


def test_an_unknown_id_says_where_it_was_looked_for(sample: Visit) -> None:
    app = found(sample("trouble"), "unknown")
    assert "Nothing with the ID unknown was found." in app.text and "so-falls" not in app.html


def test_the_next_step_for_an_unknown_id_is_one_that_the_page_can_take(sample: Visit) -> None:
    app = found(sample("trouble"), "unknown")
    assert "Choose a longer time range beside the ID" in app.text and "--since" not in app.text
    app.at.selectbox(key="trace-range").set_value("Last 7 days").run()
    assert "Not searched yet" in app.text, "another range costs another search"
    app.at.button(key="find-trace").click().run()
    assert not app.at.exception
    assert "Nothing with the ID unknown was found." in app.text and "longer time range" not in app.text


def test_five_hundred_spans(sample: Visit) -> None:
    app = found(sample("trouble"), "huge")
    assert app.html.count('class="so-of-step"') == 499 and "212 more spans are not shown." in app.text


def test_a_partial_path_and_a_refusal(sample: Visit) -> None:
    app = found(sample("trouble"), "partial")
    assert "The log lines of scilearn-worker are missing." in app.text and "so-open-end" in app.html
    assert "In attempts open" in " ".join(app.text.split()), "what has not ended is not missing"
    app = found(sample("trouble"), "refused")
    assert "may not call logs:StartQuery" in app.text and "so-falls" not in app.html


def test_what_others_wrote_is_text(sample: Visit) -> None:
    app = found(sample("hostile"), "job-4")
    assert HOSTILE not in app.html and "&lt;" in app.html


def test_each_dot_carries_the_request_that_a_click_opens(sample: Visit) -> None:
    app = sample("trouble").open(PAGES["cold_starts"])
    assert "Click a dot for the trace of its invocation." in app.text
    dots = [dot for trace in app.charts[0]["data"] for dot in trace["customdata"]]
    assert dots and all(len(dot) == 2 and dot[1].count("-") == 4 for dot in dots)


def test_the_axis_of_an_attempt_without_an_end_has_its_beginning_only(sample: Visit) -> None:
    html = found(sample("trouble"), "partial").html
    assert re.findall(r"<i style=[^>]*>([^<]*)</i>", html[html.index("so-axis") : html.index("</thead>")]) == ["+0 ms"]
