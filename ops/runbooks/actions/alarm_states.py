"""Which alarms of the workload notify, which are muted by a runbook of this machine, and until when."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from ops.alarms import muting
from ops.aws import cloudwatch
from ops.aws.cloudwatch import alarm_store
from ops.errors import NotFound, OpsError, UsageError
from ops.runbooks.actions.action import ActionContext
from ops.target import state_folder

NOTIFIES, OFF = "notifies", "actions disabled"
UNTIL = "muted until %Y-%m-%d %H:%M UTC"
_PREFIX = "runbook-"


def alarm_states(context: ActionContext, alarms: Sequence[str]) -> dict[str, str]:
    """For each alarm: NOTIFIES, OFF, or until when a runbook has muted it. Raises UsageError for one that is not the
    workload's, or does not exist."""
    composites = {arn.rpartition(":")[2] for arn in context.workload.composite_alarms}
    foreign = [name for name in alarms if name not in {*context.workload.alarms, *composites}]
    if foreign:
        raise UsageError(
            f"{', '.join(foreign)} is not an alarm of {context.workload.name}.", "See its alarms: ops status."
        )
    found = alarm_store.definitions_named(context.aws, list(alarms))
    if gone := [name for name in alarms if name not in found]:
        raise UsageError(f"There is no alarm {', '.join(gone)}.", "See the alarms: ops status.")
    muted = {name: record.until.strftime(UNTIL) for record in runbook_mutings(context) for name in record.alarms}
    return {name: muted.get(name) or (NOTIFIES if found[name].get("ActionsEnabled", True) else OFF) for name in alarms}


def runbook_mutings(context: ActionContext) -> list[muting.MuteRecord]:
    """Mutings by runbooks that are in force, of alarms of this workload."""
    composites = {arn.rpartition(":")[2] for arn in context.workload.composite_alarms}
    ours = {*context.workload.alarms, *composites}
    home = state_folder(context.aws.target)
    records = muting.of_place(home, context.workload.account, context.aws.region)
    return [
        record
        for record in records
        if record.id.startswith(_PREFIX) and ours.intersection(record.alarms) and _in_force(context, record)
    ]


def muting_of(context: ActionContext, alarms: Sequence[str]) -> muting.MuteRecord | None:
    wanted = record_id(context, alarms)
    return next((record for record in runbook_mutings(context) if record.id == wanted), None)


def _in_force(context: ActionContext, record: muting.MuteRecord) -> bool:
    if record.how == muting.ACTIONS:
        return True  # until someone enables them, whatever its end
    if record.until <= datetime.now(UTC):
        return False
    try:
        return cloudwatch.get_mute_rule(context.aws, muting.rule_name(record)).status != "EXPIRED"
    except NotFound:
        return False


def record_id(context: ActionContext, alarms: Sequence[str]) -> str:
    """The same for the same alarms, so that muting them again changes the rule that is there."""
    text = "\n".join((context.workload.queue.arn, *sorted(set(alarms))))
    return f"{_PREFIX}{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def lift_overdue(context: ActionContext) -> tuple[str, ...]:
    """Unmute what should have ended, such as after a killed run. Returns what could not be unmuted, a sentence each."""
    try:
        return muting.lift_overdue(context.aws, state_folder(context.aws.target), context.workload.account)
    except OpsError as error:
        return (str(error),)
