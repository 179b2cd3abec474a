"""Causes, messages and filters on the page; untrusted text stays text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.app_pages.dead_letters.message_table import SELECTED_ROWS_KEY
from dashboard.pages import PAGES
from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot
from tests.dashboard import samples
from tests.dashboard.app import App
from tests.factories import a_dead_letter
from tests.fakes.dead_letter_service import SampleDeadLetterService

Visit = Callable[[str], App]
PAGE = PAGES["dead_letters"]


def select_cause(app: App, place: int = 0) -> App:
    """Click on a cause, counted from the top."""
    buttons = [button for button in app.at.button if (button.key or "").startswith("choose-")]
    buttons[place].click().run()
    return app


def test_a_selected_cause_is_in_the_address(sample: Visit) -> None:
    app = select_cause(sample("trouble").open(PAGE))
    assert app.at.query_params["cause"]
    assert "33 messages" in app.text
    assert "212 train jobs succeeded since" in app.text
    assert len(app.at.dataframe[0].value) == 33
    app.at.button(key="clear-scope").click().run()
    assert "cause" not in app.at.query_params
    assert "54 messages" in app.text


def test_causes_are_shown_by_page_and_searched(sample: Visit) -> None:
    app = sample("many-causes").open(PAGE)
    assert app.html.count('class="so-cause"') == 8
    assert "Causes 1–8 of 30 causes with 465 messages" in app.text
    app.at.session_state["causes-page-1"] = 4
    app.at.run()
    assert not app.at.exception
    assert app.html.count('class="so-cause"') == 6
    app.at.text_input(key="causes-find").set_value("00000001D").run()
    assert not app.at.exception
    assert app.html.count('class="so-cause"') == 1, "by its ID, on whatever page it is"
    app.at.text_input(key="causes-find").set_value("no such cause").run()
    assert "No causes match" in app.text


def test_a_cause_in_the_address_is_on_the_page_that_is_shown(sample: Visit) -> None:
    app = sample("many-causes").open(PAGE, cause="000000001d")
    assert not app.at.exception
    assert "choose-000000001d" in {button.key for button in app.at.button}


def test_a_row_plans_a_redrive_and_opens_the_logs_of_its_cause(sample: Visit) -> None:
    app = sample("trouble").open(PAGE)
    keys = [button.key or "" for button in app.at.button]
    fingerprint = next(key for key in keys if key.startswith("redrive-")).removeprefix("redrive-")
    app.at.button(key=f"redrive-{fingerprint}").click().run()
    assert app.at.query_params["cause"] == fingerprint
    assert "33 messages to redrive. Creating a plan sends nothing." in app.text
    app.at.button(key=f"logs-{fingerprint}").click().run()
    assert not app.at.exception
    assert app.at.text_input(key="logs-cause-text")


def test_messages_without_a_cause_can_be_selected(sample: Visit) -> None:
    app = sample("trouble").open(PAGE, cause="unknown")
    assert not app.at.exception
    assert len(app.at.dataframe[0].value) == 1


def test_messages_are_filtered(sample: Visit) -> None:
    app = sample("trouble").open(PAGE)
    app.at.text_input(key="where").set_value("body.params.alpha > `3`").run()
    matching = len(app.at.dataframe[0].value)
    assert 0 < matching < 54
    app.at.text_input(key="where").set_value("body.params[").run()
    assert not app.at.exception
    assert "JMESPath" in app.text
    assert "Next step" in app.text
    app.at.text_input(key="where").set_value("")
    app.at.text_input(key="find").set_value("nowhere to be found").run()
    assert "No messages match" in app.text


def test_a_hostile_message_is_text_everywhere(sample: Visit) -> None:
    app = select_cause(sample("hostile").open(PAGE), 1)
    assert not app.at.exception
    assert samples.HOSTILE in app.text  # escaped once, so a reader sees exactly what was sent
    assert "<script>document" not in app.html
    assert "<img src=x" not in app.html
    for kind in ("markdown", "caption", "title", "header", "subheader", "button", "expander", "tab"):
        assert all("example.com" not in f"{element.proto}" for element in app.at.get(kind)), kind
    for chart in app.charts:
        assert "<script" not in json.dumps(chart), "Plotly reads HTML in labels"


def test_a_hostile_run_is_text_too(sample: Visit) -> None:
    app = sample("hostile-run").open(PAGE)
    assert not app.at.exception
    assert "Stopped in stage 1" in app.text
    assert "<script>document" not in app.html


def test_a_body_is_a_code_element_without_language(sample: Visit) -> None:
    app = select_cause(sample("trouble").open(PAGE))
    app.at.toggle(key="formatted").set_value(False).run()
    body = next(code for code in app.at.code if code.value.startswith('{"schema"'))
    assert body.language in (None, "", "plaintext")
    assert json.loads(body.value)["kind"] == "train"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('{"a":1.10,"b":[1e5,0.12345678901234567890]}', '{\n  "a": 1.10,\n  "b": [1e5, 0.12345678901234567890]\n}'),
        ('{"a":1,"a":2}', '{\n  "a": 1,\n  "a": 2\n}'),
    ],
    ids=["digits", "the same key twice"],
)
def test_a_formatted_body_is_the_body_that_was_sent(body: str, shown: str) -> None:
    def page(body: str) -> None:
        from dashboard.app_pages.dead_letters import message_detail

        message_detail._show_body("m", body)

    at = AppTest.from_function(page, args=(body,)).run()
    assert not at.exception
    assert [code.value for code in at.code] == [shown]


def test_the_history_of_a_message_is_loaded_on_request(sample: Visit) -> None:
    app = select_cause(sample("trouble").open(PAGE))
    assert "attempt 2" not in app.text
    app.at.button(key="ask-timeline").click().run()
    assert not app.at.exception
    assert "attempt 2" in app.text
    assert "moved to scilearn-jobs-dead after 3 receives" in app.text


def test_a_dead_letter_queue_without_permission_is_not_a_missing_one(sample: Visit) -> None:
    app = sample("dlq-denied").open(PAGE)
    assert not app.at.exception
    assert "scilearn-jobs-dead may not be read" in app.text
    assert "user/oncall is not authorized to perform sqs:GetQueueAttributes. Ask for an IAM policy" in app.text
    assert "No dead-letter queue" not in app.text
    assert "redrive policy" not in app.text


def test_the_permission_that_alarms_need_is_named(sample: Visit) -> None:
    app = sample("partly-denied").open(PAGE)
    assert not app.at.exception
    assert "Alarm states unknown" in app.text
    assert "cloudwatch:DescribeAlarms" in app.text


def test_without_a_dead_letter_queue_the_page_shows_what_to_do(sample: Visit) -> None:
    app = sample("no-dlq").open(PAGE)
    assert not app.at.exception
    assert "No dead-letter queue" in app.text
    assert "redrive policy" in app.text
    assert not [button for button in app.at.button if button.key == "look"]


def lone_table() -> None:
    """Run as a script of its own."""
    from types import SimpleNamespace

    import streamlit as st

    from dashboard.app_pages.dead_letters import message_table
    from dashboard.pages import PAGES
    from ops.deadletters.plan_model import Selection
    from ops.target import Target
    from tests.dashboard import samples

    selection = SimpleNamespace(target=Target(stack="lone-table"), pressed=None)
    context = SimpleNamespace(selection=selection, connect=lambda _: samples.Sample())
    st.session_state["_page_context"] = context

    def table() -> None:
        message_table.show_messages(st.session_state["service"], Selection(), 3)

    trace = PAGES["trace"]  # which a message links to
    st.navigation([st.Page(table, url_path="table"), st.Page(trace.file, url_path=trace.address)]).run()


def test_checked_rows_do_not_come_to_mean_other_messages() -> None:
    """Streamlit keeps the rows' numbers; a newer message moves all others down by one."""
    service = SampleDeadLetterService(3)
    at = AppTest.from_function(lone_table, default_timeout=60)
    at.session_state["service"] = service
    at.run()
    (table,) = re.findall(r"table-letters-[0-9a-f]+", at.dataframe[0].proto.id)
    at.session_state[table] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    at.run()
    assert not at.exception
    _, (checked,) = at.session_state[SELECTED_ROWS_KEY]
    newer = a_dead_letter(message_id="newer", sent=datetime.now(UTC) + timedelta(days=1))
    with Snapshot.open(service._source) as snapshot:
        assert snapshot.find(Selection(), descending=True)[0].message.message_id == checked
        snapshot.add([newer], Place.QUEUE)
    at.run()
    assert not at.exception
    _, now_checked = at.session_state[SELECTED_ROWS_KEY]
    assert now_checked in ((), (checked,))


def test_a_message_links_to_its_trace_if_it_was_sampled(sample: Visit) -> None:
    app = sample("trouble").open(PAGE)
    shown = re.search(r"Message ID\s+([0-9a-f]{8})-", app.text)
    assert shown
    number = int(shown[1], 16)
    trace = f"1-6b0ba243-{number:024x}"
    assert (f"#xray:traces/{trace}" in app.html) is bool(number % 3)
    assert ("X-Ray trace" in app.text) is bool(number % 3)
    (link,) = [element.proto for element in app.at.get("page_link") if element.proto.label == "Trace this message"]
    assert link.query_string.startswith(f"id={shown[1]}-")
