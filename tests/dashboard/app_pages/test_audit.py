"""The Audit page: recorded operations, the check of the log, and an export that is safe to open."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dashboard.app_pages.audit import view
from dashboard.pages import PAGES
from ops.deadletters.archive import audit_log, audit_summary
from ops.deadletters.archive.audit_log import Record, Verification
from ops.insight.report_types import Level
from tests.dashboard import samples
from tests.dashboard.app import App
from tests.fakes.audit_services import ENTRIES

Visit = Callable[[str], App]
PAGE = PAGES["audit"]
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)


def record(outcome: str = "done", days: float = 1, **counts: int) -> Record:
    at = NOW - timedelta(days=days)
    return Record(at, "arn:…:sam", "1", "eu-west-1", "redrive", "dead", "fixed", counts=counts, outcome=outcome)


def test_the_page_tells_who_did_what_and_why(sample: Visit) -> None:
    app = sample("trouble").open(PAGE)
    assert not app.at.exception
    assert PAGE.subtitle in app.text
    assert (
        "3 operations ended in the last 7 days, by 1 user; latest: redrive of scilearn-jobs-dead, stopped" in app.text
    )
    table = app.at.dataframe[0].value
    assert table["reason"].iloc[0] == "deployed version 8"
    assert table["messages"].iloc[-1] == "412 planned, 412 sent, 412 succeeded, 412 deleted"
    assert "no gaps or edits found" in app.text
    assert "a rewrite of the whole file cannot be detected" in app.text


def test_records_are_searched(sample: Visit) -> None:
    app = sample("trouble").open(PAGE)
    app.at.text_input(key="audit-find").set_value("ops-118").run()
    assert len(app.at.dataframe[0].value) == 1, "one row per operation, however many records it has"
    app.at.text_input(key="audit-find").set_value("nobody").run()
    assert "No operations match" in app.text


def test_a_hostile_reason_is_text(sample: Visit) -> None:
    app = sample("hostile").open(PAGE)
    assert not app.at.exception
    assert any(samples.HOSTILE in reason for reason in app.at.dataframe[0].value["reason"])
    assert "<script>document" not in app.html


def test_without_a_dead_letter_queue_it_says_so(sample: Visit) -> None:
    app = sample("denied").open(PAGE)
    assert not app.at.exception
    assert "Next step" in app.text


def test_the_finding_is_computed() -> None:
    whole = Verification(3, ())
    finding = audit_summary.summarize_audit((), whole, NOW).finding
    assert finding.level is Level.NO_DATA
    assert audit_summary.summarize_audit([record(days=30)], whole, NOW).finding.text.startswith("OK: nothing was moved")
    good = audit_summary.summarize_audit([record(sent=10), record("began")], whole, NOW).finding
    assert good.level is Level.OK
    assert good.text == (
        "OK: 1 operation ended in the last 7 days, by 1 user; latest: redrive of dead, done; no gaps or edits were "
        "found in the audit log."
    )
    bad = audit_summary.summarize_audit([record("stopped", sent=5, came_back=4)], whole, NOW).finding
    assert (bad.level, bad.page) == (Level.WARNING, "dead_letters")
    assert "4 of 5 failed again" in bad.text
    other = replace(record("began", days=0.5), plan="p2")
    killed = audit_summary.summarize_audit([other, record(sent=10)], whole, NOW).finding
    assert (killed.level, killed.page) == (Level.WARNING, "dead_letters")
    assert killed.text.endswith(
        "; the redrive of dead that started 16:00 UTC has no recorded end: it is still in progress, or was killed."
    )
    assert audit_summary.summarize_audit([other], whole, NOW).finding.text.startswith(
        "Warning: the redrive of dead that started"
    )
    resumed = replace(other, action="resume", outcome="done", at=NOW)
    assert audit_summary.summarize_audit([resumed, other], whole, NOW).finding.level is Level.OK
    asked = replace(other, action="cancel", outcome="asked", at=NOW)
    going = audit_summary.summarize_audit([asked, other], whole, NOW).finding
    assert going.text.startswith("Warning: the redrive of dead that started"), (
        "a cancel that was asked for ends nothing"
    )
    cancelled = audit_summary.summarize_audit(
        [replace(other, outcome="cancelled", at=NOW), asked, other], whole, NOW
    ).finding
    assert (
        cancelled.text
        == "Warning: 1 operation ended in the last 7 days, by 1 user; latest: redrive of dead, cancelled."
    )
    broken = audit_summary.summarize_audit([record()], Verification(3, ("Line 2 does not follow.",)), NOW).finding
    assert broken.level is Level.CRITICAL
    assert "Line 2 does not follow." in broken.text


def test_a_run_is_named_by_its_runbook() -> None:
    began = replace(record("began", days=0.5), action="runbook", note="function-errors")
    done = replace(record(days=0.6), action="runbook", note="backlog: Every step is done.", plan="p2")
    finding = audit_summary.summarize_audit([began, done], Verification(3, ()), NOW).finding
    assert "latest: runbook backlog, done; the runbook function-errors that started 16:00 UTC" in finding.text


def test_a_redrive_that_is_known_to_run_is_no_warning() -> None:
    whole = Verification(3, ())
    going = replace(record("began", days=0.5), plan="p2")
    finding = audit_summary.summarize_audit([going], whole, NOW, running={"p2"}).finding
    assert finding.level is Level.OK
    assert finding.text.startswith("OK: the redrive of dead that started 16:00 UTC is in progress; no gaps")
    killed = replace(record("began", days=0.6), plan="p1")
    finding = audit_summary.summarize_audit([going, killed, record(sent=10)], whole, NOW, running={"p2"}).finding
    assert finding.level is Level.WARNING
    assert finding.text.startswith(
        "Warning: the redrive of dead that started 16:00 UTC is in progress; 1 operation ended in"
    )
    assert finding.text.endswith("that started 13:36 UTC has no recorded end: it is still in progress, or was killed.")


def test_messages_of_a_run_that_was_resumed_are_counted_once() -> None:
    started = replace(record("cancelled", days=2, deleted=30), plan="p1")
    resumed = replace(started, action="resume", outcome="began", at=NOW)
    other = replace(record(deleted=5), plan="p2")
    purged = replace(record(deleted=7), plan="p3", action="purge")
    ended = replace(resumed, outcome="done", counts={"deleted": 100})
    found = audit_summary.summarize_audit([purged, other, ended, resumed, started], Verification(5, ()), NOW)
    assert found.redriven == 105


def test_an_unfinished_redrive_is_counted() -> None:
    started = replace(record("began", days=0.5), plan="p1")
    history = audit_summary.summarize_audit([started], Verification(1, ()), NOW)
    assert (len(history.operations), history.unfinished) == (1, 1)
    tiles = view._numbers(history)
    assert re.search(r"Operations\D+1\D+1 not finished", tiles) and re.search(r"Redrives\D+1\D", tiles)
    cancelled = replace(started, action="cancel", outcome="asked", at=NOW)
    assert len(audit_summary.summarize_audit([cancelled, started], Verification(2, ()), NOW).operations) == 1


def test_the_entries_below_the_table_are_named_by_kind() -> None:
    def count(*records: Record) -> str:
        return view._entry_count(audit_summary.summarize_audit(records, Verification(9, ()), NOW))

    run = replace(record(), action="runbook", plan="r1")
    step = replace(run, action="runbook step")
    asked = replace(record("asked"), action="cancel", plan="p2")
    assert count(record()) == "1 entry"
    assert count(record(), run, step, replace(step, plan="r2"), asked) == (
        "5 entries: 2 operations, 1 cancel, 2 steps and undos of runbooks"
    )


def test_the_export_is_no_formula() -> None:
    hostile = Record(NOW, "=cmd()", "1", "eu-west-1", "redrive", "dead", "@sum(1)")
    assert ",=cmd" not in audit_log.records_csv([hostile])


def test_an_empty_log_says_what_will_be_in_it(sample: Visit) -> None:
    app = sample("audit-empty").open(PAGE)
    assert "No operations yet" in app.text
    assert "so-stats" not in app.html, "no number, and nothing that was checked"
    assert "no gaps" not in app.text


def test_a_long_log_shows_its_newest_entries_and_exports_all(sample: Visit) -> None:
    app = sample("audit-huge").open(PAGE)
    assert not app.at.exception
    assert len(app.at.dataframe[0].value) == view.SHOWN < ENTRIES
    assert "the export has all records" in app.text


def test_a_changed_line_is_named(sample: Visit) -> None:
    app = sample("audit-damaged").open(PAGE)
    assert "The log is damaged" in app.text
    assert "Compare the file with a backup or an earlier export" in app.text
    assert app.text.count("a record was changed or removed") == 1, "the finding has it"
