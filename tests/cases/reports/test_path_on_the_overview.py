"""The overview draws the path that a workload has, with its names, which are untrusted text, escaped."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from ops.insight.reports.overview import PipelineRates
from ops.insight.reports.overview_parts.pipeline import Pipeline, PipelineNode

PAGE = """
import streamlit as st
from dashboard.components import pipeline_view
from dashboard.pages import PAGES
st.navigation([st.Page(entry.file, title=entry.title, url_path=entry.address) for entry in PAGES.values()])
pipeline_view.show(*st.session_state["drawn"])
"""
RATES = PipelineRates(118.0, 121.0, 112.4, 3.1, 0.0, 12.0, 3.0, 0.0)


def draw(rates: PipelineRates, stops: Pipeline) -> AppTest:
    app = AppTest.from_string(PAGE)
    app.session_state["drawn"] = (rates, stops)
    app.run()
    assert not app.exception
    return app


def html_of(rates: PipelineRates, stops: Pipeline) -> str:
    return "\n".join(block.proto.body for block in draw(rates, stops).get("html"))


def test_each_thing_has_its_own_name() -> None:
    stops = Pipeline(
        senders=(PipelineNode("SNS topic", "news"), PipelineNode("S3 bucket", "Uploads.prod")),
        queue=PipelineNode("Queue", "Orders_Queue"),
        readers=(PipelineNode("Function", "worker:live"),),
        results=(PipelineNode("Results bucket", "results-1"),),
        dead=PipelineNode("Dead-letter queue", "orders-dlq"),
    )
    html = html_of(RATES, stops)
    for text in ("<b>news, Uploads.prod</b>", "SNS topic, S3 bucket", "<b>Orders_Queue</b>", "<b>worker:live</b>"):
        assert text in html
    assert "<b>results-1</b>" in html
    assert "<b>orders-dlq</b>" in html
    assert html.count('class="so-node') == 5


def test_nothing_stands_where_nothing_is_known() -> None:
    html = html_of(
        RATES,
        Pipeline(queue=PipelineNode("Queue", "tasks"), dead=PipelineNode("Dead-letter queue", "", "none configured")),
    )
    assert html.count('class="so-node') == 3
    for word in ("API", "Results", "S3"):
        assert word not in html
    assert "none configured" in html
    assert html.count('class="so-flow') == 4, "what flows is shown all the same"


def test_a_part_that_is_not_known_says_why() -> None:
    stops = Pipeline(
        readers=(PipelineNode("Function", "", "unknown"),),
        dead=PipelineNode("Dead-letter queue", "orders-dlq", "may not be read"),
    )
    html = html_of(RATES, stops)
    assert "<em>3.1/min failed</em> · unknown" in html
    assert "<b>orders-dlq</b>" in html
    assert "may not be read" in html


def test_names_are_escaped() -> None:
    html = html_of(RATES, Pipeline(senders=(PipelineNode("API", '"><script>x</script>'),)))
    assert "<script>" not in html
    assert 'title="&quot;&gt;&lt;script&gt;' in html


STOPS = Pipeline(
    senders=(PipelineNode("API", "shop"),),
    queue=PipelineNode("Queue", "orders"),
    readers=(PipelineNode("Function", "worker"),),
    results=(PipelineNode("Results bucket", "results-1"),),
    dead=PipelineNode("Dead-letter queue", "orders-dlq"),
)


def test_arrows_are_as_wide_as_their_rates_and_an_idle_one_is_dashed() -> None:
    html = html_of(replace(RATES, accepted=120.0, started=60.0, finished=0.0, died=0.001), STOPS)
    assert re.findall(r'class="so-flow( so-idle)?" style="--w:([0-9.]+)px"', html) == [
        ("", "9.0"),
        ("", "4.5"),
        (" so-idle", "1.5"),
        ("", "1.5"),
    ]
    assert "the widest is 120/min" in html
    nothing = html_of(PipelineRates(*[None] * 8), STOPS)
    assert nothing.count("so-idle") == 4
    assert "widest" not in nothing


@pytest.mark.parametrize(
    ("failed", "died", "share"),
    [(4.0, 1.0, "about 25% of failures"), (0.0, 0.0, ""), (None, 1.0, ""), (1.0, 2.0, "")],
)
def test_the_dead_letter_queues_share_of_failures(failed: float | None, died: float, share: str) -> None:
    html = html_of(replace(RATES, failed=failed, died=died), STOPS)
    assert (share or "of failures") in html if share else "of failures" not in html


@pytest.mark.parametrize(("failed", "page"), [(0.0, "Concurrency"), (3.1, "Failures")])
def test_every_place_opens_its_page(failed: float, page: str) -> None:
    links = draw(replace(RATES, failed=failed), STOPS).get("page_link")
    assert [link.proto.label.removeprefix("Pipeline: open ") for link in links] == [
        "Queue",
        page,
        "Cost",
        "Dead letters",
    ]
