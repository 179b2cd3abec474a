"""Log lines on a page: asked for, paged, searched; untrusted text; nothing is read by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.pages import PAGES
from dashboard.services.report_source import LogTopic
from ops.errors import AccessDenied, OpsError
from ops.logs import LogPage
from tests.dashboard.app import App
from tests.dashboard.samples import HOSTILE

Visit = Callable[[str], App]


def panel(app: App) -> App:
    """The Dead letters page with its message details, which have the panel."""
    return app.open(PAGES["dead_letters"])


def codes(app: App) -> list[str]:
    return [block.value for block in app.at.code]


def search(app: App, text: str = "") -> None:
    app.at.text_input(key="logs-message-text").set_value(text)
    app.at.button(key="logs-message-search").click().run()
    assert not app.at.exception


def test_nothing_is_searched_until_it_is_asked_for(sample: Visit) -> None:
    app = panel(sample("trouble"))
    assert "bills per GB scanned: at most $0.50 per search" in app.text
    assert not [code for code in codes(app) if code.startswith("line") or "  line 0" in code]


def test_lines_with_their_cost_notes_and_query(sample: Visit) -> None:
    app = panel(sample("trouble"))
    search(app, "boom")
    (lines,) = [code for code in codes(app) if "  line 0 of " in code]
    assert lines.count("\n") == 2
    assert lines.splitlines()[0].endswith("boom")
    assert "3 lines with “boom”, newest first, times in UTC · 2.0 MB scanned" in app.text
    assert "One log group is missing." in app.text
    assert any(code.startswith("fields @timestamp, @message | filter @message like /") for code in codes(app))


def test_older_lines_are_added(sample: Visit) -> None:
    app = panel(sample("trouble"))
    search(app)
    app.at.button(key="logs-message-older").click().run()
    assert not app.at.exception
    (lines,) = [code for code in codes(app) if "  line 0 of " in code]
    assert "  line 5 of " in lines
    assert not [button for button in app.at.button if button.key == "logs-message-older"]


def test_older_lines_are_those_of_the_text_that_was_searched_for(sample: Visit) -> None:
    app = panel(sample("trouble"))
    search(app, "boom")
    app.at.text_input(key="logs-message-text").set_value("another")
    app.at.button(key="logs-message-older").click().run()
    (lines,) = [code for code in codes(app) if "  line 0 of " in code]
    assert [line.split()[-1] for line in lines.splitlines()] == ["boom"] * 6
    assert "6 lines with “boom”" in app.text


def lone_panels() -> None:
    """Run as a script of its own."""
    from dataclasses import replace
    from datetime import UTC, datetime, timedelta
    from types import SimpleNamespace

    import streamlit as st

    from dashboard import page_runtime
    from dashboard.components.logs_and_traces.log_panel import show_log_panel
    from dashboard.services.report_source import LogTopic
    from ops.logs import LogLine, LogPage
    from ops.target import Target

    start = datetime(2026, 11, 23, 12, tzinfo=UTC)

    class Source:
        def log_lines(self, topic: LogTopic, text: str, token: str) -> LogPage:
            unread = text == "denied"
            days = () if unread else range(2) if text == "" else range(1)
            lines = tuple(LogLine(start - timedelta(days=day), "x", "worker", "group", "stream") for day in days)
            if text == "two functions":
                lines += (replace(lines[0], function="mail\u202eer"),)
            if text == "256 KB":
                hostile = "\u202egnp.exe\u2066<script>alert(1)</script>\x1b[2J"
                lines = (replace(lines[0], text=hostile + "x" * 262_144),)
            notes = ("The log lines of worker are missing.",) if unread else ()
            return LogPage(lines, "", "fields", ("group",), start, start, notes=notes)

    def connect(_: Target) -> Source:
        return Source()

    selection = SimpleNamespace(target=Target(stack="lone-panels"), pressed=None)
    st.session_state["_page_context"] = SimpleNamespace(connect=connect, selection=selection)
    assert page_runtime.report_source()
    show_log_panel(LogTopic("redrive", "r1", "q"), "logs-run")
    show_log_panel(LogTopic("redrive", "r2", "q"), "logs-earlier-run")


def lone_search(text: str) -> App:
    app = App.__new__(App)
    app.at = AppTest.from_function(lone_panels, default_timeout=60).run()
    app.at.text_input(key="logs-run-text").set_value(text)
    app.at.button(key="logs-run-search").click().run()
    assert not app.at.exception
    return app


def test_lines_of_several_days_have_their_dates() -> None:
    assert codes(lone_search(""))[0] == "2026-11-23 12:00:00.000  x\n2026-11-22 12:00:00.000  x"
    assert codes(lone_search("one"))[0] == "12:00:00.000  x"


def test_one_line_is_counted_as_one() -> None:
    assert "1 line with “one”, newest first" in lone_search("one").text


def test_lines_that_could_not_be_read_are_not_said_to_be_none() -> None:
    text = lone_search("denied").text
    assert "The log lines of worker are missing." in text
    assert "No line matches" not in text


def test_two_redrives_on_a_page_have_their_own_panels() -> None:
    app = lone_search("one")
    assert app.at.text_input(key="logs-earlier-run-text").value == ""
    assert codes(app)[0] == "12:00:00.000  x" and len(codes(app)) == 2, "the other panel has searched nothing"


def test_hostile_lines_are_text(sample: Visit) -> None:
    app = panel(sample("hostile"))
    search(app)
    assert any(HOSTILE in code for code in codes(app))
    assert HOSTILE not in app.html


def test_a_read_only_dashboard_searches_no_logs(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    assert panel(sample("trouble")).at.button(key="logs-message-search").disabled


def test_an_error_is_a_sentence_and_keeps_what_was_read(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    app = panel(sample("trouble"))
    search(app)

    def denied(*_: object) -> LogPage:
        error: OpsError = AccessDenied("user/oncall may not logs:StartQuery.", "Allow logs:StartQuery.")
        raise error

    monkeypatch.setattr("tests.dashboard.samples.Sample.log_lines", denied)
    app.at.button(key="logs-message-older").click().run()
    assert not app.at.exception
    assert "user/oncall may not logs:StartQuery." in app.text
    assert any("  line 0 of " in code for code in codes(app))


def test_a_topic_is_the_same_only_with_the_same_queue() -> None:
    assert LogTopic("cause", "a", "q1") != LogTopic("cause", "a", "q2")


def test_lines_of_several_functions_name_theirs() -> None:
    lines = codes(lone_search("two functions"))[0].splitlines()
    assert lines == ["12:00:00.000  worker  x", "12:00:00.000  mail\\u202eer  x"]


def test_a_hostile_line_of_256_kb_is_text() -> None:
    app = lone_search("256 KB")
    (lines,) = [code for code in codes(app) if code.startswith("12:00:00")]
    assert lines.startswith("12:00:00.000  \\u202egnp.exe\\u2066<script>alert(1)</script>␛[2J")
    assert "\x1b" not in lines and "<script>" not in app.html
