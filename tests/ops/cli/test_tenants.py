"""``ops tenants``: whose messages fill the queue, by incident 3 (one tenant's burst), and what is said of the sample."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops import workload
from ops.aws import Aws
from ops.cli.app import run
from ops.deadletters.messages.model import Place
from ops.deadletters.snapshot import Snapshot
from ops.target import Target
from ops.workload import Workload
from tests.fakes.aws import serve
from tests.fakes.logs import SENT_AT, FakeLogs, a_source, row, silent
from tests.ops.insight.world import DLQ

SENT_MS = int(SENT_AT.timestamp() * 1000)


@dataclass
class TenantsDesk:
    """``waiting``: messages of the live queue. ``visibility``: each change of a visibility timeout, in seconds."""

    logs: FakeLogs
    capsys: pytest.CaptureFixture[str]
    snapshot: Path
    described: Workload
    waiting: list[dict[str, Any]] = field(default_factory=list)
    visibility: list[int] = field(default_factory=list)
    received: int = 0

    def answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation == "ReceiveMessage":
            given = self.waiting[self.received : self.received + asked["MaxNumberOfMessages"]]
            self.received += len(given)
            self.visibility.append(asked["VisibilityTimeout"])
            return {"Messages": given}
        if operation == "ChangeMessageVisibilityBatch":
            self.visibility += [entry["VisibilityTimeout"] for entry in asked["Entries"]]
            return {"Successful": [{"Id": entry["Id"]} for entry in asked["Entries"]], "Failed": []}
        return self.logs.answer(service, operation, asked)

    def ops(self, *arguments: str) -> tuple[int, str, str]:
        code = run(["tenants", "--queue", "jobs", *arguments])
        captured = self.capsys.readouterr()
        assert "Traceback" not in captured.err
        assert "Unexpected error" not in captured.err, captured.err
        return code, " ".join(captured.out.split()), " ".join(captured.err.split())

    def report(self, *arguments: str) -> dict[str, Any]:
        until = SENT_AT + timedelta(hours=1)  # not now: the run of a suite takes minutes
        span = ("--since", SENT_AT.isoformat(), "--until", until.isoformat())
        code = run(["tenants", "--queue", "jobs", *span, *arguments, "--json"])
        found: dict[str, Any] = json.loads(self.capsys.readouterr().out)
        return {**found, "code": code}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[TenantsDesk]:
    monkeypatch.setenv("OPS_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "1-eu-west-1-dead"
    folder.mkdir(parents=True)
    dlq = replace(DLQ, arn="arn:aws:sqs:eu-west-1:1:dead")
    with a_source(folder, monkeypatch, [], dlq=dlq) as (source, fake):
        desk = TenantsDesk(fake, capsys, source.snapshot_path, source.workload)

        def describe(_aws: Aws, _target: Target) -> Workload:
            return desk.described

        monkeypatch.setattr(workload, "describe", describe)
        with serve(desk.answer, monkeypatch):
            yield desk


def batch(seconds: float, *seen: dict[str, Any]) -> dict[str, str]:
    ids = [message["id"] for message in seen]
    return row(seconds, {"message": contract.LOG_BATCH, "message_ids": ids, contract.LOG_MESSAGES: list(seen)})


def burst() -> list[dict[str, str]]:
    """450 messages of one group within a minute, 50 of others; ten are received a second, in the order of sending."""
    messages = [
        {
            "id": f"m{number}",
            "sent_ms": SENT_MS + number * 60_000 // 500,
            "receives": 1,
            "group": f"tenant-{number % 50}" if number % 10 == 0 else "north",
            "sender": "AROAEXAMPLE:api",
        }
        for number in range(500)
    ]
    return [batch(10 + start * 0.4, *messages[start : start + 10]) for start in range(0, 500, 10)]


def test_one_tenants_burst_is_named_with_its_share_and_both_waits(desk: TenantsDesk) -> None:
    desk.logs.rows = burst()
    found = desk.report()
    assert found["code"] == 1 and found["finding"]["level"] == "warning"
    assert (found["by"], found["sampled"], found["whole"], found["unnamed"]) == ("group", 500, True, 0)
    top = found["tenants"][0]
    assert (top["key"], top["messages"], top["share"]) == ("north", 450, 0.9)
    assert 0.86 < top["share_low"] < 0.9 < top["share_high"] < 0.93, "Wilson's interval of 450 of 500"
    assert found["peak"]["key"] == "north" and found["peak"]["share"] == pytest.approx(0.9, abs=0.01)
    assert top["wait_p95_s"] == pytest.approx(143, abs=3) and top["wait_p95_others_s"] == pytest.approx(143, abs=6)
    assert top["backlog_share"] == pytest.approx(0.9, abs=0.01)
    assert "Message group north had 90% of the" in found["finding"]["headline"]
    assert "its messages wait p95 2 min 2" in found["finding"]["text"]
    assert len(found["tenants"]) == 6 and found["others"] == 0


@pytest.mark.parametrize("name", ["[/]", "[/nope]", "[b]n"])
def test_a_name_is_shown_as_it_is(desk: TenantsDesk, name: str) -> None:
    desk.logs.rows = [batch(5, {"id": "m1", "group": name})]
    code, out, _ = desk.ops("--since", SENT_AT.isoformat())
    assert code == 0
    assert f"{name} 1 100%" in out


def test_a_single_sender_is_said_once(desk: TenantsDesk) -> None:
    desk.logs.rows = [batch(5, *({"id": f"m{one}", "sent_ms": SENT_MS, "sender": "123456789012"} for one in range(30)))]
    code, out, _ = desk.ops("--since", SENT_AT.isoformat())
    assert code == 0 and "Sender 123456789012 has all 30 messages in the sample; its messages wait p95 5 s." in out
    assert "123456789012 30 100% 89% to 100% 30 100% 5 s 5 s" in out, "nothing is broken at 80 columns"


def test_how_the_sample_was_taken_is_said(desk: TenantsDesk) -> None:
    desk.logs.rows = burst()
    code, out, err = desk.ops("--since", SENT_AT.isoformat())
    assert code == 1 and "the limit is $0.50" in err
    assert "sample: every line about a batch received from" in out and "(50 batches, 500 messages)" in out
    desk.logs.most = 20
    _, out, _ = desk.ops("--since", SENT_AT.isoformat())
    assert "sample: the newest 20 lines about batches received from" in out


def test_a_message_that_is_received_again_counts_once_and_its_wait_is_the_first(desk: TenantsDesk) -> None:
    one = {"id": "m1", "sent_ms": SENT_MS, "group": "north"}
    desk.logs.rows = [batch(5, {**one, "receives": 1}), batch(65, {**one, "receives": 2})]
    top = desk.report()["tenants"][0]
    assert (top["messages"], top["wait_p50_s"]) == (1, 5.0)
    desk.logs.rows = [batch(65, {**one, "receives": 2})]
    assert desk.report()["tenants"][0]["wait_p50_s"] is None, "the time has an attempt in it"


def test_by_sender_and_by_the_logged_tenant(desk: TenantsDesk) -> None:
    desk.logs.rows = [batch(5, {"id": "m1", "sender": "AIDAEXAMPLE", "tenant": "north"})]
    assert desk.report("--by", "sender")["tenants"][0]["key"] == "AIDAEXAMPLE"
    assert desk.report()["by"] == "tenant", "no message has a group"
    assert "No message has a message group" in desk.report("--by", "group")["finding"]["text"]


def test_lines_of_an_older_handler_say_what_to_do(desk: TenantsDesk) -> None:
    desk.logs.rows = [row(5, {"message": contract.LOG_BATCH, "message_ids": ["m1"]})]
    assert "deploy this version's handler" in desk.report()["finding"]["text"]
    desk.logs.rows = []
    assert desk.report()["finding"]["text"] == "No message was received in the range."


def test_a_field_of_the_body_is_read_from_dead_letters_which_is_said(desk: TenantsDesk) -> None:
    bodies = [*['{"params": {"tenant": "north"}}'] * 30, '{"params": {"tenant": 7}}', "not JSON"]
    with Snapshot.open(desk.snapshot) as snapshot:
        snapshot.add([silent(f"d{n}", body=body) for n, body in enumerate(bodies)], Place.QUEUE)
    found = desk.report("--body", "params.tenant")
    assert [(tenant["key"], tenant["messages"]) for tenant in found["tenants"]] == [("north", 30), ("7", 1)]
    assert found["source"] == "dead-letters" and found["unnamed"] == 1
    assert "Value north has 94% of 32 dead letters in the sample" in found["finding"]["text"]
    assert not desk.received and not desk.logs.asked, "the queue and the logs are left alone"


def a_message(number: int, receives: int = 1, group: str = "north") -> dict[str, Any]:
    system = {"ApproximateReceiveCount": str(receives), "MessageGroupId": group}
    return {"MessageId": f"w{number}", "ReceiptHandle": f"r{number}", "Body": "{}", "Attributes": system}


def test_a_peek_receives_each_message_once_and_releases_all(desk: TenantsDesk) -> None:
    desk.waiting = [a_message(number, 3 if number == 0 else 1) for number in range(30)]
    found = desk.report("--peek", "15", "--yes")
    assert desk.received == 15 and desk.visibility == [20, 20, *[0] * 15]
    assert found["source"] == "peek" and found["sampled"] == 15 and not found["whole"]
    assert "1 message has no receive left" in found["look"]["partial"][0]


def test_a_peek_says_its_effect_and_asks(desk: TenantsDesk, terminal: Any) -> None:
    desk.waiting = [a_message(number) for number in range(3)]
    assert desk.ops("--peek", "3")[0] == 2, "not without a terminal"
    terminal("n")
    code, _, err = desk.ops("--peek", "3")
    assert code == 1 and "each uses up one receive of the 3" in err and "hidden from its consumers" in err
    assert not desk.received


@pytest.mark.parametrize(
    ("queue", "why"),
    [({"max_receive_count": 1}, "without an attempt"), ({"name": "jobs.fifo"}, "holds up its whole group")],
)
def test_a_peek_that_would_harm_is_refused(desk: TenantsDesk, queue: dict[str, Any], why: str) -> None:
    desk.described = replace(desk.described, queue=replace(desk.described.queue, **queue))
    code, _, err = desk.ops("--peek", "3", "--yes")
    assert code == 2 and why in err and not desk.received


def test_a_read_only_process_receives_nothing(desk: TenantsDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    assert desk.ops("--peek", "3", "--yes")[0] == 2 and not desk.received


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--by", "body"], "Which field of the body?"),
        (["--body", "params.["], "is not valid JMESPath"),
        (["--body", "(" * 500], "is not valid JMESPath"),
        (["--body", "a", "--by", "group"], "An expression is of the body"),
        (["--body", "a", "--source", "logs"], "Bodies are not logged"),
        (["--by", "tenant", "--source", "dead-letters"], "--body params.tenant"),
        (["--source", "peek"], "Use --peek N"),
        (["--peek", "3", "--source", "logs"], "--peek is a source of its own"),
        (["--minutes", "5", "--since", "2h"], "given in two ways"),
        (["--until", "now"], "is not a valid time"),
        (["--until", "02:10"], "--until needs a start"),
    ],
)
def test_options_that_do_not_go_together(desk: TenantsDesk, arguments: list[str], why: str) -> None:
    code, _, err = desk.ops(*arguments)
    assert code == 2 and why in err


def test_fair_queue_metrics_where_they_are_published(desk: TenantsDesk) -> None:
    desk.logs.rows = burst()
    desk.logs.metrics = {
        "ApproximateNumberOfNoisyGroups": {58: 1.0},
        "ApproximateNumberOfMessagesVisible": {58: 1_204.0},
        "ApproximateNumberOfMessagesVisibleInQuietGroups": {58: 12.0},
    }
    found = desk.report()
    assert found["fair_queue"]["noisy_groups"] == 1.0
    assert "1,204 messages waiting now are not in the sample" in found["finding"]["text"]
    assert "SQS counts 1 noisy group, 12 messages wait in quiet groups" in found["finding"]["text"]
    assert found["waiting"].startswith(
        "1,204 messages waiting now. SQS counts 1 noisy group with 1,192 of them, and 12 in quiet groups; it names no group."
    )
    assert "each would use up one of its receives" in found["waiting"] and "--peek N" in found["waiting"]


def test_without_group_metrics_it_is_said_that_nothing_tells_whose_messages_wait(desk: TenantsDesk) -> None:
    desk.logs.rows = burst()
    minute = int((datetime.now(UTC) - SENT_AT).total_seconds() // 60) - 1  # the run of a suite takes minutes
    desk.logs.metrics = {
        "ApproximateNumberOfMessagesVisible": {minute: 7.0},
        "ApproximateAgeOfOldestMessage": {minute: 90.0},
    }
    _, out, _ = desk.ops("--since", SENT_AT.isoformat())
    said = " ".join(out.split())
    assert "7 messages waiting now, the oldest for 90 s. No metric tells whose they are" in said
    desk.logs.metrics = {}
    assert desk.report()["waiting"].startswith("How many messages wait now is not known")


def test_hostile_names_cannot_change_the_terminal(desk: TenantsDesk) -> None:
    desk.logs.rows = [batch(5, {"id": "m1", "group": "\x1b[2J\u202e[bold]"})]
    _, out, _ = desk.ops("--since", SENT_AT.isoformat())
    assert "\x1b[2J" not in out and "\u202e" not in out and "[bold]" in out
