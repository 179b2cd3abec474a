"""The timeline of one message."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ops.deadletters import causes
from ops.deadletters.ledger import AcceptedMessage, Ledger
from ops.errors import UsageError
from tests.fakes.logs import SENT_AT, a_source, batch, failed, invocation_record, rejected, row, silent
from tests.ops.deadletters.ledger.conftest import a_plan


def test_the_timeline_of_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        batch(1, "r1", "m1", "m2"),
        row(1.5, {"level": "INFO", "message": "loading", "message_id": "m1", "function_request_id": "r1"}),
        failed(2, "Postponed", "r1"),
        failed(2, "Other", "r1", "m2"),
        batch(91, "r2", "m1"),
        invocation_record(91, "r2", InvokeDuration=15_000.0),
        row(106, "REPORT RequestId: r2\tDuration: 15000.00 ms\tStatus: timeout"),
        invocation_record(200, "r3"),
    ]
    with a_source(tmp_path, monkeypatch, [silent(first_receive=1)], rows) as (here, logs):
        causes.explain_causes(here)
        before = len(logs.asked)
        found = causes.build_timeline(here, "m1")
        assert len(logs.asked) == before + 1
    assert [moment.what for moment in found.events] == [
        "sent", "received", "received", "log", "error", "received", "timeout", "died",
    ]  # fmt: skip
    assert found.events[2].text == "received in a batch of 2"
    assert found.events[-1].text.startswith("Sandbox.Timedout: the invocation was stopped")
    assert found.look.usd > 0
    assert [moment.at for moment in found.events] == sorted(moment.at for moment in found.events)


def test_a_timeline_of_a_message_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        a_source(tmp_path, monkeypatch, []) as (here, _),
        pytest.raises(UsageError, match="No message in the snapshot"),
    ):
        causes.build_timeline(here, "nobody")


def test_a_rejected_message_was_sent_to_the_dead_letter_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was made when the job died; what the job went through before is in the logs under its first id."""
    message = replace(rejected(1), original_message_id="first")
    rows = [batch(1, "r1", "first"), failed(2, "DataNotFound", "r1", "first")]
    with a_source(tmp_path, monkeypatch, [message], rows) as (here, _):
        causes.explain_causes(here)
        found = causes.build_timeline(here, message.message_id[:6]).events
    assert [moment.what for moment in found] == ["received", "error", "sent", "died"]
    assert found[2].text == "sent to the dead-letter queue"


def test_log_lines_that_are_collected_after_the_rejection_still_come_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = replace(rejected(1), original_message_id="first", request_id="r1")
    rows = [batch(60.001, "r1", "first"), failed(60.004, "DataNotFound", "r1", "first")]
    with a_source(tmp_path, monkeypatch, [message], rows) as (here, _):
        causes.explain_causes(here)
        found = causes.build_timeline(here, message.message_id[:6]).events
    assert [moment.what for moment in found] == ["received", "error", "sent", "died"]


def test_what_became_of_the_rest_of_its_batch_is_not_its_own_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = replace(rejected(1), original_message_id="first")
    rows = [batch(59, "r1", "first", "other"), failed(60, "DataNotFound", "r1", "first"),
            invocation_record(59, "r1", InvokeDuration=15_000.0)]  # fmt: skip
    with a_source(tmp_path, monkeypatch, [message], rows) as (here, _):
        causes.explain_causes(here)
        found = causes.build_timeline(here, message.message_id).events
    assert [moment.what for moment in found][-2:] == ["died", "timeout"]
    assert found[-1].text.startswith("the rest of its batch: Sandbox.Timedout")


def test_a_message_that_came_back_shows_who_sent_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_source(tmp_path, monkeypatch, [silent("new-0", original_message_id="id-000")]) as (here, _):
        here.runs_folder.mkdir()
        with Ledger.create(here.runs_folder / "20261124T040000-aaaa.db", a_plan(2), "it is fixed", "me") as ledger:
            ledger.start_run("Starting.")
            ledger.record_intent([(0, "receipt")], 1)
            ledger.record_sent(
                [
                    AcceptedMessage(
                        0, "new-0", (SENT_AT - timedelta(seconds=9)).timestamp(), route="arn:aws:sqs:e:1:jobs"
                    )
                ]
            )
        (here.runs_folder / "20261124T050000-bbbb.db").write_text("no ledger")
        found = causes.build_timeline(here, "new-0")
    assert [moment.what for moment in found.events] == ["redriven", "sent", "received"]
    assert found.events[0].text == "sent to jobs by redrive 20261124T040000-aaaa; waiting"
    assert "The ledger of redrive 20261124T050000-bbbb was not read" in found.look.partial[0]


def test_the_newest_runs_are_those_that_began_last_whenever_their_plans_were_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_source(tmp_path, monkeypatch, [silent("new-0", original_message_id="id-000")]) as (here, _):
        here.runs_folder.mkdir()
        for day in range(10, 16):  # more than are looked into
            Ledger.create(here.runs_folder / f"202611{day}T040000-bbbb.db", a_plan(2), "it is fixed", "me").close()
        with Ledger.create(here.runs_folder / "20261101T040000-aaaa.db", a_plan(2), "it is fixed", "me") as ledger:
            ledger.start_run("Starting.")
            ledger.record_intent([(0, "receipt")], 1)
            ledger.record_sent(
                [
                    AcceptedMessage(
                        0, "new-0", (SENT_AT - timedelta(seconds=9)).timestamp(), route="arn:aws:sqs:e:1:jobs"
                    )
                ]
            )
        found = causes.build_timeline(here, "new-0")
    assert [moment.text for moment in found.events if moment.what == "redriven"] == [
        "sent to jobs by redrive 20261101T040000-aaaa; waiting"
    ]
