"""The pages of a long list, as alarms and causes have them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from streamlit.elements.lib import policies
from streamlit.testing.v1 import AppTest

from dashboard.pages import PAGES
from tests.dashboard.app import App

Visit = Callable[[str], App]


def listed() -> None:
    import streamlit as st

    from dashboard.components import paged_list

    rows = st.number_input("rows", value=50)
    first = st.number_input("first", value=0)
    st.write(f"page {paged_list.current_page('some', int(rows), 10, int(first))}")
    paged_list.show_pages("some", int(rows), 10)


@contextmanager
def warnings_of_streamlit(patch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Streamlit's loggers do not hand on what they log."""
    said: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    patch.setattr(policies, "_shown_default_value_warning", False)
    logger, keep = logging.getLogger(policies.__name__), Keep()
    logger.addHandler(keep)
    try:
        yield said
    finally:
        logger.removeHandler(keep)


def pages_of(app: AppTest) -> list[str]:
    return [element.value for element in app.markdown]


def test_a_list_opens_at_the_page_of_its_first_row_and_stays_there() -> None:
    app = AppTest.from_function(listed).run()
    assert pages_of(app) == ["page 0"]
    app.number_input[1].set_value(35)
    app.run()
    assert pages_of(app) == ["page 0"], "another row is selected, and the list does not jump"
    app.session_state["some-1"] = 4
    app.run()
    assert pages_of(app) == ["page 3"]


def test_a_list_that_became_shorter_shows_its_first_page() -> None:
    app = AppTest.from_function(listed).run()
    app.session_state["some-1"] = 5
    app.run()
    app.number_input[0].set_value(12)
    app.run()
    assert pages_of(app) == ["page 0"]
    app.number_input[0].set_value(3)
    app.run()
    assert not app.exception
    assert pages_of(app) == ["page 0"]
    app.number_input[0].set_value(50)
    app.run()
    assert pages_of(app) == ["page 0"]


@pytest.mark.parametrize(("name", "key"), [("many-alarms", "alarms"), ("many-causes", "dead_letters")])
def test_no_value_is_set_beside_a_default(sample: Visit, monkeypatch: pytest.MonkeyPatch, name: str, key: str) -> None:
    with warnings_of_streamlit(monkeypatch) as said:
        app = sample(name).open(PAGES[key])
    assert not app.at.exception
    assert not said
    assert len(app.at.get("pagination")) or "of 204" in app.text or "of 30 causes" in app.text
