"""The shortest rehearsal, on the session's twin: jobs fail for want of data, and the runbook brings them back. And what
makes a rehearsal fail: a job that is nowhere, an alarm that stays silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handler import contract
from ops.rehearsals import library
from ops.rehearsals.rehearse import rehearse
from ops.rehearsals.staging.staged_workload import StagedWorkload
from ops.runbooks.record import RecordedEvent
from tests.twins import Twin, wait_for

pytestmark = pytest.mark.twin


def test_dead_letters_are_redriven_once_their_cause_is_fixed(twin: Twin) -> None:
    twin.no_dead_letters()
    events: list[RecordedEvent] = []
    result = rehearse(twin.state, library.load("dlq-redrive"), on_event=lambda _step, event: events.append(event))
    assert result.findings == []
    assert (result.jobs.sent, result.jobs.results, result.jobs.dead, result.jobs.lost) == (8, 8, 0, ())
    (redriven,) = (event for event in events if (event.kind, event.step) == ("step.verified", "redrive"))
    assert redriven.data["text"] == "8 messages were sent, 8 succeeded."


def test_a_job_that_is_nowhere_is_lost(twin: Twin) -> None:
    workload = StagedWorkload(twin.state)
    workload.send("quick", 2, None)
    wait_for(lambda: workload.results() == 2, 120, "the jobs have no result")
    gone = workload.sent[0]
    key = f"{contract.RESULT_PREFIX}{gone}.json"
    twin.client("s3").delete_object(Bucket=twin.outputs[contract.OUTPUT_BUCKET], Key=key)
    assert (workload.tally().results, workload.tally().lost) == (1, (gone,))


def test_an_alarm_that_stays_silent_fails_the_rehearsal(twin: Twin) -> None:
    silent = replace(library.load("stalled-consumer"), incident=(), alarm_within_s=1)
    result = rehearse(twin.state, silent)
    assert result.findings == ["Alarm scilearn-stalled was OK 1 s after the incident, not in ALARM."]
    assert result.run_s is None, "the runbook was not run"
