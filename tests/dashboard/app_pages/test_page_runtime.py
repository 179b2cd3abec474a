"""A refresh costs money: one call per refresh for any number of viewers, and none when refreshing is off."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st

from dashboard import page_runtime
from dashboard.markup import refresh_cost
from dashboard.page_runtime import loading
from dashboard.pages import PAGES
from dashboard.time_range import TimeRange
from ops.errors import TwinError
from ops.insight.report_types import QueryCost
from ops.target import Target
from ops.twin import state_file
from ops.twin_state import TwinState
from tests.dashboard.app import App
from tests.dashboard.samples import Sample


@pytest.fixture
def asked() -> Sample:
    st.cache_data.clear()
    st.cache_resource.clear()
    return Sample()


def look(sample: Sample, tick: int, question: str = "queue", span: TimeRange | None = None, visit: str = "") -> None:
    loading._load_report(Target(stack="scilearn"), question, span or TimeRange(), None, tick, visit, sample)


def test_all_viewers_of_a_page_share_one_call_a_refresh(asked: Sample) -> None:
    for _ in range(5):
        look(asked, tick=1)
    assert asked.calls == ["queue"]
    look(asked, tick=2)
    assert asked.calls == ["queue", "queue"]


def test_another_span_or_a_refresh_asks_again(asked: Sample) -> None:
    look(asked, tick=-1)
    look(asked, tick=-1)
    look(asked, tick=-1, span=TimeRange(minutes=15))
    look(asked, tick=-1, visit="another")
    assert len(asked.calls) == 3


def test_a_press_of_refresh_describes_the_workload_again(asked: Sample) -> None:
    """Someone may have disabled its event source mapping meanwhile."""
    described: list[Target] = []

    def connect(target: Target) -> Sample:
        described.append(target)
        return asked

    now = time.time()
    for pressed, times in ((None, 1), (now, 1), (now + 2 * loading.DESCRIBED_LATELY_S, 2)):
        choice = page_runtime.PageSelection(Target(stack="scilearn"), TimeRange(), 10, "mine", pressed)
        page_runtime.set_page_context(page_runtime.PageContext(connect, choice, None, "queue"))
        page_runtime.report_source()
        assert len(described) == times


@pytest.mark.parametrize(
    ("choice", "now", "key"),
    [
        (page_runtime.PageSelection(Target(), TimeRange(), 10, "mine"), 100.0, (10, "")),
        (page_runtime.PageSelection(Target(), TimeRange(), 10, "mine", 101.0), 105.0, (10, "mine")),
        (page_runtime.PageSelection(Target(), TimeRange(), 10, "mine", 101.0), 110.0, (11, "")),
        (page_runtime.PageSelection(Target(), TimeRange(), None, "mine"), 100.0, (-1, "mine")),
        (page_runtime.PageSelection(Target(), TimeRange(), None, "mine", 5.0), 100.0, (-1, "mine")),
    ],
)
def test_a_page_that_does_not_refresh_and_a_press_of_refresh_ask_for_themselves(
    choice: page_runtime.PageSelection, now: float, key: tuple[int, str]
) -> None:
    assert loading._tick(choice, now) == key


def test_an_open_page_notices_that_the_twins_host_died(
    asked: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its APIs still answer then, and would say that nothing is waiting."""
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path))
    here = "http://127.0.0.1:9"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as host:
        pids = {"emulator": os.getpid(), "host": host.pid}
        state_file.write(TwinState(here, here, "us-east-1", "0" * 12, "a", "b", "scilearn", 10, "now", pids))
        choice = page_runtime.PageSelection(Target(stack="scilearn", endpoint=here), TimeRange(), None)
        page_runtime.set_page_context(page_runtime.PageContext(lambda _: asked, choice, None, "queue"))
        page_runtime.load_report("queue")
    with pytest.raises(TwinError, match=r"its host .* is gone"):
        page_runtime.load_report("queue")
    assert asked.calls == ["queue"]


@pytest.mark.parametrize(
    ("endpoint", "refresh", "said"),
    [
        ("http://127.0.0.1:4566", 10, "24 metrics per refresh. Free on the twin; $0.00024 on AWS."),
        (None, 60, "24 metrics per refresh: $0.00024, $0.014 per hour while this page is open."),
        (None, None, "24 metrics per refresh: $0.00024. Automatic refresh is off."),
    ],
)
def test_the_cost_of_a_refresh(endpoint: str | None, refresh: int | None, said: str) -> None:
    assert said in refresh_cost.text(QueryCost(24, 0.00024), endpoint is not None, refresh)


@pytest.mark.parametrize("key", ["audit", "rightsize", "compare"])
def test_a_page_of_what_is_recorded_keeps_its_layout_while_it_is_read(
    sample: Callable[[str], App], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    drawn: list[int] = []
    monkeypatch.setattr(st, "skeleton", lambda *, height: drawn.append(height))
    app = sample("trouble").open(PAGES[key])
    assert len(drawn) >= 3
    app.at.run()
    assert not app.at.exception
    assert len(drawn) <= 5, "once: a click does not cover what is there"
