"""The page of a run in states that are seldom seen, on made-up records."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from dashboard.formatting import with_principals
from dashboard.pages import PAGES
from tests.dashboard.app import App
from tests.fakes import runbook_states
from tests.fakes.runbook_service import RUN


def test_the_card_of_a_failed_step_has_its_error_once(sample: Callable[[str], App]) -> None:
    app = sample("runbook-failed").open(PAGES["runbooks"], runbook="stalled-consumer", run=RUN)
    assert not app.at.exception
    (line,) = [part for part in app.html.split('<div class="so-do ') if 'aria-current="step"' in part]
    assert "Turn the event source mapping on" in line
    assert line.count(with_principals(runbook_states.DENIED)) == 1
    assert "arn:aws:sts" not in line, "people are named as elsewhere on the page"
    assert "so-wrong" in line, "it is drawn as what went wrong, not as a question"


def test_the_record_of_a_failed_run_has_its_error_once(sample: Callable[[str], App]) -> None:
    app = sample("runbook-failed").open(PAGES["runbooks"], runbook="stalled-consumer", run=RUN)
    (record,) = [block for block in app.html.split("<ol ") if block.startswith('class="so-line so-record"')]
    assert record.partition("</ol>")[0].count("may not call lambda:UpdateEventSourceMapping") == 1
    assert "failed: Step 6 failed. Allow it, or use another profile." in record


def test_the_bar_and_the_record_name_steps_as_the_document_does(sample: Callable[[str], App]) -> None:
    app = sample("runbook-failed").open(PAGES["runbooks"], runbook="stalled-consumer", run=RUN)
    assert "Step 6 failed: role OnCall (alex) may not call" in app.text
    assert "Failed: 6. Turn the event source mapping on" in app.text
    assert "turn_on:" not in app.text and "Step turn_on" not in app.text


def test_a_document_with_the_stacks_names_does_not_ask_for_them(sample: Callable[[str], App]) -> None:
    app = sample("runbook-failed").open(PAGES["runbooks"], runbook="stalled-consumer", run=RUN)
    assert "Find the workload:" in app.text
    assert "Put your stack" not in app.text


def test_numbers_that_a_check_found_are_grouped(sample: Callable[[str], App]) -> None:
    app = sample("runbook-failed").open(PAGES["runbooks"], runbook="stalled-consumer", run=RUN)
    assert "visible 1,284" in app.text


@pytest.mark.parametrize(
    ("name", "word"),
    [("running", "Running"), ("checked", "Checked"), ("stopped", "Stopped"), ("rolled-back", "Rolled back")],
)
def test_each_state_of_a_run_is_a_word(sample: Callable[[str], App], name: str, word: str) -> None:
    app = sample(f"runbook-{name}").open(PAGES["runbooks"], runbook="stalled-consumer", run=RUN)
    assert not app.at.exception
    assert re.search(rf'<span class="so-badge[^>]*>{word}</span>', app.html)


def test_a_run_says_that_its_runbook_has_changed_since(sample: Callable[[str], App]) -> None:
    app = sample("runbook-changed").open(PAGES["runbooks"], runbook="stalled-consumer", run=RUN)
    assert app.text.count(runbook_states.CHANGED) == 1


def test_of_hundreds_of_runs_the_latest_are_listed_and_the_rest_is_counted(sample: Callable[[str], App]) -> None:
    app = sample("runbook-many").open(PAGES["runbooks"])
    assert not app.at.exception
    assert len([button for button in app.at.button if str(button.key).startswith("earlier-run-")]) == 8
    assert "292 earlier runs and 40 runs of other workloads: list them with ops runbook runs." in app.text
    assert app.text.count("last run done") == 1


def test_what_cannot_be_undone_has_no_command_for_it(sample: Callable[[str], App]) -> None:
    app = sample("runbook-typed").open(PAGES["runbooks"], runbook="dlq-redrive", run=RUN)
    assert "Undo: Sent messages cannot be recalled." in app.text
    assert not [block for block in app.at.code if "recalled" in block.value]


def test_the_run_that_waits_is_the_act_to_take(sample: Callable[[str], App]) -> None:
    app = sample("trouble").open(PAGES["runbooks"])
    assert app.at.button(key="open-run-button-0").proto.type == "primary"
