"""The overview draws the path that a workload has, with its names, which are untrusted text, escaped."""

from __future__ import annotations

from dashboard.components import overview_view
from ops.insight.reports.overview import PipelineRates
from ops.insight.reports.pipeline import Pipeline, PipelineNode

RATES = PipelineRates(118.0, 121.0, 112.4, 3.1, 0.0, 12.0, 3.0, 0.0)


def test_each_thing_has_its_own_name() -> None:
    stops = Pipeline(
        senders=(PipelineNode("SNS topic", "news"), PipelineNode("S3 bucket", "Uploads.prod")),
        queue=PipelineNode("Queue", "Orders_Queue"),
        readers=(PipelineNode("Function", "worker:live"),),
        results=(PipelineNode("Results bucket", "results-1"),),
        dead=PipelineNode("Dead-letter queue", "orders-dlq"),
    )
    html = overview_view.path(RATES, stops)
    for text in ("<b>news, Uploads.prod</b>", "SNS topic, S3 bucket", "<b>Orders_Queue</b>", "<b>worker:live</b>"):
        assert text in html
    assert "<b>results-1</b>" in html
    assert "<b>orders-dlq</b>" in html
    assert html.count('class="so-node') == 5


def test_nothing_stands_where_nothing_is_known() -> None:
    html = overview_view.path(
        RATES,
        Pipeline(queue=PipelineNode("Queue", "tasks"), dead=PipelineNode("Dead-letter queue", "", "none configured")),
    )
    assert html.count('class="so-node') == 3
    for word in ("API", "Results", "S3"):
        assert word not in html
    assert "none configured" in html
    assert html.count('class="so-flow') == 3, "what flows is shown all the same"


def test_a_part_that_is_not_known_says_why() -> None:
    stops = Pipeline(
        readers=(PipelineNode("Function", "", "unknown"),),
        dead=PipelineNode("Dead-letter queue", "orders-dlq", "may not be read"),
    )
    html = overview_view.path(RATES, stops)
    assert "in flight · 3.1/min failed · unknown" in html
    assert "<b>orders-dlq</b>" in html
    assert "may not be read" in html


def test_names_are_escaped() -> None:
    html = overview_view.path(RATES, Pipeline(senders=(PipelineNode("API", '"><script>x</script>'),)))
    assert "<script>" not in html
    assert 'title="&quot;&gt;&lt;script&gt;' in html
