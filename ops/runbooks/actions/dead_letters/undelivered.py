"""Actions on asynchronous events that Lambda gave up: read their records, and invoke the function with them again.

The queue is the function's own on-failure destination or dead-letter target, never one that a step names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.aws.call import ApiCall
from ops.deadletters import plans
from ops.deadletters.plan_model import Selection, Steps
from ops.deadletters.queue import DeadLetterQueue, open_queue
from ops.errors import UsageError
from ops.runbooks.actions.action import ActionContext, Effect, Outputs, Paper
from ops.runbooks.actions.dead_letters.redrive import Redrive
from ops.runbooks.actions.dead_letters.scan_and_plan import LEASE, Scan, ScanInputs
from ops.runbooks.actions.observe.consumers import async_destination
from ops.runbooks.actions.reads import NoInputs, Repeatable

_READS = ("lambda:ListFunctionEventInvokeConfigs", "sqs:GetQueueUrl")


def _open(context: ActionContext) -> DeadLetterQueue:
    """Raises UsageError where what Lambda gives up is not kept in a queue."""
    target = async_destination(context)
    if target is None or ":sqs:" not in target:
        raise UsageError(
            f"Events that Lambda gives up go to {target or 'nothing'}, which is not a queue: there is nothing to read.",
            "Look at it yourself, or ask the callers to send the events again.",
        )
    return open_queue(context.aws, context.workload, target)


class ScanUndelivered(Scan):
    name = "undelivered.scan"
    summary = "Read the records of events that Lambda gave up into the snapshot; every record is released"
    inputs = NoInputs
    sets = ("UNDELIVERED_URL",)
    permissions = (*LEASE, *_READS)

    def source(self, context: ActionContext) -> DeadLetterQueue:
        return _open(context)

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        return super().execute(context, ScanInputs())

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        receive = {"QueueUrl": "$UNDELIVERED_URL", "MaxNumberOfMessages": 10, "VisibilityTimeout": 30}
        return Paper(
            (
                "UNDELIVERED_URL=$(aws sqs get-queue-url --queue-name $STACK-undelivered --query QueueUrl --output text)",
                ApiCall("sqs", "ReceiveMessage", receive).command("Messages[].[ReceiptHandle,Body]"),
            )
        )


class PlanUndelivered(Repeatable):
    name = "undelivered.plan"
    summary = "Plan to invoke the function again with the events that Lambda gave up; nothing is sent"
    effect = Effect.TRACE
    inputs = NoInputs
    outputs = ("plan", "messages", "warnings")
    permissions = (*_READS, "sqs:GetQueueAttributes", "cloudwatch:DescribeAlarms", "sts:GetCallerIdentity")

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        return Paper(("# The AWS CLI has no plan: go to the next step.",))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        source = _open(context)
        plan = plans.make_plan(source, Selection(), steps=Steps())
        plans.save_plan(source, plan)
        return {"plan": plan.id, "messages": len(plan.ids), "warnings": list(plan.warnings)}


class RedriveUndelivered(Redrive):
    name = "undelivered.redrive"
    summary = "Invoke the function with the events of a plan again, in stages; the outcomes of each decide on the next"
    permissions = (*Redrive.permissions, *_READS, "lambda:InvokeFunction")

    def source(self, context: ActionContext) -> DeadLetterQueue:
        return _open(context)

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        invoke = {"FunctionName": "$FN", "InvocationType": "Event", "CliBinaryFormat": "raw-in-base64-out"}
        delete = {"QueueUrl": "$UNDELIVERED_URL", "ReceiptHandle": "HANDLE"}
        return Paper(
            (
                "# For each record: its requestPayload, then its receipt handle",
                f"{ApiCall('lambda', 'Invoke', {**invoke, 'Payload': 'PAYLOAD'}).command()} /dev/null",
                ApiCall("sqs", "DeleteMessage", delete).command(),
            ),
            ("# An event that was sent cannot be recalled.",),
        )
