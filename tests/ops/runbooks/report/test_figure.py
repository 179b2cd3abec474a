"""The picture of a report: labels that can be read, however close the events are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from ops.runbooks.report.model import (
    EntryKind,
    IncidentMetric,
    IncidentMetrics,
    IncidentPeriod,
    IncidentReport,
    TimelineEntry,
)
from ops.runbooks.run_state import RunbookRun

pytest.importorskip("plotly")

START = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
WIDTH = 1200
CHARACTER_PX = 6
"""Of a label's characters, on average."""


def report(*entries: tuple[float, EntryKind]) -> IncidentReport:
    """``entries``: minutes after the start of an hour, and what happened."""
    timeline = tuple(TimelineEntry(START + timedelta(minutes=at), kind, "it") for at, kind in entries)
    series = IncidentMetric("Messages visible", "messages", (1.0,) * 60)
    metrics = IncidentMetrics(START, START + timedelta(hours=1), 60, (series,))
    period = IncidentPeriod(START, START + timedelta(hours=1), ("a",))
    return IncidentReport(RunbookRun("r", workload="orders"), "Title", "here", START, period, timeline, metrics)


def labels(drawn: IncidentReport) -> list[tuple[str, float, float, float]]:
    """Text, left, right and row of each, the first chart's title among them."""
    from ops.runbooks.report.figure import LEFT, RIGHT, metrics_figure

    assert drawn.metrics is not None
    figure: Any = metrics_figure(drawn, drawn.metrics, WIDTH, 300)
    plot = WIDTH - LEFT - RIGHT
    return [
        (each.text, each.x * plot, each.x * plot + len(each.text) * CHARACTER_PX, each.yshift or 4)
        for each in figure.layout.annotations
    ]


def test_events_of_one_moment_have_labels_that_do_not_overlap() -> None:
    found = labels(report((30, EntryKind.REDRIVE), (30, EntryKind.PURGE), (30.2, EntryKind.RUN)))
    assert [text for text, *_ in found[1:]] == ["redrive", "purge", "run"]
    assert len({row for *_, row in found[1:]}) == 3


@pytest.mark.parametrize("first", [0.0, 59.9])
def test_no_label_covers_another_or_leaves_the_picture(first: float) -> None:
    kinds = (EntryKind.DEPLOY, EntryKind.CONFIG, EntryKind.REDRIVE, EntryKind.PURGE, EntryKind.RUN)
    many = [(first, kind) for kind in kinds] + [(2.0 * at, kinds[at % len(kinds)]) for at in range(30)]
    found = labels(report(*sorted(many)))
    for one, other in combinations(found, 2):
        assert one[3] != other[3] or one[2] <= other[1] or other[2] <= one[1], (one, other)
    assert all(right <= WIDTH for _, _, right, _ in found)
    assert len(found) > len(kinds)
