"""Actions that mute alarms of the workload for a time, and unmute them.

A mute rule ends by itself, whatever happens to the run. Where the endpoint has none the alarms' actions are disabled: the
next run of a runbook, a redrive or ``ops alarms unmute`` enables them when the time is over.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ops import formatting
from ops.alarms import muting
from ops.aws import cloudwatch, sts
from ops.runbooks.actions.action import (
    ActionContext,
    Effect,
    Outputs,
    Paper,
    PlannedChange,
    Reconciliation,
    StepPreview,
    StepVerdict,
    StepVerification,
)
from ops.runbooks.actions.alarm_states import NOTIFIES, OFF, UNTIL, alarm_states, muting_of, record_id, runbook_mutings
from ops.runbooks.actions.observe.alarm_look import AlarmName
from ops.runbooks.actions.reads import NoInputs
from ops.target import state_folder

_PERMISSIONS = (
    *("cloudwatch:PutAlarmMuteRule", "cloudwatch:GetAlarmMuteRule", "cloudwatch:DeleteAlarmMuteRule"),
    *("cloudwatch:DescribeAlarms", "cloudwatch:DisableAlarmActions", "cloudwatch:EnableAlarmActions"),
    "sts:GetCallerIdentity",
)
_ON_PAPER = "runbook-mute-"
_DELETE = "aws cloudwatch delete-alarm-mute-rule --alarm-mute-rule-name $MUTE"


class MuteInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``alarms``: names of alarms of the workload, such as those in ALARM; ``minutes``: for how long, at most 12 hours."""

    alarms: Annotated[tuple[AlarmName, ...], Meta(max_length=100)]
    minutes: Annotated[int, Meta(ge=1, le=720)] = 60


class _Muting:
    """What both actions share."""

    effect = Effect.CHANGE
    permissions = _PERMISSIONS
    sets: tuple[str, ...] = ()
    deadline_s = 120.0

    def _mute(self, context: ActionContext, alarms: Sequence[str], seconds: float) -> muting.MuteRecord:
        return muting.mute(
            context.aws,
            state_folder(context.aws.target),
            record_id(context, alarms),
            alarms,
            seconds=seconds,
            account=context.workload.account,
            who=sts.caller_identity(context.aws).arn,
        )

    def _lift(self, context: ActionContext, records: Sequence[muting.MuteRecord]) -> None:
        for record in records:
            muting.lift(context.aws, state_folder(context.aws.target), record)

    def _mute_again(self, context: ActionContext, changes: tuple[PlannedChange, ...]) -> None:
        for until, some in _to_mute_again(context, changes).items():
            left = (until - datetime.now(UTC)).total_seconds() - 30  # a muting ends with the minute: with this one
            self._mute(context, [change.what.removeprefix("alarm ") for change in some], left)


class Mute(_Muting):
    name = "alarms.mute"
    summary = "Mute alarms of the workload for a time; their states go on"
    inputs = MuteInputs
    outputs = ("alarms", "until", "how")

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        schedule = f"Expression=at($(date -u +%Y-%m-%dT%H:%M)),Duration=PT{values.get('minutes', 60)}M,Timezone=UTC"
        targets = shlex.quote(f"AlarmNames={values['alarms']}")
        put = (
            f'aws cloudwatch put-alarm-mute-rule --name $MUTE --rule "Schedule={{{schedule}}}" --mute-targets {targets}'
        )
        return Paper(
            (f"MUTE={_ON_PAPER}$(date -u +%Y%m%dT%H%M%S)  # a name that no other mute rule has", put), (_DELETE,)
        )

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview:
        states = alarm_states(context, inputs.alarms)
        after = f"muted for {inputs.minutes} min"
        changes = tuple(_change(name, state, after) for name, state in states.items() if state != OFF)
        if not changes:
            return StepPreview(notes=("None of these alarms notifies; nothing to do.",))
        off = [f"{name} has its actions disabled already." for name, state in states.items() if state == OFF]
        over = sorted({arn.rpartition(":")[2] for arn in context.workload.composite_alarms} - set(inputs.alarms))
        also = [f"Composite alarm {name} is not muted, and may page for them." for name in over]
        return StepPreview(changes, (*off, *also), f"a mute rule of {inputs.minutes} min", "ops alarms unmute")

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        record = self._mute(context, inputs.alarms, inputs.minutes * 60)
        return {"alarms": list(record.alarms), "until": record.until.isoformat(), "how": record.how}

    def verify(self, context: ActionContext, inputs: Any, outputs: Outputs) -> StepVerification:
        notifying = [name for name, state in alarm_states(context, inputs.alarms).items() if state == NOTIFIES]
        if notifying:
            return StepVerification(StepVerdict.NOT_YET, f"Not muted: {', '.join(notifying)}.")
        own = muting_of(context, inputs.alarms)
        if own is None:
            return StepVerification(StepVerdict.HOLDS, "None of them notifies.")
        if own.how == muting.RULE:
            status = cloudwatch.get_mute_rule(context.aws, muting.rule_name(own)).status
            if status != "ACTIVE":
                return StepVerification(StepVerdict.NOT_YET, f"Mute rule {muting.rule_name(own)} is {status}.")
        return StepVerification(StepVerdict.HOLDS, formatting.sentence(f"{own.until.strftime(UNTIL)}, by {own.how}"))

    def reconcile(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> Reconciliation:
        states = alarm_states(context, inputs.alarms)
        now = [states.get(change.what.removeprefix("alarm ")) for change in changes]
        if all(state == change.before for state, change in zip(now, changes, strict=True)):
            return Reconciliation.NOT_DONE
        return Reconciliation.UNKNOWN if NOTIFIES in now else Reconciliation.DONE

    def preview_undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> StepPreview:
        left = self._still_to_undo(context, inputs, changes)
        if not left:
            return StepPreview(notes=("The alarms are as they were before the step; nothing to do.",))
        return StepPreview(left, ("Alarms that are still in ALARM notify at once.",), "ops alarms unmute")

    def undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> None:
        own = muting_of(context, inputs.alarms)
        self._lift(context, [own] if own else [])
        self._mute_again(context, _of_mutings(changes))

    def verify_undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> StepVerification:
        if left := self._still_to_undo(context, inputs, changes):
            return StepVerification(StepVerdict.NOT_YET, f"Not as before: {', '.join(change.what for change in left)}.")
        again = _of_mutings(changes)
        return StepVerification(StepVerdict.HOLDS, "They are muted as before." if again else "They notify again.")

    def _still_to_undo(
        self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]
    ) -> tuple[PlannedChange, ...]:
        """Changes from the current values to the earlier ones. What another muting still mutes is not this step's."""
        own = muting_of(context, inputs.alarms)
        before = {change.what: str(change.before) for change in _of_mutings(changes)}
        states = alarm_states(context, [change.what.removeprefix("alarm ") for change in changes])
        wanted = {change.what: before.get(change.what, NOTIFIES) for change in changes}
        return tuple(
            PlannedChange(what, states[what.removeprefix("alarm ")], then)
            for what, then in wanted.items()
            if states[what.removeprefix("alarm ")] != then and (own is not None or then != NOTIFIES)
        )


class Unmute(_Muting):
    name = "alarms.unmute"
    summary = "Unmute the alarms of the workload that runbooks on this machine have muted"
    inputs = NoInputs
    outputs = ("alarms",)

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        names = f'AlarmMuteRuleSummaries[?contains(AlarmMuteRuleArn, `"{_ON_PAPER}"`)].AlarmMuteRuleArn'
        return Paper(
            (
                f"aws cloudwatch list-alarm-mute-rules --statuses ACTIVE SCHEDULED --query '{names}'  # others' too: choose",
                "MUTE=NAME  # the end of its ARN, from runbook-mute- on",
                _DELETE,
            )
        )

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview:
        return _preview_lifting(runbook_mutings(context))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        records = runbook_mutings(context)
        self._lift(context, records)
        return {"alarms": [name for record in records for name in record.alarms]}

    def verify(self, context: ActionContext, inputs: Any, outputs: Outputs) -> StepVerification:
        left = [name for record in runbook_mutings(context) for name in record.alarms]
        if left:
            return StepVerification(StepVerdict.NOT_YET, f"Still muted: {', '.join(left)}.")
        return StepVerification(StepVerdict.HOLDS, "No alarm of the workload is muted by a runbook.")

    def reconcile(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> Reconciliation:
        return Reconciliation.NOT_DONE if runbook_mutings(context) else Reconciliation.DONE

    def preview_undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> StepPreview:
        again = [change for names in _to_mute_again(context, changes).values() for change in names]
        return StepPreview(
            tuple(PlannedChange(change.what, change.after, change.before) for change in again),
            undo="ops alarms unmute" if again else "",
        )

    def undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> None:
        self._mute_again(context, changes)

    def verify_undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> StepVerification:
        if _to_mute_again(context, changes):
            return StepVerification(StepVerdict.NOT_YET, "They are not muted again.")
        return StepVerification(StepVerdict.HOLDS, "They are muted as before, or their time is over.")


def _change(alarm: str, before: str, after: str) -> PlannedChange:
    return PlannedChange(f"alarm {alarm}", before, after)


def _preview_lifting(records: Sequence[muting.MuteRecord]) -> StepPreview:
    if not records:
        return StepPreview(notes=("No alarm of the workload is muted by a runbook; nothing to do.",))
    changes = [_change(name, record.until.strftime(UNTIL), NOTIFIES) for record in records for name in record.alarms]
    return StepPreview(
        tuple(dict.fromkeys(changes)), ("Alarms that are still in ALARM notify at once.",), "ops alarms unmute"
    )


def _of_mutings(changes: tuple[PlannedChange, ...]) -> tuple[PlannedChange, ...]:
    """Changes of alarms that were muted before, and would still be."""
    return tuple(
        change for change in changes if (until := _muted_until(str(change.before))) and until > datetime.now(UTC)
    )


def _muted_until(state: str) -> datetime | None:
    try:
        return datetime.strptime(state, UNTIL).replace(tzinfo=UTC)
    except ValueError:
        return None


def _to_mute_again(context: ActionContext, changes: tuple[PlannedChange, ...]) -> dict[datetime, list[PlannedChange]]:
    """Alarms to mute again, by the end of their muting, if it is still to come and they are not muted."""
    states = alarm_states(context, [change.what.removeprefix("alarm ") for change in changes])
    found: dict[datetime, list[PlannedChange]] = {}
    for change in changes:
        until = _muted_until(str(change.before))
        if until is not None and until > datetime.now(UTC) and states[change.what.removeprefix("alarm ")] == NOTIFIES:
            found.setdefault(until, []).append(change)
    return found
