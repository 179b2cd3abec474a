"""Actions on dead letters, by the engine behind ``ops dlq``: scan, explain, plan, redrive in stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ops import formatting
from ops.aws.call import ApiCall
from ops.deadletters import causes, plans
from ops.deadletters.outcomes import late_outcomes
from ops.deadletters.plan_model import Selection, Steps
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.scan.scan import DEFAULT_LIMIT, scan_queue
from ops.deadletters.snapshot import Snapshot
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
    """For a preview: which messages a cause has in the snapshot, a sentence each. ``cause``: as of ``Selection``; none
    for an empty one. The texts are untrusted."""
    if not cause:
        return ()
    with Snapshot.open(source) as snapshot:
        groups = [each for each in snapshot.groups() if each.fingerprint.startswith(cause) or each.error_type == cause]
    return tuple(
        f"Cause {each.fingerprint}, {formatting.count(each.messages, 'message')}: "
        f"{causes.cause_in_words(each.error_type, each.label, each.source, likely=each.likely)}."
        for each in groups
        if each.fingerprint
    )


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
            "lines": [
                f"{cause['id'] or 'no cause'}: {cause['label']}, {formatting.count(cause['messages'], 'message')}, "
                f"fixed: {cause['fixed'] or 'unknown'}"
                for cause in found
            ],
        }


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
