"""Looking costs money: one question a refresh, however many look, and none when refreshing is off."""

from __future__ import annotations

import pytest
import streamlit as st

from dashboard import live
from dashboard.span import Span
from ops.insight.reports import Look
from ops.target import Target
from tests.dashboard.samples import Sample


@pytest.fixture
def asked() -> Sample:
    st.cache_data.clear()
    st.cache_resource.clear()
    return Sample()


def look(sample: Sample, tick: int, question: str = "queue", span: Span | None = None, pressed: int = 0) -> None:
    live._ask(Target(stack="scilearn"), question, span or Span(), None, tick, pressed, sample)


def test_all_viewers_of_a_page_share_one_call_a_refresh(asked: Sample) -> None:
    for _ in range(5):
        look(asked, tick=1)
    assert asked.calls == ["queue"]
    look(asked, tick=2)
    assert asked.calls == ["queue", "queue"]


def test_another_span_or_a_wish_to_look_now_asks_anew(asked: Sample) -> None:
    look(asked, tick=-1)
    look(asked, tick=-1)
    look(asked, tick=-1, span=Span(minutes=15))
    look(asked, tick=-1, pressed=1)
    assert len(asked.calls) == 3


@pytest.mark.parametrize(
    ("endpoint", "refresh", "said"),
    [
        ("http://127.0.0.1:4566", 10, "24 metrics a look. Free on the local twin; $0.000240 on AWS."),
        (None, 60, "24 metrics a look: $0.000240, $0.0144 an hour while this page is open."),
        (None, None, "24 metrics a look: $0.000240. Refreshing is off."),
    ],
)
def test_what_looking_costs(endpoint: str | None, refresh: int | None, said: str) -> None:
    choice = live.Choice(Target(stack="scilearn", endpoint=endpoint), Span(), refresh)
    assert said in live.cost_of_looking(Look(24, 0.00024), choice)
