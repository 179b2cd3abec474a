"""Who fills the queue, on the Queue page: read on request, with its sample stated."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboard.pages import PAGES
from tests.dashboard.app import App
from tests.dashboard.samples import HOSTILE

Visit = Callable[[str], App]


def read(app: App, by: str = "") -> App:
    app.open(PAGES["queue"])
    if by:
        app.at.selectbox(key="tenants-by").set_value(by).run()
    app.at.button(key="read-tenants").click().run()
    assert not app.at.exception
    return app


def test_nothing_is_read_before_it_is_asked_for(sample: Visit) -> None:
    app = sample("trouble").open(PAGES["queue"])
    assert not app.at.exception
    assert "which costs at most $0.50. No message is received." in app.text
    assert "Message group north" not in app.text


def test_the_group_that_fills_the_queue(sample: Visit) -> None:
    app = read(sample("trouble"))
    assert "Message group north had 90% of the 1,000 messages that waited at 13:28 UTC." in app.text
    assert "Sample: every line about a batch received from 13:00 UTC to 14:00 UTC" in app.text
    assert "3 others, 12 messages, are not listed." in app.text
    table = app.at.dataframe[-1].value
    assert list(table["key"]) == ["north", "south", "east", "west"] and list(table["peak"]) == [900, 42, 36, 22]


def test_another_grouping_is_read_again(sample: Visit) -> None:
    app = read(sample("trouble"))
    app.at.selectbox(key="tenants-by").set_value("tenant").run()
    assert "Message group north" not in app.text
    app.at.button(key="read-tenants").click().run()
    assert "No tenant is logged." in app.text


def test_a_refusal_is_a_sentence(sample: Visit) -> None:
    assert "may not call logs:StartQuery" in read(sample("trouble"), "sender").text


def test_a_read_only_dashboard_reads_nothing(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    assert sample("trouble").open(PAGES["queue"]).at.button(key="read-tenants").disabled


def test_names_are_text(sample: Visit) -> None:
    assert HOSTILE not in read(sample("hostile")).html
