"""What needs no log lines is on the page before a sample of them is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dashboard.page_outline import READING
from dashboard.pages import PAGES
from dashboard.time_range import TimeRange
from ops.errors import OpsError, Unreachable
from ops.insight.rules.cost.cost_model import Assumptions
from tests.dashboard.app import App
from tests.dashboard.samples import Sample

Visit = Callable[[str], App]


def report_of(page: str) -> Any:
    return getattr(Sample(), page)(TimeRange(), *([Assumptions()] if page == "cost" else []))


def opened(sample: Visit, monkeypatch: pytest.MonkeyPatch, page: str, trouble: OpsError | None = None) -> list[str]:
    """The calls of a visit whose report has an outline; the page's text last."""
    made = report_of(page)
    calls = []

    def outline(_: Sample, name: str, span: TimeRange, *assumptions: Assumptions) -> object:
        calls.append(f"outline {name}")
        return replace(made, is_outline=True)

    def report(_: Sample, span: TimeRange, *assumptions: Assumptions) -> object:
        calls.append(page)
        if trouble is not None:
            raise trouble
        return made

    monkeypatch.setattr("tests.dashboard.samples.Sample.outline", outline)
    monkeypatch.setattr(f"tests.dashboard.samples.Sample.{page}", report)
    app = sample("trouble").open(PAGES[page])
    assert not app.at.exception
    return [*calls, app.text]


@pytest.mark.parametrize("page", ["cold_starts", "failures", "cost"])
def test_the_outline_is_drawn_once_and_replaced(sample: Visit, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    *calls, text = opened(sample, monkeypatch, page)
    assert calls == [f"outline {page}", page]
    assert READING not in text


def test_an_error_takes_the_place_of_the_outline(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    *calls, text = opened(sample, monkeypatch, "failures", Unreachable("AWS does not answer.", "Check the network."))
    assert calls[0] == "outline failures"
    assert calls.count("outline failures") == 1
    assert "AWS does not answer." in text
    assert READING not in text


@pytest.mark.parametrize("page", ["cold_starts", "failures", "cost"])
def test_an_outline_says_what_is_being_read(sample: Visit, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    made = replace(report_of(page), is_outline=True)

    def report(*_: object) -> object:
        return made

    monkeypatch.setattr(f"tests.dashboard.samples.Sample.{page}", report)
    app = sample("trouble").open(PAGES[page])
    assert not app.at.exception
    assert READING in app.text
