"""Messages get their causes: what they carry, what the logs show, and the limit on what queries cost."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

import pytest

from ops.aws.sqs import Attribute
from ops.deadletters import causes
from ops.deadletters.causes import Budget
from ops.deadletters.messages.model import Cause, Kind, Place
from ops.deadletters.snapshot import Snapshot
from ops.fingerprints.fingerprint import fingerprint
from ops.insight.report_types import Level
from tests.factories import a_dead_letter
from tests.fakes.logs import SENT_AT, a_source, batch, failed, invocation_record, rejected, row, silent


def test_messages_are_grouped_by_what_they_carry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [rejected(n) for n in range(9)] + [rejected(3, "TableTooLarge", "2.98 GiB for (20000, {})")]
    with a_source(tmp_path, monkeypatch, letters) as (here, logs):
        assert causes.report_causes(here).finding.text.startswith("Critical: 10 dead letters")
        done = causes.explain_causes(here)
        found = causes.report_causes(here)
        assert (done.messages, done.unexplained, done.queries, logs.asked) == (0, 0, 0, []), "the logs were not needed"
    assert list(found.groups["letters"]) == [9, 1]
    top = found.groups.iloc[0]
    assert (top["error_type"], top["label"]) == ("DataNotFound", "s3://b/data/….csv is not there")
    assert (top["share"], top["source"], top["job_kinds"]) == (0.9, "attribute", "score")
    assert (top["first_seen"], top["last_seen"]) == (SENT_AT, SENT_AT + timedelta(minutes=8))
    assert found.finding.text == (
        "Critical: 10 dead letters, 9 of one cause: DataNotFound: s3://b/data/….csv is not there (1 other cause)."
    )


def test_causes_from_the_logs_in_one_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [silent(f"m{n}") for n in range(6)]
    rows = [failed(n, "KeyError", f"r{n}", f"m{n}", error_message=f"no row {n}") for n in range(4)]
    rows += [
        batch(9, "r9", "m4"),
        invocation_record(24, "r9", InvokeDuration=15_000.0),
        row(30, {"level": "INFO", "message": "x"}),
    ]
    said: list[str] = []
    with a_source(tmp_path, monkeypatch, letters, rows) as (here, logs):
        done = causes.explain_causes(here, said.append)
        assert (done.messages, done.unexplained, done.queries, len(logs.asked)) == (6, 1, 1, 1)
        assert done.usd > 0
        found = causes.report_causes(here)
        assert found.look.usd == done.usd
        again = causes.explain_causes(here)
        assert (again.messages, again.queries) == (1, 1), "only what has no cause yet is asked about"
    assert dict(zip(found.groups["error_type"], found.groups["letters"], strict=True)) == {
        "KeyError": 4,
        "Sandbox.Timedout": 1,
        "unknown": 1,
    }
    assert found.groups.iloc[0]["label"] == "no row …"
    assert any(text.startswith("asking the logs from") for text in said)


def test_a_message_of_an_asynchronous_invocation_gets_the_logs_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the letter itself says is "code 200"; the logs know the error by the request id."""
    request = str(uuid.uuid4())
    told = {"RequestID": ("String", request), "ErrorCode": ("Number", "200"), "ErrorMessage": ("String", "boom")}
    attributes = {name: Attribute(*value) for name, value in told.items()}
    letters = [
        a_dead_letter(message_id="a", attributes=attributes, kind=Kind.LAMBDA, sent=SENT_AT, request_id=request),
        a_dead_letter(message_id="b", attributes=attributes, kind=Kind.LAMBDA, sent=SENT_AT, request_id="elsewhere"),
    ]
    rows = [row(-1, {"level": "ERROR", "errorType": "KeyError", "errorMessage": "boom", "requestId": request})]
    with a_source(tmp_path, monkeypatch, letters, rows) as (here, _):
        causes.explain_causes(here)
        with Snapshot.open(here) as snapshot:
            assert snapshot.get("a").cause.error_type == "KeyError"
            assert snapshot.get("b").cause.error_type == "Asynchronous invocation, code 200"


def test_many_messages_are_asked_for_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [silent(f"m{n}", sent=SENT_AT + timedelta(seconds=n)) for n in range(500)]
    rows = [entry for n in range(500) for entry in (batch(n, f"r{n}", f"m{n}"), failed(n, "E", f"r{n}", f"m{n}"))]
    with a_source(tmp_path, monkeypatch, letters, rows) as (here, logs):
        done = causes.explain_causes(here)
    assert (done.unexplained, done.queries, len(logs.asked)) == (0, 1, 1)
    assert "m17" not in logs.asked[0]


def test_a_busy_log_is_read_failures_first_then_the_batches_of_the_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [silent(f"m{n}", sent=SENT_AT + timedelta(seconds=n)) for n in range(400)]
    rows = [batch(n, f"r{n}", f"m{n}") for n in range(1_000)]
    rows += [failed(n, "E", f"r{n}", f"m{n}") for n in range(0, 400, 2)]
    rows += [invocation_record(n + 0.5, f"r{n}") for n in range(1, 400, 2)]
    with a_source(tmp_path, monkeypatch, letters, rows) as (here, logs):
        logs.most = 450
        done = causes.explain_causes(here)
        found = causes.report_causes(here)
    assert done.unexplained == 0
    assert dict(zip(found.groups["error_type"], found.groups["letters"], strict=True)) == {
        "E": 200,
        "Sandbox.Timedout": 200,
    }
    assert done.queries <= 4


def test_more_failures_than_one_answer_holds_are_read_back_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [silent(f"m{n}", sent=SENT_AT + timedelta(seconds=n)) for n in range(400)]
    rows = [failed(n, "E", f"r{n}", f"m{n}") for n in range(400)]
    with a_source(tmp_path, monkeypatch, letters, rows) as (here, logs):
        logs.most = 150
        assert causes.explain_causes(here).unexplained == 0
        assert len(logs.asked) <= 6


def test_asking_ends_with_its_budget_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [silent(f"m{n}", sent=SENT_AT + timedelta(seconds=n)) for n in range(400)]
    rows = [failed(n, "E", f"r{n}", f"m{n}") for n in range(400)]
    with a_source(tmp_path, monkeypatch, letters, rows) as (here, logs):
        logs.most = 50
        done = causes.explain_causes(here, budget=Budget(queries=3))
        assert (done.queries, len(logs.asked)) == (3, 3)
        assert any("the limit is 3 queries" in note for note in done.notes)
        logs.bytes_a_row = 1_000_000_000
        dear = causes.explain_causes(here, budget=Budget(usd=0.5))
        assert dear.queries == 1
        assert any("the limit is $0.50" in note for note in dear.notes)


def test_a_dear_log_group_is_read_as_far_back_as_the_budget_reaches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CloudWatch counts what the group takes in, so that the first query is no surprise either."""
    long_ago = SENT_AT - timedelta(days=10)
    with a_source(
        tmp_path, monkeypatch, [silent("old", sent=long_ago), silent("new")], [failed(1, "E", "r", "new")]
    ) as (
        here,
        logs,
    ):
        logs.hourly_bytes = 50e9  # 25 cents an hour
        done = causes.explain_causes(here)
        assert (done.unexplained, done.queries) == (1, 1)
        logs.hourly_bytes = 500e9
        many = [silent(f"old-{n}", sent=long_ago) for n in range(300)]
        with Snapshot.open(here) as snapshot:
            snapshot.add(many, Place.QUEUE)
        again = causes.explain_causes(here)
        assert (again.unexplained + again.guessed, again.queries) == (301, 0), "even an hour of that is too dear"
    assert any("would cost more than $0.50" in note for note in done.notes)


def test_messages_are_shown_when_the_logs_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_source(tmp_path, monkeypatch, [silent(), rejected(1)]) as (here, logs):
        logs.refuse = "AccessDeniedException"
        done = causes.explain_causes(here)
        found = causes.report_causes(here)
    assert (done.messages, done.unexplained) == (1, 1)
    assert any("logs:StartQuery" in note for note in found.look.partial)
    assert len(found.groups) == 2


def test_no_function_no_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_source(tmp_path, monkeypatch, [silent()], function=None) as (here, logs):
        done = causes.explain_causes(here)
        assert logs.asked == []
        assert causes.build_timeline(here, "m1").events[0].what == "sent"
    assert "No function reads jobs" in done.notes[0]


def test_findings_of_an_empty_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_source(tmp_path, monkeypatch, []) as (here, _):
        found = causes.report_causes(here)
        assert (found.finding.level, found.scanned_at, found.age_s, found.messages) == (Level.NO_DATA, None, None, 0)
        assert found.groups.empty
        assert causes.explain_causes(here).groups == ()


def test_a_long_message_is_cut_in_a_sentence() -> None:
    assert len(causes.cause_in_words("E", "x" * 5_000, "attribute")) == 160
    assert causes.cause_in_words("E", "gone.\n", "attribute") == "E: gone"
    assert causes.cause_in_words("unknown", "", "none") == "no known cause"


def test_one_message_and_messages_with_no_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_source(tmp_path, monkeypatch, [silent()]) as (here, _):
        causes.explain_causes(here)
        assert causes.report_causes(here).finding.text == "Critical: 1 dead letter: no known cause."


def test_a_shelved_cause_keeps_all_that_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_source(tmp_path, monkeypatch, [silent()], [failed(1, "E", "r", job_kind="score")]) as (here, _):
        causes.explain_causes(here)
        with Snapshot.open(here) as snapshot:
            stored = snapshot.get("m1")
    assert stored.place is Place.QUEUE
    assert stored.cause == Cause(
        error_type="E",
        error_message="why",
        source="handler log",
        request_id="r",
        failed_at=SENT_AT + timedelta(seconds=1),
        function_version="7",
        job_kind="score",
        fingerprint=fingerprint("E", "why"),
        label="why",
    )


def test_a_cause_as_long_as_a_message_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [rejected(1, "E" * 5_000, "no " + "x" * 900_000), rejected(2, "\x1b[31m<b>", "=cmd|\n{}")]
    with a_source(tmp_path, monkeypatch, letters) as (here, _):
        causes.explain_causes(here)
        found = causes.report_causes(here)
        with Snapshot.open(here) as snapshot:
            assert all(len(stored.cause.error_message) <= 2_000 for stored in snapshot.iterate())
    assert len(found.groups) == 2
    assert len(found.finding.text) < 300


def test_by_time_alone_a_cause_is_only_likely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that logs nothing about messages: its only error then is likely why."""
    text = (
        '[ERROR] KeyError: 1\nTraceback (most recent call last):\n  File "/var/task/app.py", line 2, in handler\n    x'
    )
    with a_source(tmp_path, monkeypatch, [silent(first_receive=5)], [row(6, text)]) as (here, _):
        assert causes.explain_causes(here).likely == 1
        assert causes.report_causes(here).finding.text == "Critical: 1 dead letter: likely KeyError: 1."
        assert causes.build_timeline(here, "m1").events[-1].text == "likely KeyError: 1"


def test_a_query_is_never_longer_than_insights_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for count in (100, 101):
        letters = [silent(str(uuid.uuid4()), original_message_id=str(uuid.uuid4())) for _ in range(count)]
        folder = tmp_path / str(count)
        folder.mkdir()
        with a_source(folder, monkeypatch, letters) as (here, logs):
            causes.explain_causes(here)
            assert max(map(len, logs.asked)) < 10_000
