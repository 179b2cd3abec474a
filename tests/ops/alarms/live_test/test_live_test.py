"""An alarm driven through to a temporary subscriber, on the emulator; and what is left when that ends early."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.alarms import live_test
from ops.alarms.live_test import leftovers, reasons
from ops.aws import Aws, cloudwatch
from ops.aws.sns import temporary_subscriber
from ops.cli.app import run
from ops.errors import UsageError
from tests.ops.twin.emulator.conftest import KEYS, REGION, Emulator

MakeAlarm = Callable[..., tuple[str, str]]
NOBODY = {"Version": "2012-10-17", "Statement": []}
DRIVE = """
import sys
from ops.alarms import live_test
from ops.aws import Aws
from ops.target import Target
url, key, secret, region, alarm, wait = sys.argv[1:]
aws = Aws(Target(endpoint=url, access_key_id=key, secret_access_key=secret, region=region))
plan = live_test.plan_test(aws, alarm)
live_test.run_test(aws, plan, wait_s=float(wait), progress=lambda text: print(text, flush=True))
"""


def nothing_is_left(aws: Aws) -> bool:
    return not temporary_subscriber.queues(aws) and not temporary_subscriber.subscriptions(aws)


def test_a_notification_that_arrives(aws: Aws, make_alarm: MakeAlarm) -> None:
    name, topic = make_alarm()
    plan = live_test.plan_test(aws, name)
    assert plan.subscribers == ("email oncall@example.com",)
    steps: list[str] = []
    result = live_test.run_test(aws, plan, wait_s=30, progress=steps.append)
    assert result.passed
    assert [arrival.topic for arrival in result.arrivals] == [topic]
    assert "was set back" in result.afterwards
    assert any("Making the temporary queue" in step for step in steps)
    assert nothing_is_left(aws)
    assert cloudwatch.find_alarm(aws, name).state == plan.state  # it keeps its state while data is missing


def test_nothing_arrives_through_a_topic_that_refuses_cloudwatch(aws: Aws, make_alarm: MakeAlarm) -> None:
    name, _ = make_alarm(policy=NOBODY)
    plan = live_test.plan_test(aws, name)
    result = live_test.run_test(aws, plan, wait_s=2)
    assert not result.passed
    assert not result.stopped
    assert "is not authorized to perform: SNS:Publish" in result.failures[0].error
    assert result.plan.delivery.actions[0].publish.statement is not None
    assert nothing_is_left(aws)


def test_a_composite_alarm_is_set_back(aws: Aws, emulator: Emulator, make_alarm: MakeAlarm) -> None:
    child, topic = make_alarm()
    name = f"{child}-page"
    emulator.client("cloudwatch").put_composite_alarm(AlarmName=name, AlarmRule=f"ALARM({child})", AlarmActions=[topic])
    plan = live_test.plan_test(aws, name)
    assert live_test.run_test(aws, plan, wait_s=30).passed
    assert cloudwatch.find_alarm(aws, name).state == plan.state != "ALARM"


def test_what_cannot_notify_is_not_driven(aws: Aws, emulator: Emulator, make_alarm: MakeAlarm) -> None:
    silent, _ = make_alarm(ActionsEnabled=False)
    plan = live_test.plan_test(aws, silent)
    assert "enable-alarm-actions" in plan.blocked
    with pytest.raises(UsageError, match="was not tested"):
        live_test.run_test(aws, plan)
    muted, _ = make_alarm()
    schedule = {"Expression": "cron(* * * * *)", "Duration": "PT2M"}
    emulator.client("cloudwatch").put_alarm_mute_rule(
        Name=muted, Rule={"Schedule": schedule}, MuteTargets={"AlarmNames": [muted]}
    )
    assert f"muted by mute rule {muted}" in live_test.plan_test(aws, muted).blocked
    firing, _ = make_alarm()
    cloudwatch.set_alarm_state(aws, firing, "ALARM", "really")
    with pytest.raises(UsageError, match="is in ALARM already"):
        live_test.plan_test(aws, firing)
    cloudwatch.set_alarm_state(aws, silent, "ALARM", reasons.reason("ops-alarm-test-x", "OK"))
    with pytest.raises(UsageError, match="still in ALARM from a test"):
        live_test.plan_test(aws, silent)


def test_stopped_early_it_cleans_up(aws: Aws, make_alarm: MakeAlarm) -> None:
    name, _ = make_alarm(policy=NOBODY)
    result = live_test.run_test(aws, live_test.plan_test(aws, name), wait_s=60, stop=lambda: True)
    assert result.stopped
    assert "was not set to ALARM" in result.afterwards
    assert cloudwatch.find_alarm(aws, name).state != "ALARM"
    assert nothing_is_left(aws)


@pytest.fixture
def driving(emulator: Emulator, repository: Path) -> Callable[[str], subprocess.Popen[str]]:
    def start(alarm: str) -> subprocess.Popen[str]:
        """A process that waits for a notification that does not come."""
        arguments = [sys.executable, "-c", DRIVE, emulator.url, *KEYS, REGION, alarm, "60"]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=repository)
        assert process.stdout is not None
        while "Waiting" not in process.stdout.readline():
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
        return process

    return start


def test_an_interrupt_cleans_up(
    aws: Aws, make_alarm: MakeAlarm, driving: Callable[[str], subprocess.Popen[str]]
) -> None:
    name, _ = make_alarm(policy=NOBODY)
    process = driving(name)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert "KeyboardInterrupt" in err
    assert nothing_is_left(aws)


def test_what_a_killed_test_left_is_removed_when_it_is_old(
    aws: Aws, emulator: Emulator, make_alarm: MakeAlarm, driving: Callable[[str], subprocess.Popen[str]]
) -> None:
    child, topic = make_alarm(policy=NOBODY)
    name = f"{child}-page"
    emulator.client("cloudwatch").put_composite_alarm(AlarmName=name, AlarmRule=f"ALARM({child})", AlarmActions=[topic])
    before = cloudwatch.find_alarm(aws, name).state
    process = driving(name)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=120)
    assert not nothing_is_left(aws)
    assert live_test.remove_leftovers(aws) == ()  # it may still run
    time.sleep(1.1)  # names have whole seconds
    done = live_test.remove_leftovers(aws, timedelta(0))
    assert len(done) == 3
    assert nothing_is_left(aws)
    assert cloudwatch.find_alarm(aws, name).state == before


def test_only_queues_of_its_own_names_are_deleted(aws: Aws) -> None:
    made = datetime(2026, 11, 29, 7, 30, tzinfo=UTC)
    name = temporary_subscriber.new_name(made)
    assert temporary_subscriber.made_at(name) == made
    for other in ("orders", "ops-alarm-test-orders", f"{name}-x", name.replace("2026", "9999")[:-1]):
        with pytest.raises(ValueError, match="is not a temporary queue"):
            temporary_subscriber.delete(aws, other)
    assert leftovers.MIN_AGE.total_seconds() > live_test.MAX_WAIT_S


def test_read_only(aws: Aws, make_alarm: MakeAlarm, monkeypatch: pytest.MonkeyPatch) -> None:
    name, _ = make_alarm()
    plan = live_test.plan_test(aws, name)
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    with pytest.raises(UsageError, match="OPS_READ_ONLY"):
        live_test.run_test(aws, plan)
    with pytest.raises(UsageError, match="OPS_READ_ONLY"):
        live_test.remove_leftovers(aws)


@pytest.fixture
def ops(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    for name, value in {
        "OPS_TARGET": "aws", "AWS_ENDPOINT_URL": emulator.url, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": KEYS[0],
        "AWS_SECRET_ACCESS_KEY": KEYS[1],
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["alarms", "test", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_the_command(ops: Callable[..., tuple[int, str, str]], make_alarm: MakeAlarm) -> None:
    name, _ = make_alarm()
    code, _, err = ops(name)
    assert code == 2
    assert "Confirmation required" in err
    code, out, err = ops(name, "--yes", "--wait", "30")
    assert code == 0, err
    assert "Arrived from topic" in out
    assert "SNS also sent it to 1 existing subscriber; AWS does not show whether they read it." in " ".join(out.split())
    refusing, _ = make_alarm(policy=NOBODY)
    code, out, _ = ops(refusing, "--yes", "--wait", "2")
    assert code == 1
    assert "Nothing arrived from topic" in out
    assert "Add to the policy of" in out
    silent, _ = make_alarm(ActionsEnabled=False)
    code, out, _ = ops(silent, "--yes")
    assert (code, "was not tested" in out) == (1, True)
    other, _ = make_alarm()
    code, out, _ = ops(other, "--yes", "--json", "--wait", "30")
    answer = json.loads(out)
    assert (code, answer["passed"], answer["leftovers"]) == (0, True, [])
    assert ops("--clean-up")[1].strip() == "Nothing was left behind."
    assert "Which alarm?" in ops()[2]
