"""Muting by an alarm mute rule, on the emulator: it holds, it is shortened at the end, and it ends by itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.alarms import muting
from ops.aws import Aws, cloudwatch
from tests.ops.twin.emulator.conftest import ACCOUNT, KEYS, REGION, Emulator, eventually

MakeAlarm = Callable[..., tuple[str, str]]
MUTE = """
import sys, time
from pathlib import Path
from ops.alarms import muting
from ops.aws import Aws
from ops.target import Target
url, key, secret, region, home, account, alarm = sys.argv[1:]
aws = Aws(Target(endpoint=url, access_key_id=key, secret_access_key=secret, region=region))
muting.mute(aws, Path(home), "redrive-killed", [alarm], seconds=600, account=account, who="oncall")
print("muted", flush=True)
time.sleep(60)
"""


def actions(aws: Aws, name: str) -> int:
    return len(cloudwatch.alarm_actions(aws, name))


def ends_at(rule: cloudwatch.AlarmMuteRule) -> datetime:
    start = datetime.strptime(rule.expression, "at(%Y-%m-%dT%H:%M)").replace(tzinfo=UTC)
    parts = re.fullmatch(r"PT(?:(\d+)H)?(\d+)M", rule.duration)
    assert parts is not None
    return start + timedelta(hours=int(parts[1] or 0), minutes=int(parts[2]))


def test_a_rule_holds_and_outlasts_the_work_by_the_alarms_window(
    aws: Aws, make_alarm: MakeAlarm, tmp_path: Path
) -> None:
    name, _ = make_alarm(EvaluationPeriods=3)
    record = muting.mute(aws, tmp_path, "redrive-1", [name], seconds=7_200, account=ACCOUNT, who="oncall")
    assert record.how == muting.RULE
    rule = cloudwatch.get_mute_rule(aws, "ops-redrive-1")
    assert (rule.status, rule.alarms, ends_at(rule)) == ("ACTIVE", (name,), record.until)
    cloudwatch.set_alarm_state(aws, name, "ALARM", "tripped")
    shorter = muting.end(aws, tmp_path, record, record.until)
    assert shorter is not None
    rule = cloudwatch.get_mute_rule(aws, "ops-redrive-1")
    assert (rule.status, ends_at(rule)) == ("ACTIVE", shorter.until)
    assert timedelta(minutes=4) < shorter.until - datetime.now(UTC) <= timedelta(minutes=6)
    assert actions(aws, name) == 0
    muting.lift(aws, tmp_path, shorter)
    eventually(lambda: actions(aws, name), 1)  # it is in ALARM still
    assert muting.of_place(tmp_path, ACCOUNT, REGION) == ()


def test_a_rule_of_a_composite_alarm_outlasts_the_windows_below_it(
    aws: Aws, emulator: Emulator, make_alarm: MakeAlarm, tmp_path: Path
) -> None:
    child, topic = make_alarm(EvaluationPeriods=15)
    put = emulator.client("cloudwatch").put_composite_alarm
    put(AlarmName=f"{child}-all", AlarmRule=f"ALARM({child})")
    put(AlarmName=f"{child}-page", AlarmRule=f"ALARM({child}-all)", AlarmActions=[topic])
    page = [f"{child}-page"]
    record = muting.mute(aws, tmp_path, "redrive-2", page, seconds=7_200, account=ACCOUNT, who="oncall")
    shorter = muting.end(aws, tmp_path, record, record.until)
    assert shorter is not None
    assert timedelta(minutes=16) < shorter.until - datetime.now(UTC) <= timedelta(minutes=18)
    muting.lift(aws, tmp_path, shorter)


def test_a_rule_is_renewed_while_the_work_goes_on_and_at_most_to_its_latest_end(
    aws: Aws, make_alarm: MakeAlarm, tmp_path: Path
) -> None:
    name, _ = make_alarm()
    record = muting.mute(aws, tmp_path, "redrive-3", [name], seconds=60, account=ACCOUNT, who="oncall")
    latest = record.began + timedelta(seconds=300)
    with muting.MutingRenewal(aws, tmp_path, record, latest, every_s=0.05) as renewal:
        eventually(lambda: renewal.record.until > record.until, True)
    assert latest <= renewal.record.until < latest + timedelta(minutes=1)
    assert ends_at(cloudwatch.get_mute_rule(aws, "ops-redrive-3")) == renewal.record.until
    assert muting.of_place(tmp_path, ACCOUNT, REGION)[0].until == renewal.record.until
    assert renewal.problem == ""
    muting.lift(aws, tmp_path, renewal.record)


def test_after_a_kill_the_rule_ends_by_itself(
    aws: Aws, emulator: Emulator, make_alarm: MakeAlarm, tmp_path: Path, repository: Path
) -> None:
    name, _ = make_alarm()
    arguments = [sys.executable, "-c", MUTE, emulator.url, *KEYS, REGION, str(tmp_path), ACCOUNT, name]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=repository)
    assert process.stdout is not None
    assert process.stdout.readline() == "muted\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=120)
    (record,) = muting.of_place(tmp_path, ACCOUNT, REGION)
    rule = cloudwatch.get_mute_rule(aws, "ops-redrive-killed")
    assert ends_at(rule) == record.until <= datetime.now(UTC) + timedelta(minutes=11)
    muting.lift(aws, tmp_path, record)
