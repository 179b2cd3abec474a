"""Alarms muted for a time, and unmuted whatever happens to the process that did it.

By an alarm mute rule, which ends by itself; where the endpoint has none, by disabling the alarms' actions, with a record on
disk that the next redrive, its resumption or ``ops alarms unmute`` sees.

⚠ Not published: whether ``at(…)`` may be the minute under way. A rule that CloudWatch calls expired at once is put again
for the next minute.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ops import access
from ops.alarms.evaluate.composite.alarm_rule import alarm_rule
from ops.alarms.evaluate.errors import AlarmError
from ops.alarms.muting import records
from ops.alarms.muting.records import ACTIONS, RULE, MuteRecord
from ops.alarms.muting.windows import SETTLING, longest_window
from ops.aws import call_effect, cloudwatch
from ops.aws.call_effect import CallEffect
from ops.aws.cloudwatch import alarm_store
from ops.aws.cloudwatch.mute_rules import UNSUPPORTED
from ops.errors import AwsError, OpsError

if TYPE_CHECKING:
    from ops.aws import Aws

MINUTE = timedelta(minutes=1)
TAGS = {"scilearn-ops:temporary": "redrive"}


def mute(
    aws: Aws, home: Path, record_id: str, alarms: Sequence[str], *, seconds: float, account: str, who: str
) -> MuteRecord:
    """Mutes ``alarms`` for ``seconds``, to the next whole minute. Needs cloudwatch:PutAlarmMuteRule and GetAlarmMuteRule, or
    DescribeAlarms, DisableAlarmActions and EnableAlarmActions. Raises OpsError: then nothing is muted by it, or its record
    stays, since the call may have been applied. Raises ReadOnly before anything is done."""
    access.ensure_may("muting alarms")
    before = next((record for record in of_place(home, account, aws.region) if record.id == record_id), None)
    if before is not None and before.how == ACTIONS:  # of a run that was killed; else they count as disabled
        lift(aws, home, before)
        before = None
    now = datetime.now(UTC)
    until = _next_minute(now + timedelta(seconds=seconds))
    record = MuteRecord(record_id, RULE, tuple(alarms), now, until, account, aws.region, who)
    records.write(home, record)
    try:
        _put_rule(aws, record)
        return record
    except AwsError as refused:
        if refused.code not in UNSUPPORTED:
            if before is not None:  # its rule is still there
                records.write(home, before)
            elif call_effect.classify(refused) is not CallEffect.UNKNOWN:
                records.remove(home, record)
            raise
    found = alarm_store.definitions_named(aws, alarms)
    enabled = tuple(name for name in alarms if name in found and found[name].get("ActionsEnabled", True))
    record = replace(record, how=ACTIONS, alarms=enabled)
    records.write(home, record)
    try:
        cloudwatch.disable_alarm_actions(aws, record.alarms)
    except OpsError:
        lift(aws, home, record)  # the call may have been applied
        raise
    return record


def extend(aws: Aws, home: Path, record: MuteRecord, until: datetime) -> MuteRecord:
    """Extends a muting. Disabled actions stay so: only their record changes."""
    longer = replace(record, until=_next_minute(until))
    if record.how == RULE:
        _put_rule(aws, longer)
    records.write(home, longer)
    return longer


def end(aws: Aws, home: Path, record: MuteRecord, latest: datetime) -> MuteRecord | None:
    """The work is over. A rule stays until the alarms' evaluation windows have passed over what it did, at most to
    ``latest``, since deleting it now would carry out the actions of alarms that are still in ALARM for that; the record
    of it is returned. A composite alarm has the windows of the alarms below it. Disabled actions are enabled: None."""
    if record.how == ACTIONS:
        lift(aws, home, record)
        return None
    below = _metric_alarms(aws, record.alarms)
    if below is None:
        return record
    return extend(aws, home, record, min(latest, datetime.now(UTC) + longest_window(below) + SETTLING))


def lift(aws: Aws, home: Path, record: MuteRecord) -> None:
    """Ends it now. The record goes once AWS has agreed. Needs cloudwatch:DeleteAlarmMuteRule or EnableAlarmActions.
    Raises ReadOnly, and what ``ops.aws`` raises."""
    access.ensure_may("unmuting alarms")
    if record.how == RULE:
        cloudwatch.delete_mute_rule(aws, rule_name(record))
    elif record.alarms:
        cloudwatch.enable_alarm_actions(aws, record.alarms)
    records.remove(home, record)


def lift_overdue(aws: Aws, home: Path, account: str) -> tuple[str, ...]:
    """Lifts what should have ended: rules that are over, whose deletion changes nothing, and disabled actions that a
    killed process left. Returns what could not be lifted, a sentence each."""
    now = datetime.now(UTC)
    failed = []
    for record in of_place(home, account, aws.region):
        if record.until <= now:
            try:
                lift(aws, home, record)
            except OpsError as error:
                if record.how == ACTIONS:
                    failed.append(f"The actions of {', '.join(record.alarms)} are still disabled: {error}")
    return tuple(failed)


def of_place(home: Path, account: str, region: str) -> tuple[MuteRecord, ...]:
    """Mutings by this machine in the account and region, oldest first."""
    return tuple(record for record in records.read_all(home) if (record.account, record.region) == (account, region))


def rule_name(record: MuteRecord) -> str:
    return f"ops-{record.id}"


def _metric_alarms(aws: Aws, names: Sequence[str]) -> list[cloudwatch.Alarm] | None:
    """Metric alarms with these names, and those below composite alarms with these names, at any depth; None if a rule
    cannot be parsed."""
    asked: set[str] = set()
    found: list[cloudwatch.Alarm] = []
    waiting = list(dict.fromkeys(names))
    while waiting:
        asked.update(waiting)
        answered = alarm_store.definitions_named(aws, waiting).values()
        found += [cloudwatch.alarm_of(definition) for definition in answered if "AlarmRule" not in definition]
        try:
            below = [
                name
                for definition in answered
                if "AlarmRule" in definition
                for name in alarm_rule(definition["AlarmRule"]).alarms
            ]
        except AlarmError:
            return None
        waiting = [name for name in dict.fromkeys(below) if name not in asked]
    return found


def _put_rule(aws: Aws, record: MuteRecord) -> None:
    start = record.began.replace(second=0, microsecond=0)
    _put(aws, record, start)
    if _expired_at_once(aws, record):
        _put(aws, record, _next_minute(datetime.now(UTC)))


def _put(aws: Aws, record: MuteRecord, start: datetime) -> None:
    minutes = max(1, math.ceil((record.until - start) / MINUTE))
    cloudwatch.put_mute_rule(
        aws,
        rule_name(record),
        record.alarms,
        expression=f"at({start:%Y-%m-%dT%H:%M})",
        duration=f"PT{minutes // 60}H{minutes % 60}M" if minutes >= 60 else f"PT{minutes}M",
        description=f"{record.id}, by {record.who}"[:1024],
        tags=TAGS,
    )


def _expired_at_once(aws: Aws, record: MuteRecord) -> bool:
    if record.until <= datetime.now(UTC):
        return False
    try:
        return cloudwatch.get_mute_rule(aws, rule_name(record)).status == "EXPIRED"
    except AwsError:
        return False


def _next_minute(at: datetime) -> datetime:
    floor = at.replace(second=0, microsecond=0)
    return floor if floor == at else floor + MINUTE
