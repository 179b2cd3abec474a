"""Runs that an error ends: it is reported and recorded, and the run can be resumed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.deadletters.archive import audit_log, audit_summary
from ops.deadletters.ledger.model import Outcome, Run, RunState
from ops.deadletters.messages.model import Place
from ops.deadletters.outcomes import monitor
from ops.deadletters.redrive import headroom, redrive
from ops.deadletters.redrive.runs import read_run
from ops.deadletters.snapshot import Snapshot
from ops.errors import AccessDenied, OpsError
from ops.insight.report_types import Level
from ops.target import state_folder
from tests.fakes.dlq_world import FixedOutcomes, World, a_plan
from tests.fakes.sqs.faults import DENIED

WAITS_S = 0.02


def test_a_permanent_refusal_is_reported_recorded_and_can_be_resumed(world: World) -> None:
    world.put(["a", "b"])
    plan = a_plan(world)
    world.aws.fault(replace(DENIED, operation="SendMessageBatch"))
    with pytest.raises(AccessDenied):
        redrive.start_redrive(world.source, plan, reason="r")
    failed = read_run(world.source, plan.id)
    assert failed.state is RunState.FAILED
    assert failed.status_text
    assert audit_log.read_records(state_folder(world.source.aws.target))[0].outcome == "failed"
    assert world.bodies() == ["a", "b"]
    world.aws.heal()
    assert redrive.resume_redrive(world.source, plan.id).state is RunState.DONE


def test_a_run_whose_end_cannot_be_recorded_is_not_over_until_resume_records_it(world: World) -> None:
    world.put(["a", "b", "c"])
    plan = a_plan(world)
    book = state_folder(world.source.aws.target) / audit_log.FILE
    aside = book.with_suffix(".aside")

    def take_away(run: Run) -> None:
        if run.sent and not aside.exists():
            book.rename(aside)
            book.mkdir()

    with pytest.raises(OpsError, match=r"audit\.jsonl cannot be used"):
        redrive.start_redrive(world.source, plan, reason="r", progress=take_away)
    failed = read_run(world.source, plan.id)
    assert (failed.state, failed.deleted) == (RunState.FAILED, 3)
    assert "audit.jsonl cannot be used" in failed.status_text
    book.rmdir()
    aside.rename(book)
    done = redrive.resume_redrive(world.source, plan.id)
    assert (done.state, done.sent, done.possible_duplicates) == (RunState.DONE, 3, ())
    records = audit_log.read_records(book.parent)
    assert failed.ended is not None
    assert (records[0].at, records[1].at >= failed.ended) == (done.ended, True), "a resume has a start of its own"
    assert [(record.action, record.outcome) for record in records] == [
        ("resume", "done"),
        ("resume", "began"),
        ("redrive", "began"),
    ]
    assert records[0].counts["deleted"] == 3
    assert audit_summary.summarize_audit(records, audit_log.verify_records(book.parent)).finding.level is Level.OK
    assert len(world.jobs.messages()) == 3


def test_what_the_canary_stopped_stays_so_when_that_cannot_be_recorded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put([f"message {number}" for number in range(20)])
    plan = a_plan(world)
    monkeypatch.setattr(monitor, "start_monitor", lambda *_: FixedOutcomes(lambda at: Outcome.FAILED_AGAIN))
    book = state_folder(world.source.aws.target) / audit_log.FILE

    def take_away(run: Run) -> None:
        if run.sent and book.is_file():
            book.unlink()
            book.mkdir()

    with pytest.raises(OpsError, match=r"audit\.jsonl cannot be used"):
        redrive.start_redrive(world.source, plan, reason="r", progress=take_away)
    stopped = read_run(world.source, plan.id)
    assert (stopped.state, stopped.stopped_by_canary) == (RunState.STOPPED, True), (
        "so that resume asks whether it is fixed"
    )


def test_a_snapshot_that_cannot_be_written_at_the_end_leaves_the_run_to_be_resumed(world: World) -> None:
    world.put(["a", "b", "c"])
    plan = a_plan(world)
    with Snapshot.open(world.source) as snapshot:
        snapshot.connection.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON letters BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    with pytest.raises(OpsError, match="disk is full"):
        redrive.start_redrive(world.source, plan, reason="r")
    failed = read_run(world.source, plan.id)
    assert failed.state is RunState.FAILED
    assert "disk is full" in failed.status_text
    assert audit_log.read_records(state_folder(world.source.aws.target))[0].outcome == "failed"
    with Snapshot.open(world.source) as snapshot:
        snapshot.connection.execute("DROP TRIGGER full")
    assert redrive.resume_redrive(world.source, plan.id).state is RunState.DONE
    with Snapshot.open(world.source) as snapshot:
        assert set(snapshot.places(plan.ids).values()) == {Place.REDRIVEN}


@pytest.mark.parametrize(
    "refusing", [(headroom, "make_gauge"), (monitor, "start_monitor")], ids=["the rate", "the watch"]
)
def test_a_refusal_before_the_first_message_is_reported_and_recorded(
    world: World, monkeypatch: pytest.MonkeyPatch, refusing: tuple[Any, str]
) -> None:
    world.put(["a", "b"])
    plan = a_plan(world)

    def denied(*_: Any) -> None:
        raise AccessDenied("You may not.", "Ask for it.")

    with monkeypatch.context() as patch, pytest.raises(AccessDenied):
        patch.setattr(*refusing, denied)
        redrive.start_redrive(world.source, plan, reason="r")
    failed = read_run(world.source, plan.id)
    assert (failed.state, failed.status_text, failed.sent) == (RunState.FAILED, "You may not. Ask for it.", 0)
    outcome = [record.outcome for record in audit_log.read_records(state_folder(world.source.aws.target))]
    assert outcome == ["failed", "began"]
    done = redrive.resume_redrive(world.source, plan.id)
    assert (done.state, done.deleted, done.possible_duplicates) == (RunState.DONE, 2, ())
