"""``ops alarms delivery``: what it prints, and its exit codes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from ops.cli.app import run
from tests.fakes.alarm_account import ACCOUNT, REGION, TOPIC, AlarmAccount, Subscriber, action, alarm
from tests.fakes.aws import FakeAws, serve

Ops = Callable[..., tuple[int, str, str]]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    monkeypatch.setenv("OPS_TARGET", "aws")
    with serve(lambda *_: None, monkeypatch) as started:
        yield started


@pytest.fixture
def ops(fake: FakeAws, capsys: pytest.CaptureFixture[str]) -> Ops:
    def call(account: AlarmAccount, *arguments: str) -> tuple[int, str, str]:
        fake.answer = account.answer
        code = run(["alarms", "delivery", "--alarm", "dead", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_exit_codes(ops: Ops) -> None:
    assert ops(AlarmAccount())[0] == 0
    assert ops(AlarmAccount(subscribers=()))[0] == 1
    assert ops(AlarmAccount(denied=frozenset({"ListSubscriptionsByTopic"})))[0] == 3
    code, _, err = ops(AlarmAccount(alarms=()))
    assert code == 3
    assert "There is no alarm dead" in err


def test_the_missing_statement_can_be_copied(ops: Ops) -> None:
    refused = AlarmAccount(topics={TOPIC: {"Statement": []}}, history=[action("dead", "Failed", "SNS:Publish refused")])
    code, out, _ = ops(refused)
    assert code == 1
    statement = next(json.loads(line) for line in out.splitlines() if line.startswith("{"))
    assert statement["Resource"] == TOPIC
    assert statement["Condition"]["ArnLike"]["aws:SourceArn"] == f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"
    assert "CloudWatch: SNS:Publish refused" in " ".join(out.split())
    assert f"→ aws sns set-topic-attributes --topic-arn {TOPIC}" in out


def test_a_topic_of_another_region_is_named(ops: Ops) -> None:
    code, out, _ = ops(AlarmAccount(alarms=[alarm("dead", ["arn:aws:sns:us-east-1:111122223333:night"])]))
    assert code == 1
    why = "Topic night is in another region (us-east-1): CloudWatch publishes to topics of the alarm's own region only."
    assert why in " ".join(out.split())


def test_every_format_has_the_same_answer(ops: Ops) -> None:
    account = AlarmAccount(subscribers=[Subscriber(), Subscriber("https", "https://pager.example.com", pending=True)])
    answer = json.loads(ops(account, "--json")[1])
    assert yaml.safe_load(ops(account, "--output", "yaml")[1]) == answer
    (row,) = csv.DictReader(io.StringIO(ops(account, "--output", "csv")[1]))
    assert (row["alarm"], row["status"], row["action"]) == ("dead", "allowed", TOPIC)
    assert answer["alarms"][0]["actions"][0]["subscriptions"][1]["leg"]["status"] == "broken"


def test_hostile_text_is_shown_not_interpreted(ops: Ops) -> None:
    account: Any = AlarmAccount(
        alarms=[alarm("dead", StateValue="OK")],
        history=[action("dead", "Failed", "\x1b[2J[bold]gone[/bold]")],
        subscribers=[Subscriber("https", "https://example.com/[red]x")],
    )
    _, out, _ = ops(account)
    assert "\x1b[2J" not in out
    assert "[bold]gone[/bold]" in out
    assert "[red]x" in out
