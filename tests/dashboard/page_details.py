"""Numbers of a page below its tiles: what its tables, charts and their sentences count, and where each is shown."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from typing import Any

import numpy as np
import pandas as pd
from streamlit import dataframe_util

from ops import formatting
from tests.dashboard.app import App
from tests.dashboard.number_places import COUNT
from tests.dashboard.page_text import plain_text

Details = Iterator[tuple[str, str, str | None]]
"""What is counted, where it stands, and as it is written."""


def read_details(page: str, app: App) -> Details:
    """Nothing of a page that has none."""
    read = _READERS.get(page)
    if read:
        yield from read(app)


def _overview(app: App) -> Details:
    yield "failed invocations", "overview timeline", _sum(app, "timeline", "failed")


def _concurrency(app: App) -> Details:
    yield "throttles", "concurrency chart", _sum(app, "throttles", "throttled invocations")


def _failures(app: App) -> Details:
    yield "failed jobs", "failures chart", _sum(app, "failed-jobs", "failed, returned")
    yield "rejected jobs", "failures chart", _sum(app, "failed-jobs", "rejected")


def _cold_starts(app: App) -> Details:
    for table in app.at.dataframe:
        rows = written_cells(table).to_dict("records")
        for row in rows if "reason" in table.value else ():
            name = f"cold starts by {row['reason']}"
            for what, column in (("", "cold"), (" p50", "waited_p50_ms"), (" p95", "waited_p95_ms"), (" cost", "usd")):
                yield f"{name}{what}", "cold_starts table", row[column]
        for row in rows if "slower" in table.value else ():
            name = f"cold starts of version {row['version']}"
            for what in ("invocations", "share", "init_p50", "init_p95", "init_p99"):
                yield f"{name} {what}", "cold_starts table", row[what]


def _cost(app: App) -> Details:
    for chart in _charts(app, "parts"):
        for bar in chart["data"]:
            for name, text in zip(bar["y"], bar["text"], strict=True):
                yield f"cost of {name}", "cost chart", unescape(text)
    for number, how in (
        ("total cost", r"Of (\$[\d.,]*\d) in this range"),
        ("cost of failures", r"Failed attempts took (\$[\d.,]*\d)"),
        ("failed share of the cost", r"Failed attempts took \S+ \(([<>\d.]+%) of the cost"),
        ("break-even", rf"instance is cheaper from {COUNT} jobs per hour"),
        ("break-even", rf"break-even: {COUNT} jobs/h"),
        ("jobs per hour", rf"this range had {COUNT}[:.]"),
        ("jobs per hour", rf"in this range: {COUNT} jobs/h"),
        ("cost per 1,000", r"1,000 successful jobs cost (\$[\d.,]*\d)[,;] (?:as|the same|\S+ (?:more|less))"),
        ("cost per 1,000", r">mean (\$[\d.,]*\d)<"),
    ):
        if found := re.search(how, app.html):
            yield number, f"cost: {how[:20]}", found[1].rstrip(",.")


def _dead_letters(app: App) -> Details:
    causes = re.findall(
        r'<div class="so-count">.*?<b>(.*?)</b><span>(.*?)</span></div>\s*<div class="so-died"><b>(.*?)</b>',
        app.html,
        re.S,
    )
    for number, (count, share, name) in enumerate(causes):
        yield f"cause {number}", "dead_letters", f"{plain_text(name)}: {plain_text(count)}, {plain_text(share)}"
    if causes:
        found = re.search(r"Failure causes <small>(.*?)</small>", app.html)
        yield "causes", "dead_letters", found[1] if found else None


_READERS: Mapping[str, Callable[[App], Details]] = {
    "overview": _overview,
    "concurrency": _concurrency,
    "failures": _failures,
    "cold_starts": _cold_starts,
    "cost": _cost,
    "dead_letters": _dead_letters,
}


def written_cells(table: Any) -> pd.DataFrame:
    """A table as its reader sees its cells: as they are sent where the page writes them, numbers as the browser does."""
    cells: pd.DataFrame = table.value.copy()
    sent = table.proto.arrow_data.styler.display_values
    if sent:
        shown = dataframe_util.convert_arrow_bytes_to_pandas_df(sent)
        return pd.DataFrame(shown.astype(str).to_numpy(), cells.index, cells.columns)
    for name in cells:
        cells[name] = [_as_count(cell) for cell in cells[name]]
    return cells


def _as_count(cell: Any) -> Any:
    if not isinstance(cell, int | float):
        return cell
    return None if np.isnan(cell) else formatting.count(cell)


def _charts(app: App, key: str) -> list[dict[str, Any]]:
    """The charts with this key: none where a line of text is in its place."""
    found = zip(app.at.get("plotly_chart"), app.charts, strict=True)
    return [chart for element, chart in found if element.proto.id.endswith(f"chart-{key}")]


def _sum(app: App, key: str, name: str) -> str | None:
    """Of what a chart's traces with this name draw, as a count."""
    traces = [trace for chart in _charts(app, key) for trace in chart["data"] if trace.get("name", "").startswith(name)]
    drawn = [np.nansum(_values(trace["y"])) for trace in traces if trace.get("legendgroup") is None]
    return formatting.count(float(sum(drawn))) if drawn else None


def _values(sent: Any) -> np.ndarray[Any, Any]:
    """As Plotly sends them: a list, or packed bytes."""
    if isinstance(sent, Mapping):
        return np.frombuffer(base64.b64decode(sent["bdata"]), dtype=sent["dtype"])
    return np.array([np.nan if value is None else value for value in sent], dtype=float)
