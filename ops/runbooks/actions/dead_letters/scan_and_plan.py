"""Actions that scan the dead-letter queue, explain its messages and plan a redrive, with the engine behind ``ops dlq``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ops import clock, formatting
from ops.aws.call import ApiCall
from ops.aws.sqs import Queue
from ops.deadletters import causes, plans
from ops.deadletters.causes import fix_status, redrive_evidence
from ops.deadletters.outcomes import late_outcomes
from ops.deadletters.plan_model import Selection, Steps
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.scan.scan import DEFAULT_LIMIT, scan_queue
from ops.deadletters.snapshot import Snapshot
from ops.deadletters.snapshot.grouping import CauseGroup, cause_fingerprints
from ops.runbooks.actions.action import (
    ActionContext,
    Effect,
    Outputs,
    Paper,
    StepPreview,
)
from ops.runbooks.actions.reads import NoInputs, Repeatable

Stage = Annotated[str, Meta(pattern=r"^\d{1,9}(\.\d+)?%?$")]
LEASE = ("sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes")


def cause_notes(source: DeadLetterQueue, cause: str) -> tuple[str, ...]:
    """Notes for a preview: one sentence for each cause, with the messages that the snapshot has of it. ``cause``: as in
    ``Selection``; an empty one gives none. The texts are untrusted."""
    if not cause:
        return ()
    with Snapshot.open(source) as snapshot:
        groups = [each for each in snapshot.groups() if each.fingerprint.startswith(cause) or each.error_type == cause]
    return tuple(_cause_note(each, each.messages) for each in groups if each.fingerprint)


def notes_by_cause(source: DeadLetterQueue, message_ids: Sequence[str]) -> tuple[str, ...]:
    """Notes for the preview of a deletion: one sentence for each cause of these messages, the most frequent first, with
    their number and whether the cause is fixed. The texts are untrusted."""
    with Snapshot.open(source) as snapshot:
        groups = {each.fingerprint: each for each in snapshot.groups()}
        verdicts = redrive_evidence.current_fix_status(source, snapshot, groups.values(), clock.now_utc())
        marks = cause_fingerprints(snapshot, message_ids)
    counted = Counter(marks.get(each, "") for each in message_ids)
    return tuple(
        _cause_note(groups[mark], number) + _may_succeed(verdicts[mark].verdict)
        if mark in groups and mark
        else f"No known cause: {formatting.count(number, 'message')}."
        for mark, number in counted.most_common()
    )


def _cause_note(group: CauseGroup, messages: int) -> str:
    words = causes.cause_in_words(group.error_type, group.label, group.source, likely=group.likely)
    return f"Cause {group.fingerprint}, {formatting.count(messages, 'message')}: {words}."


def _in_words(group: Mapping[Hashable, Any]) -> str:
    texts = (str(group[name]) for name in ("error_type", "label", "source"))
    return causes.cause_in_words(*texts, likely=bool(group["likely"]))


def _may_succeed(verdict: str) -> str:
    if verdict in (fix_status.DEPLOYED, fix_status.SUCCEEDS):
        return f" Fixed? {verdict}: redrive them instead, unless they are invalid."
    return ""


class ScanInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limit: Annotated[int, Meta(ge=1, le=10_000_000)] = DEFAULT_LIMIT


class PlanInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``cause``: an ID of ``dlq.explain``, or an error type. ``stages``: cumulative counts and shares, up to 100%."""

    cause: Annotated[str, Meta(min_length=1, max_length=200)]
    stages: tuple[Stage, ...] = Steps().sizes
    patience: Annotated[int, Meta(ge=1, le=86_400)] = 900


class Scan(Repeatable):
    name = "dlq.scan"
    summary = "Read the dead-letter queue into the snapshot; every message is released"
    effect = Effect.TRACE
    inputs: type[msgspec.Struct] = ScanInputs
    outputs = ("messages", "new", "complete")
    permissions: tuple[str, ...] = LEASE

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        parameters = {"QueueUrl": "$DLQ_URL", "MaxNumberOfMessages": 10, "VisibilityTimeout": 30}
        attributes = {"MessageAttributeNames": ["All"], "AttributeNames": ["All"]}
        return Paper((ApiCall("sqs", "ReceiveMessage", parameters | attributes).command(),))

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview:
        return StepPreview(notes=("Each receive count rises by one; messages are hidden from others during the scan.",))

    def source(self, context: ActionContext) -> DeadLetterQueue:
        return context.open_dlq()

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        source = self.source(context)
        with context.interruptible() as stop:
            result = scan_queue(source, inputs.limit, stop=stop)
        late_outcomes.record_late_outcomes(source)
        return {"messages": result.messages, "new": result.new, "complete": result.complete}


class Explain(Repeatable):
    name = "dlq.explain"
    summary = "Find the failure causes of the messages in the snapshot"
    effect = Effect.TRACE
    inputs = NoInputs
    outputs = ("causes", "largest", "largest_messages", "largest_fixed", "messages", "lines")
    permissions = ("logs:StartQuery", "logs:GetQueryResults", "cloudwatch:GetMetricData")

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        parameters = {"logGroupName": "/aws/lambda/$FN", "filterPattern": '"MESSAGE_ID"'}
        return Paper((ApiCall("logs", "FilterLogEvents", parameters).command("events[].message"),))

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview:
        return StepPreview(notes=("Logs Insights queries are billed by the data that they scan.",))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        source = context.open_dlq()
        causes.explain_causes(source, context.progress)
        groups = causes.report_causes(source).groups.to_dict("records")
        found: list[dict[str, Any]] = [
            {
                "id": str(group["fingerprint"]),
                "label": str(group["label"]),
                "messages": int(group["letters"]),
                "fixed": str(group["fixed"]),
            }
            for group in groups
        ]
        first = next((cause for cause in found if cause["id"]), None)
        return {
            "causes": found,
            "largest": first["id"] if first else None,
            "largest_messages": first["messages"] if first else 0,
            "largest_fixed": first["fixed"] if first else None,
            "messages": sum(cause["messages"] for cause in found),
            "lines": ["No message is in the queue."]
            if not found
            else [
                f"{cause['id'] or 'no cause'}: {words}, {formatting.count(cause['messages'], 'message')}, "
                f"fixed: {cause['fixed'] or 'unknown'}"
                for cause, words in zip(found, map(_in_words, groups), strict=True)
            ],
        }


class ScanAndExplain(Repeatable):
    """What changed in the queue since a scan: read and explained in one step."""

    name = "dlq.scan-and-explain"
    summary = "Read the dead-letter queue again and find the failure causes; every message is released"
    effect = Effect.TRACE
    inputs: type[msgspec.Struct] = ScanInputs
    outputs = ("new", "complete", *Explain.outputs)
    permissions = (*LEASE, *Explain.permissions)

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        return Paper((*Scan().paper(values).commands, *Explain().paper(values).commands))

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview:
        notes = (*Scan().preview(context, inputs).notes, *Explain().preview(context, inputs).notes)
        return StepPreview(notes=(*notes, *_late_arrivals(context.workload.queue)))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        scanned = Scan().execute(context, inputs)
        explained = Explain().execute(context, NoInputs())
        return {"new": scanned["new"], "complete": scanned["complete"], **explained}


def _late_arrivals(queue: Queue) -> tuple[str, ...]:
    if not queue.max_receive_count:
        return ()
    within = formatting.duration(queue.max_receive_count * queue.visibility_s)
    receives = formatting.count(queue.max_receive_count, "receive")
    return (f"Jobs that were sent before a fix and still fail may arrive for another {within} ({receives}).",)


class MakePlan(Repeatable):
    name = "dlq.plan"
    summary = "Plan a redrive of one cause; nothing is sent"
    effect = Effect.TRACE
    inputs = PlanInputs
    outputs = ("plan", "messages", "warnings", "engine")
    permissions = (
        *("sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:ListMessageMoveTasks"),
        *("cloudwatch:DescribeAlarms", "sts:GetCallerIdentity"),
    )

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        return Paper(
            (f"# With ops: ops dlq plan --cause {values['cause']}. The AWS CLI has no plan: go to the next step.",)
        )

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview:
        return StepPreview(notes=cause_notes(context.open_dlq(), inputs.cause))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        source = context.open_dlq()
        steps = Steps(sizes=inputs.stages, patience_s=float(inputs.patience))
        plan = plans.make_plan(source, Selection(cause=inputs.cause), steps=steps)
        plans.save_plan(source, plan)
        return {
            "plan": plan.id,
            "messages": len(plan.ids),
            "warnings": list(plan.warnings),
            "engine": plan.engine,
        }
