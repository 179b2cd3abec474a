"""The page of a run that failed, on a made-up record."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.pages import PAGES
from tests.dashboard.app import App
from tests.fakes import runbook_states
from tests.fakes.runbook_service import RUN


def test_the_card_of_a_failed_step_has_its_error_once(sample: Callable[[str], App]) -> None:
    app = sample("runbook-failed").open(PAGES["runbooks"], runbook="stalled-consumer", run=RUN)
    assert not app.at.exception
    (line,) = [part for part in app.html.split('<div class="so-do ') if 'aria-current="step"' in part]
    assert "Turn the event source mapping on" in line
    assert line.count(runbook_states.DENIED) == 1


def test_the_record_of_a_failed_run_has_its_error_once(sample: Callable[[str], App]) -> None:
    app = sample("runbook-failed").open(PAGES["runbooks"], runbook="stalled-consumer", run=RUN)
    (record,) = [block for block in app.html.split("<ol ") if block.startswith('class="so-line so-record"')]
    assert record.partition("</ol>")[0].count("may not call lambda:UpdateEventSourceMapping") == 1
    assert "failed: Step turn_on failed. Allow it, or use another profile." in record
