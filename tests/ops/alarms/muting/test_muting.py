"""Alarms muted and unmuted: by a rule on the emulator, and by disabled actions where there are no mute rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ops.access import ReadOnly
from ops.alarms import muting
from ops.alarms.muting import records
from ops.aws import Aws, cloudwatch
from ops.cli.app import run
from ops.deadletters.redrive import muted_alarms as redrives
from ops.errors import AwsError, UsageError
from ops.target import Target
from tests.fakes.alarm_account import ACCOUNT, REGION, alarm, composite
from tests.fakes.aws import FakeAws, Refusal, start


class OldEndpoint:
    """CloudWatch without mute rules; ``enabled``: by alarm."""

    def __init__(self, **enabled: bool) -> None:
        self.enabled = enabled
        self.refuse: tuple[str, ...] = ()
        self.before_disabling: Callable[[], None] = lambda: None
        self.code = "InvalidAction"
        self.page = "page"
        """The one that is a composite alarm."""

    def answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation in self.refuse:
            raise Refusal("AccessDenied", "no", 403)
        if "MuteRule" in operation:
            raise Refusal(self.code, f"Unknown action: {operation}")
        if operation == "GetCallerIdentity":
            return f"<Account>{ACCOUNT}</Account><Arn>arn:aws:iam::{ACCOUNT}:user/oncall</Arn>"
        if operation == "DescribeAlarms":
            named = {name: on for name, on in self.enabled.items() if name in asked["AlarmNames"]}
            kinds = asked.get("AlarmTypes", ["MetricAlarm"])
            metric = [alarm(name, ActionsEnabled=on) for name, on in named.items() if name != self.page]
            over = [composite(name, "ALARM(errors)", ActionsEnabled=named[name]) for name in named if name == self.page]
            return {"MetricAlarms": metric, "CompositeAlarms": over if "CompositeAlarm" in kinds else []}
        assert operation in ("DisableAlarmActions", "EnableAlarmActions")
        self.before_disabling()
        self.enabled.update(dict.fromkeys(asked["AlarmNames"], operation.startswith("Enable")))
        return {}


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeAws]:
    with start(lambda *_: None) as started:
        yield started


@pytest.fixture
def aws(fake: FakeAws) -> Aws:
    target = Target(endpoint=fake.endpoint, access_key_id="key", secret_access_key="secret", region=REGION)
    return Aws(target, max_attempts=1)


def mute(aws: Aws, home: Path, *alarms: str, seconds: float = 600.0, name: str = "redrive-1") -> muting.MuteRecord:
    return muting.mute(aws, home, name, alarms, seconds=seconds, account=ACCOUNT, who="oncall")


def test_actions_are_disabled_with_a_record_that_is_there_first(aws: Aws, fake: FakeAws, tmp_path: Path) -> None:
    there = OldEndpoint(errors=True, off=False)
    fake.answer = there.answer
    seen: list[tuple[str, ...]] = []
    there.before_disabling = lambda: seen.extend(record.alarms for record in muting.of_place(tmp_path, ACCOUNT, REGION))
    record = mute(aws, tmp_path, "errors", "off")
    assert seen == [("errors",)]  # the one that was off stays so afterwards
    assert there.enabled == {"errors": False, "off": False}
    assert record.how == muting.ACTIONS
    assert muting.end(aws, tmp_path, record, record.until) is None
    assert there.enabled == {"errors": True, "off": False}
    assert muting.of_place(tmp_path, ACCOUNT, REGION) == ()


def test_the_actions_of_a_composite_alarm_are_disabled(aws: Aws, fake: FakeAws, tmp_path: Path) -> None:
    there = OldEndpoint(errors=True, page=True)
    fake.answer = there.answer
    record = mute(aws, tmp_path, "page", "errors")
    assert record.alarms == ("page", "errors")
    assert there.enabled == {"errors": False, "page": False}
    muting.end(aws, tmp_path, record, record.until)
    assert there.enabled == {"errors": True, "page": True}


def test_a_read_only_process_neither_mutes_nor_unmutes(
    aws: Aws, fake: FakeAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = OldEndpoint(errors=True)
    fake.answer = there.answer
    record = mute(aws, tmp_path, "errors")
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    with pytest.raises(ReadOnly):
        muting.lift(aws, tmp_path, record)
    with pytest.raises(ReadOnly):
        mute(aws, tmp_path, "errors")
    assert there.enabled == {"errors": False} and len(muting.of_place(tmp_path, ACCOUNT, REGION)) == 1


def test_what_a_killed_process_left_is_lifted_when_it_is_due(aws: Aws, fake: FakeAws, tmp_path: Path) -> None:
    there = OldEndpoint(errors=True)
    fake.answer = there.answer
    record = mute(aws, tmp_path, "errors")
    assert muting.lift_overdue(aws, tmp_path, ACCOUNT) == ()
    assert there.enabled == {"errors": False}  # not yet
    records.write(tmp_path, replace(record, until=datetime.now(UTC) - timedelta(seconds=1)))
    there.refuse = ("EnableAlarmActions",)
    (problem,) = muting.lift_overdue(aws, tmp_path, ACCOUNT)
    assert "errors are still disabled" in problem
    there.refuse = ()
    assert muting.lift_overdue(aws, tmp_path, "999999999999") == ()  # of another account
    assert there.enabled == {"errors": False}
    assert muting.lift_overdue(aws, tmp_path, ACCOUNT) == ()
    assert there.enabled == {"errors": True}


def test_the_resumption_of_a_killed_run_mutes_again(aws: Aws, fake: FakeAws, tmp_path: Path) -> None:
    there = OldEndpoint(errors=True)
    fake.answer = there.answer
    mute(aws, tmp_path, "errors")
    again = mute(aws, tmp_path, "errors")
    assert again.alarms == ("errors",)
    muting.end(aws, tmp_path, again, again.until)
    assert there.enabled == {"errors": True}


def test_a_renewal_that_fails_is_tried_again_and_said(aws: Aws, fake: FakeAws, tmp_path: Path) -> None:
    calls: list[str] = []

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        calls.append(operation)
        if operation == "PutAlarmMuteRule" and 1 < calls.count(operation) < 4:
            raise Refusal("InternalFailure", "not now", 500)
        return {}

    fake.answer = answer
    record = mute(aws, tmp_path, "errors", seconds=60)
    problems = set()
    with muting.MutingRenewal(aws, tmp_path, record, record.began + timedelta(hours=1), every_s=0.02) as renewal:
        while renewal.record.until == record.until:
            problems.add(renewal.problem)
    assert any("not now" in problem for problem in problems)
    assert renewal.problem == ""


def test_a_refusal_mutes_nothing_and_leaves_no_record(aws: Aws, fake: FakeAws, tmp_path: Path) -> None:
    there = OldEndpoint(errors=True)
    fake.answer = there.answer
    there.code = "AccessDenied"
    with pytest.raises(AwsError, match="PutAlarmMuteRule"):
        mute(aws, tmp_path, "errors")
    assert there.enabled == {"errors": True}
    there.code, there.refuse = "InvalidAction", ("DisableAlarmActions",)
    with pytest.raises(AwsError, match="DisableAlarmActions"):
        mute(aws, tmp_path, "errors")
    assert muting.of_place(tmp_path, ACCOUNT, REGION) == ()


def test_a_damaged_record_is_left_out(tmp_path: Path) -> None:
    (tmp_path / records.FOLDER).mkdir()
    (tmp_path / records.FOLDER / "x.json").write_text("{")
    (tmp_path / records.FOLDER / "y.json").write_text(json.dumps({"id": 3}))
    assert muting.of_place(tmp_path, ACCOUNT, REGION) == ()


def _source(aws: Aws) -> Any:
    return SimpleNamespace(aws=aws, workload=SimpleNamespace(account=ACCOUNT))


def _plan(*alarms: str) -> Any:
    return SimpleNamespace(id="20261129T080000-abcd", mutes=alarms, mute_s=900.0)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPS_HOME", str(tmp_path))
    monkeypatch.setattr(redrives, "state_folder", lambda _: tmp_path)  # the fake's endpoint is taken for a twin
    return tmp_path


def test_a_redrive_that_may_not_mute_runs_and_says_so(aws: Aws, fake: FakeAws, home: Path) -> None:
    there = OldEndpoint(errors=True)
    there.code = "AccessDenied"
    fake.answer = there.answer
    with redrives.muted_alarms(_source(aws), _plan("errors"), "oncall") as muted:
        assert "not muted" in muted.problems[0]
    with redrives.muted_alarms(_source(aws), _plan(), "oncall") as muted:
        assert muted.problems == muted.notes == []


def test_a_redrive_unmutes_though_it_fails(aws: Aws, fake: FakeAws, home: Path) -> None:
    there = OldEndpoint(errors=True)
    fake.answer = there.answer
    with pytest.raises(KeyboardInterrupt), redrives.muted_alarms(_source(aws), _plan("errors"), "oncall") as muted:
        assert there.enabled == {"errors": False}
        assert "by disabled actions: errors" in muted.notes[0]
        raise KeyboardInterrupt
    assert there.enabled == {"errors": True}
    with redrives.muted_alarms(_source(aws), _plan("errors"), "oncall") as muted:
        there.refuse = ("EnableAlarmActions",)
    assert "ops alarms unmute" in muted.problems[0]


def test_the_commands(
    aws: Aws, fake: FakeAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = OldEndpoint(errors=True)
    fake.answer = there.answer
    for name, value in {
        "OPS_TARGET": "aws", "AWS_ENDPOINT_URL": fake.endpoint, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret", "OPS_HOME": str(tmp_path),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    assert run(["alarms", "muted"]) == 0
    assert "Nothing is muted" in capsys.readouterr().out
    mute(aws, tmp_path, "errors")
    assert run(["alarms", "muted"]) == 0
    assert "redrive-1, by disabled actions, until" in capsys.readouterr().out
    assert run(["alarms", "unmute"]) == 2
    assert "Confirmation required" in capsys.readouterr().err
    with monkeypatch.context() as read_only:
        read_only.setenv("OPS_READ_ONLY", "1")
        assert run(["alarms", "unmute", "--yes"]) == UsageError.exit_code
    there.refuse = ("EnableAlarmActions",)
    assert run(["alarms", "unmute", "--yes"]) == 1
    there.refuse = ()
    assert run(["alarms", "unmute", "--yes", "--json"]) == 0
    assert there.enabled == {"errors": True}
    assert "Nothing is muted by this machine" not in capsys.readouterr().out


def test_windows() -> None:
    from ops.alarms.muting.windows import longest_window

    alarm = cloudwatch.Alarm("a", "OK", "", "", None, "", "", period_s=60, periods=15)
    assert longest_window([alarm]) == timedelta(minutes=15)
    assert longest_window([]) == timedelta(minutes=1)


@pytest.mark.parametrize(("status", "kept"), [(403, False), (500, True)])
def test_a_record_stays_while_its_rule_may_be_there(
    aws: Aws, fake: FakeAws, tmp_path: Path, status: int, kept: bool
) -> None:
    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        raise Refusal("Refused", "no", status)

    fake.answer = answer
    with pytest.raises(AwsError):
        mute(aws, tmp_path, "errors")
    assert bool(records.read_all(tmp_path)) is kept, "else nothing could lift the rule"
    now = datetime.now(UTC)
    earlier = muting.MuteRecord(
        "redrive-2", muting.RULE, ("errors",), now, now + timedelta(hours=1), ACCOUNT, REGION, "oncall"
    )
    records.write(tmp_path, earlier)
    with pytest.raises(AwsError):
        mute(aws, tmp_path, "errors", name="redrive-2")
    assert earlier in records.read_all(tmp_path), "the rule of before is still in force"
