"""Seven days with twenty minutes of data: every time chart is drawn from its start, and says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from dashboard.pages import PAGES
from tests.dashboard.app import App

Visit = Callable[[str], App]


@pytest.mark.parametrize("key", ["overview", "queue", "concurrency", "cold_starts", "failures", "cost", "dead_letters"])
def test_each_time_chart_starts_with_its_data_and_says_so(sample: Visit, key: str) -> None:
    app = sample("young").open(PAGES[key], range="7d")
    assert not app.at.exception
    heads = re.findall(r'<div class="so-chart">(.*?)</div>', app.html, re.DOTALL)
    assert len(heads) == len(app.charts)
    timed = [
        (unescape(re.sub(r"<[^>]+>", " ", head)), chart)
        for head, chart in zip(heads, app.charts, strict=True)
        if chart["layout"]["xaxis"].get("type") == "date"
    ]
    assert timed
    for head, chart in timed:
        assert "data since " in head and " UTC" in head, head
        axes = [axis for name, axis in chart["layout"].items() if name.startswith("xaxis") and "range" in axis]
        assert axes, f"{head} is drawn from the start of its data"
