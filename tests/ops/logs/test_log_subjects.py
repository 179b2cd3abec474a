"""From a message, a cause or a redrive to what the logs are searched for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import Outcome
from ops.deadletters.messages.model import NEVER_RAN, Cause
from ops.deadletters.outcomes import monitor
from ops.deadletters.plan_model import Steps
from ops.deadletters.redrive import redrive
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from ops.logs import log_subjects
from tests.fakes.dlq_world import FixedOutcomes, a_plan, a_world
from tests.fakes.logs import SENT_AT, a_source, batch, row, silent
from tests.ops.insight.world import WORKLOAD
from tests.ops.logs.conftest import M1, M2, R1, R2, LogWorld, texts
from tests.ops.logs.invocations import invocation

NOW = SENT_AT + timedelta(hours=1)


def test_a_message_by_its_ids_while_it_was_worked_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message = silent(M1, original_message_id=M2, request_id=R2)
    with a_source(tmp_path, monkeypatch, [message]) as (source, _):
        failed_at = SENT_AT + timedelta(minutes=5)
        with Snapshot.open(source) as snapshot:
            snapshot.set_causes(
                [(M1, Cause("ValueError", "no", request_id=R1, failed_at=failed_at, fingerprint="ab" * 5))]
            )
        subject = log_subjects.message_subject(source, M1[:8], NOW)
    assert set(subject.search.message_ids) == {M1, M2} and set(subject.search.request_ids) == {R1, R2}
    assert subject.search.start < SENT_AT and failed_at < subject.search.end < failed_at + timedelta(minutes=10)
    assert [source.group for source in subject.sources] == ["/aws/lambda/worker"]
    assert subject.notes == ()


def test_a_message_that_never_ran_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_source(tmp_path, monkeypatch, [silent(M1)]) as (source, _):
        with Snapshot.open(source) as snapshot:
            snapshot.set_causes([(M1, Cause(NEVER_RAN, "Lambda throttled every receive", fingerprint="ab" * 5))])
        subject = log_subjects.message_subject(source, M1, NOW)
    assert subject.notes == (f"Message {M1} never ran: Lambda throttled every receive",)


def test_a_message_of_no_snapshot_by_its_whole_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_source(tmp_path, monkeypatch, []) as (source, _):
        subject = log_subjects.message_subject(source, M1, NOW)
        with pytest.raises(UsageError):
            log_subjects.message_subject(source, M1[:8], NOW)
    assert subject.search.message_ids == (M1,) and subject.search.start == NOW - timedelta(days=1)
    assert subject.notes == (f"Message {M1} is not in the snapshot: the last day's logs are searched for its ID.",)


def test_a_cause_by_its_latest_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = log_subjects.MAX_MESSAGES + 5
    messages = [replace(silent(f"m{number}"), sent=SENT_AT + timedelta(seconds=number)) for number in range(many)]
    with a_source(tmp_path, monkeypatch, messages) as (source, _):
        with Snapshot.open(source) as snapshot:
            snapshot.set_causes((f"m{n}", Cause("ValueError", "no", fingerprint="ab" * 5)) for n in range(many))
        subject = log_subjects.cause_subject(source, "ababa", NOW)
        with pytest.raises(UsageError, match="No message in the snapshot has the cause 'other'"):
            log_subjects.cause_subject(source, "other", NOW)
    assert f"m{many - 1}" in subject.search.message_ids and "m0" not in subject.search.message_ids
    assert subject.notes == (f"Only the {log_subjects.MAX_MESSAGES} latest of {many} messages were searched for.",)


def test_a_redrive_by_what_it_sent_first_what_failed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = FixedOutcomes(lambda n: Outcome.FAILED_AGAIN if n == 3 else Outcome.SUCCEEDED)
    monkeypatch.setattr(monitor, "start_monitor", lambda *_: outcomes)
    with a_world(tmp_path, monkeypatch) as world:
        world.put([f'{{"n": {number}}}' for number in range(6)])
        plan = a_plan(world, steps=Steps(("100%",), 1.0, 60.0))
        with pytest.raises(UsageError, match="There is no run"):
            log_subjects.redrive_subject(world.source, plan.id, NOW)
        run = redrive.start_redrive(world.source, plan, reason="r")
        subject = log_subjects.redrive_subject(world.source, run.id[:-1], datetime.now(UTC))
        sent = {message["MessageId"] for message in world.jobs.messages()}
        with Ledger.open(world.source.runs_folder / f"{run.id}.db") as ledger:
            (failed,) = [message for message in ledger.sent_messages() if message.outcome is Outcome.FAILED_AGAIN]
    assert set(subject.search.message_ids) == sent, "SQS gave them new IDs"
    assert (subject.search.message_ids[0],) == failed.new_ids
    assert subject.search.start == run.began and subject.notes == ()


@pytest.mark.parametrize(("off_by_s", "noted"), [(30, False), (-1_800, True), (2_400, True)])
def test_an_invocation_is_found_although_its_clock_was_wrong(world: LogWorld, off_by_s: float, noted: bool) -> None:
    world.logs.rows = invocation(off_by_s, R1, "working")
    subject = log_subjects.invocation_subject(WORKLOAD, R1, NOW, SENT_AT)
    page = log_subjects.find_subject_lines(world.aws, subject, "", "")
    assert "working" in texts(page)
    assert [note.startswith("Nothing was found around the time that is known") for note in page.notes] == [True] * noted


def test_a_message_is_found_although_queue_and_function_differ_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By more than the margin that is searched around the message's own times."""
    with a_source(tmp_path, monkeypatch, [silent(M1)]) as (source, fake):
        failed_at = SENT_AT + timedelta(seconds=30)
        with Snapshot.open(source) as snapshot:
            snapshot.set_causes([(M1, Cause("ValueError", "no", failed_at=failed_at, fingerprint="ab" * 5))])
        fake.rows = [
            row(-600, f"START RequestId: {R1} Version: 7"),
            batch(-599, R1, M1),
            row(-598, "working"),
            row(-597, f"REPORT RequestId: {R1}\tDuration: 9 ms"),
        ]
        subject = log_subjects.message_subject(source, M1, NOW)
        page = log_subjects.find_subject_lines(source.aws, subject, "", "")
    assert "working" in texts(page)
    assert page.notes[0].startswith("Nothing was found around the time that is known")
