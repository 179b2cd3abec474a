"""What begins in earnest during a test is not hidden by the end of the test, on the emulator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ops.alarms import live_test
from ops.alarms.live_test import reasons
from ops.aws import Aws, cloudwatch
from ops.aws.sns import temporary_subscriber
from ops.errors import AwsError
from tests.ops.twin.emulator.conftest import Emulator, eventually

MakeAlarm = Callable[..., tuple[str, str]]


@pytest.fixture
def composite(emulator: Emulator, make_alarm: MakeAlarm) -> tuple[str, str]:
    """Its name and that of its child."""
    child, topic = make_alarm()
    name = f"{child}-page"
    emulator.client("cloudwatch").put_composite_alarm(AlarmName=name, AlarmRule=f"ALARM({child})", AlarmActions=[topic])
    return name, child


def pages(aws: Aws, name: str) -> int:
    return len(cloudwatch.alarm_actions(aws, name))


def run(aws: Aws, name: str, meanwhile: Callable[[], object]) -> live_test.AlarmTestResult:
    """``meanwhile``: what happens once the alarm is in ALARM."""

    def progress(text: str) -> None:
        if "Waiting" in text:
            meanwhile()

    return live_test.run_test(aws, live_test.plan_test(aws, name), wait_s=30, progress=progress)


def test_a_child_that_fires_during_the_test_still_pages(aws: Aws, composite: tuple[str, str]) -> None:
    name, child = composite
    result = run(aws, name, lambda: cloudwatch.set_alarm_state(aws, child, "ALARM", "really"))
    after = cloudwatch.find_alarm(aws, name)
    assert after.state == "ALARM"
    assert not reasons.of_a_test(after.reason)
    eventually(lambda: pages(aws, name), 2)  # of the test, and in earnest
    assert f"{name} is in ALARM in earnest" in result.afterwards
    assert child in result.afterwards
    cloudwatch.set_alarm_state(aws, child, "OK", "over")
    assert cloudwatch.find_alarm(aws, name).state == "OK"


def test_a_child_that_fires_after_a_killed_test_pages_at_the_clean_up(aws: Aws, composite: tuple[str, str]) -> None:
    name, child = composite
    made = temporary_subscriber.new_name(datetime.now(UTC) - timedelta(hours=1))
    cloudwatch.set_alarm_state(aws, name, "ALARM", reasons.reason(made, "OK"))
    cloudwatch.set_alarm_state(aws, child, "ALARM", "really")
    assert any(f"{name} is in ALARM in earnest" in line for line in live_test.remove_leftovers(aws))
    assert cloudwatch.find_alarm(aws, name).state == "ALARM"
    eventually(lambda: pages(aws, name), 2)


def test_children_that_cannot_be_read_leave_it_in_alarm(
    aws: Aws, composite: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> dict[str, object]:
        raise AwsError("You may not call cloudwatch:DescribeAlarms.")

    monkeypatch.setattr("ops.aws.cloudwatch.alarm_store.definitions_named", refused)
    result = run(aws, composite[0], lambda: None)
    assert cloudwatch.find_alarm(aws, composite[0]).state == "ALARM"
    assert "DescribeAlarms" in result.leftovers[0]


def test_an_alarm_with_data_is_left_to_cloudwatch(aws: Aws, emulator: Emulator, make_alarm: MakeAlarm) -> None:
    name, _ = make_alarm()
    point = {"MetricName": name, "Value": 5.0, "Timestamp": datetime.now(UTC) - timedelta(seconds=70)}
    put = emulator.client("cloudwatch").put_metric_data
    result = run(aws, name, lambda: put(Namespace="Test", MetricData=[point]))
    assert cloudwatch.find_alarm(aws, name).state == "ALARM"
    assert "left to CloudWatch" in result.afterwards
