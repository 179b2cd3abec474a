"""What a page shows in an incident, and where it leads."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.requests import Request
from starlette.responses import Response

from dashboard import runbooks as pages_of_runbooks
from dashboard.app_pages.dead_letters import causes
from dashboard.components import overview_view
from dashboard.markup import html_blocks
from dashboard.pages import PAGES
from ops import runbook_files
from ops import target as targets
from ops.deadletters.archive import audit_summary
from ops.deadletters.archive.audit_log import Verification
from ops.deadletters.ledger.model import RunState
from ops.insight.report_types import Finding, Level
from ops.insight.reports import concurrency
from ops.insight.reports.alarms import AlarmState
from tests.dashboard.app import REAL_APP, App
from tests.dashboard.app_pages import test_states
from tests.dashboard.app_pages.test_audit import record
from tests.fakes.sample_dead_letters import a_run
from tests.ops.insight.world import WINDOW, WORKLOAD, Stage, world

Visit = Callable[[str], App]


# --- runbooks are links ----------------------------------------------------------------------------------------------


def served(name: str, query: str = "") -> Response:
    return pages_of_runbooks.page(
        Request({"type": "http", "path_params": {"name": name}, "query_string": query.encode()})
    )


@pytest.mark.parametrize("path", sorted(runbook_files.RUNBOOKS_DIR.glob("*.md")), ids=lambda path: path.stem)
def test_every_runbook_is_served_as_text(path: Path) -> None:
    answer = served(path.name)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert bytes(answer.body).decode() == path.read_text()


@pytest.mark.parametrize("name", ["none.md", "../README.md", "/etc/passwd", "*.md", "dead-letters", ".md"])
def test_nothing_else_is_served(name: str) -> None:
    assert served(name).status_code == 404


def test_a_runbook_has_the_names_of_a_stack() -> None:
    text = bytes(served("dead-letters.md", "stack=orders").body).decode()
    assert "STACK=orders;" in text
    assert "scilearn" not in text


@pytest.mark.parametrize("stack", ["", "$(reboot)", "a b", "-x", "a;b", "a" * 129])
def test_what_is_no_stacks_name_is_filled_into_no_command(stack: str) -> None:
    text = bytes(served("dead-letters.md", urlencode({"stack": stack})).body).decode()
    assert "STACK=scilearn;" in text


def alarm(runbook: str) -> str:
    return overview_view.alarms([AlarmState("late", "ALARM", "over 5", None, runbook)], UTC)


def test_an_alarm_links_its_runbook() -> None:
    assert 'href="/runbooks?runbook=dead-letters' in alarm("runbooks/dead-letters.md")
    assert 'href="https://wiki.example.com/late"' in alarm("https://wiki.example.com/late")


@pytest.mark.parametrize("named", ["javascript:alert(1)", "http://wiki/late", "runbooks/none.md", 'https"><script>'])
def test_what_cannot_be_opened_is_only_text(named: str) -> None:
    assert "href=" not in alarm(named)
    assert "<script" not in alarm(named)


def test_the_sentence_links_the_runbook_that_it_names() -> None:
    said = html_blocks.finding(
        Finding(Level.CRITICAL, "Critical: alarm late is in ALARM: follow runbooks/dead-letters.md; <b>x</b>.")
    )
    assert '<a href="/runbooks?runbook=dead-letters' in said
    assert "<b>x</b>" not in said


def test_the_command_line_names_a_file_that_opens_from_anywhere() -> None:
    told = runbook_files.placed("alarm late is in ALARM: follow runbooks/dead-letters.md; see runbooks/none.md")
    named = told.split("follow ")[1].split(";")[0]
    assert Path(named).is_absolute()
    assert Path(named).is_file()
    assert told.endswith("see runbooks/none.md"), "what is not there keeps its words"
    assert runbook_files.placed("https://wiki.example.com/late") == "https://wiki.example.com/late"


# --- a redrive is followed where it was planned ----------------------------------------------------------------------


def test_the_run_is_shown_where_it_was_planned(sample: Visit) -> None:
    app = sample("run-running").open(PAGES["dead_letters"], do="Redrive")
    assert not app.at.exception
    assert app.html.count('class="so-run"') == 1
    assert "Stage 3 of 4: 160 of 2,000" in app.text, "and in brief in the steps above"


def test_how_it_ended_is_told_there_too(sample: Visit) -> None:
    app = sample("run-done").open(PAGES["dead_letters"], do="Redrive")
    app.at.session_state["_shown_run"] = a_run(RunState.DONE).id
    app.at.run()
    assert not app.at.exception
    assert app.html.count('class="so-run"') == 1
    app.at.button(key="run-close").click().run()
    assert app.at.button(key="make-plan"), "the next one may be planned"
    assert "0 messages would be" not in app.text


def test_a_verdict_says_why_in_its_row() -> None:
    why = "no: 3 of 3 failed again at 13:31 <b>"
    row = {"fingerprint": "f", "source": "log", "error_type": "E", "letters": 3, "share": 1.0, "label": "",
           "location": "", "first_seen": None, "last_seen": None, "fixed": "no", "fixed_why": why}  # fmt: skip
    drawn = causes.cause_html(row, 0, "", selected=False)
    assert "3 of 3 failed again at 13:31 &lt;b&gt;" in drawn
    assert "title=" not in drawn, "a button lies over the row: nothing can be pointed at"


def test_every_dialog_can_be_left(sample: Visit) -> None:
    app = sample("run-stopped").open(PAGES["dead_letters"])
    app.at.button(key="run-resume").click().run()
    app.at.button(key="resume-cancelled").click().run()
    assert not app.at.exception
    assert not any(button.key == "resume-confirmed" for button in app.at.button)


def test_another_watched_queue_is_shown(sample: Visit) -> None:
    assert re.search(r"scilearn-undelivered\s+2\s+messages", sample("trouble").open().text)
    assert "no metrics: inactive for hours" in sample("fine").open().text


def test_a_wrong_stack_is_asked_of_aws_and_nothing_is_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = test_states.record(tmp_path, monkeypatch, emulator=os.getpid())
    target = targets.resolve(stack="nope")
    assert not target.is_twin, "the command line and the page resolve a name by the same rule"
    app = App(REAL_APP).open(PAGES["queue"], stack="nope", region="eu-west-1")
    assert "AWS, eu-west-1" in app.text
    assert f"the running twin has stack {running.stack}, not nope" in app.text
    assert "Loading…" not in app.text
    assert "--profile" not in app.text


# --- one range, one population ---------------------------------------------------------------------------------------


def test_a_past_range_says_of_when_its_numbers_are(stage: Stage) -> None:
    past = replace(WINDOW, past=True)
    with world(stage, {"ConcurrentExecutions": 3.0, "ApproximateNumberOfMessagesVisible": 4.0}) as (aws, _):
        found = concurrency.report(aws, WORKLOAD, past)
    assert found.at == past.end
    assert "now" not in found.finding.text.replace("(now: ESM MaximumConcurrency)", ""), "but for a setting, marked so"


# --- the audit page --------------------------------------------------------------------------------------------------


def test_an_act_is_one_line_with_its_beginning_and_its_end() -> None:
    began, ended = record("began", days=2), record("done", days=1, sent=3)
    other = record("began", days=0.5)
    found = audit_summary.summarize_audit([other, ended, began], Verification(3, ())).entries
    assert [(entry.record.outcome, entry.started_at) for entry in found] == [("began", other.at), ("done", began.at)]


def test_the_audit_page_offers_no_time_range_that_it_does_not_use(sample: Visit) -> None:
    app = sample("trouble").open(PAGES["audit"])
    assert not PAGES["audit"].ranged
    assert {entry.key for entry in PAGES.values() if not entry.ranged} == {
        *("audit", "compare", "rightsize", "runbooks", "trace")
    }
    assert app.at.dataframe[0].value["took"].iloc[-1] == "4 min"


def test_a_next_step_on_a_page_names_nothing_that_a_page_lacks() -> None:
    from dashboard.markup import error_box

    step = error_box._on_a_page("Name a profile (--profile or AWS_PROFILE), set keys up (aws configure).")
    assert "--profile" not in step
    assert step == "Name a profile (AWS_PROFILE), set keys up (aws configure)."
    assert error_box._on_a_page("Start it: ops twin up.") == "Start it: ops twin up."
