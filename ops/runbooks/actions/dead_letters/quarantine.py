"""Actions that move dead letters to a quarantine queue, where they wait for a person: planned, then moved by the ledger.

A quarantine queue is read by nothing, and holds nothing but what was moved there from here. Where that is not certain, the
queue is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ops import formatting
from ops.aws import lambda_, sqs
from ops.aws.call import ApiCall
from ops.deadletters import plans
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import RunState
from ops.deadletters.plan_model import Action, Destination, Pace, Plan, Steps
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.redrive.runs import list_runs, read_run
from ops.errors import UsageError
from ops.runbooks.actions.action import (
    ActionContext,
    Effect,
    Outputs,
    Paper,
    PlannedChange,
    StepPreview,
    StepVerdict,
    StepVerification,
)
from ops.runbooks.actions.dead_letters.archive import chosen
from ops.runbooks.actions.dead_letters.redrive import Redrive
from ops.runbooks.actions.dead_letters.scan_and_plan import LEASE, cause_notes
from ops.runbooks.actions.reads import Repeatable

_READS = (
    *("sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:ListDeadLetterSourceQueues"),
    "lambda:ListEventSourceMappings",
)


class QuarantineInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``queue``: name, URL or ARN. ``cause``: an ID of ``dlq.explain``, or an error type; ``message``: a message ID."""

    queue: Annotated[str, Meta(min_length=1, max_length=500)]
    cause: Annotated[str, Meta(max_length=200)] = ""
    message: Annotated[str, Meta(max_length=200)] = ""


class PlanQuarantine(Repeatable):
    name = "dlq.plan-quarantine"
    summary = "Plan to move the messages of a cause, or one message, to a quarantine queue; nothing is sent"
    effect = Effect.TRACE
    inputs = QuarantineInputs
    outputs = ("plan", "messages", "warnings")
    permissions = (*_READS, "sts:GetCallerIdentity")
    sets = ("QUARANTINE_URL", "QUARANTINE_ARN")

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        arn = "QUARANTINE_ARN=$(aws sqs get-queue-attributes --queue-url $QUARANTINE_URL --attribute-names QueueArn "
        arn += "--query Attributes.QueueArn --output text)"
        return Paper(
            (
                f"QUARANTINE_URL=$(aws sqs get-queue-url --queue-name {values['queue']} --query QueueUrl --output text)",
                arn,
                "aws lambda list-event-source-mappings --event-source-arn $QUARANTINE_ARN  # expect none",
            )
        )

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview:
        return StepPreview(notes=cause_notes(context.open_dlq(), inputs.cause))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        if not (inputs.cause or inputs.message):
            raise UsageError("No cause and no message is named.", "To move the whole queue: ops dlq move.")
        source = context.open_dlq()
        queue = sqs.find_queue(context.aws, inputs.queue)
        ensure_quarantine(context, source, queue)
        plan = plans.make_plan(
            source,
            chosen(inputs),
            destination=Destination("queue", queue_url=queue.url),
            pace=Pace(headroom=False),
            steps=Steps(("100%",), watch=False),
            engine="ledger",
        )
        plans.save_plan(source, plan)
        return {"plan": plan.id, "messages": len(plan.ids), "warnings": list(plan.warnings)}


class Quarantine(Redrive):
    """Runs a plan of ``dlq.plan-quarantine``. As with a redrive, its ledger makes it safe to resume."""

    name = "dlq.quarantine"
    summary = "Move the messages of a plan to its quarantine queue"
    outputs = ("state", "sent", "remaining")
    permissions = (*LEASE, *_READS, "sqs:DeleteMessage", "sqs:SendMessage", "sts:GetCallerIdentity")
    deadline_s = 120.0

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        receive = ApiCall("sqs", "ReceiveMessage", {"QueueUrl": "$DLQ_URL", "VisibilityTimeout": 300})
        found = "Messages[0].[MessageId,ReceiptHandle,Body]"
        body = {"QueueUrl": "$QUARANTINE_URL", "MessageBody": "file://body.json"}
        return Paper(
            (
                "WANTED=DEAD_LETTER_ID  # SQS cannot be asked for one message: receive until it comes; others are hidden for 5 min",
                "for TRY in $(seq 20); do",
                f"  {receive.command(found)} --output text > message.txt",
                '  head -1 message.txt | cut -f1 | grep -x "$WANTED" && break',
                "done",
                "TAB=$(printf '\\t')",
                'if head -1 message.txt | cut -f1 | grep -qx "$WANTED"; then  # sent only then, deleted only when it was sent',
                '  sed "1s/^[^$TAB]*$TAB[^$TAB]*$TAB//" message.txt > body.json',
                f"  if {ApiCall('sqs', 'SendMessage', body).command()}; then",
                '    aws sqs delete-message --queue-url $DLQ_URL --receipt-handle "$(head -1 message.txt | cut -f2)"',
                "  fi",
                "fi",
            ),
            ("The same with the two URLs exchanged. Message IDs and retention periods begin again.",),
        )

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview:
        source = context.open_dlq()
        plan, queue = _plan_and_queue(context, source, inputs.plan)
        run = read_run(source, plan.id) if (source.runs_folder / f"{plan.id}.db").exists() else None
        if run is not None and run.state is RunState.DONE:
            return StepPreview(notes=(f"The messages of plan {plan.id} are moved; nothing to do.",))
        kept = formatting.duration(queue.retention_s)
        return StepPreview(
            (
                PlannedChange(
                    f"messages of {source.queue.name} that are in {queue.name}", run.sent if run else 0, len(plan.ids)
                ),
            ),
            (
                *cause_notes(source, plan.selection.cause),
                f"They get new message IDs, and are kept there for {kept} from now.",
                *plan.warnings,
            ),
            f"ops dlq {'resume' if run else 'redrive'} {plan.id}",
            f"Redrive them from there: ops dlq scan --from {queue.name}",
        )

    def verify(self, context: ActionContext, inputs: Any, outputs: Outputs) -> StepVerification:
        source = context.open_dlq()
        plan = plans.load_plan(inputs.plan, source)
        run = read_run(source, plan.id)
        if run.state is not RunState.DONE or run.remaining or run.failed or run.missing:
            return StepVerification(StepVerdict.FAILED, run.status_text)
        queue = sqs.find_queue(context.aws, plan.destination.queue_arn)
        held = _held(context, queue)
        text = f"{run.sent:,} moved; {queue.name} holds {formatting.count(held, 'message')}."
        return StepVerification(StepVerdict.HOLDS if held >= run.sent else StepVerdict.NOT_YET, text)


def ensure_quarantine(context: ActionContext, source: DeadLetterQueue, queue: sqs.Queue) -> None:
    """Raises UsageError unless nothing reads ``queue`` and it holds nothing but what was moved there from here."""
    if why := _why_not(context, source, queue):
        raise UsageError(
            f"{queue.name} is no quarantine queue: {why}.", "Name an empty queue that nothing reads, or create one."
        )


def _why_not(context: ActionContext, source: DeadLetterQueue, queue: sqs.Queue) -> str:
    workload = context.workload
    if queue.arn in (source.queue.arn, workload.queue.arn):
        return f"it is a queue of {workload.name}"
    if queue.arn.split(":")[3:5] != source.queue.arn.split(":")[3:5]:
        return "it is in another account or region, where its consumers cannot be seen"
    if queue.dlq_arn:
        return "it has a redrive policy, so that reading it could move messages on"
    if feeding := sqs.redrive_sources(context.aws, queue):
        return f"it is the dead-letter queue of {sqs.name_of(feeding[0])}"
    if mappings := lambda_.list_mappings(context.aws, source_arn=queue.arn):
        return f"function {lambda_.qualified_name(mappings[0].function_arn)} reads it"
    depth = sqs.queue_depth(context.aws, queue)
    if depth.in_flight:
        return (
            f"{formatting.count(depth.in_flight, 'message is', 'messages are')} in flight, so that something reads it"
        )
    known = _moved_there(source, queue)
    if (held := depth.visible + depth.delayed) > known:
        return f"it holds {formatting.count(held, 'message')}, of which at most {known:,} were moved there from here"
    return ""


def _plan_and_queue(context: ActionContext, source: DeadLetterQueue, named: str) -> tuple[Plan, sqs.Queue]:
    plan = plans.load_plan(named, source)
    if plan.action is not Action.REDRIVE or plan.destination.kind != "queue" or plan.steps.watch:
        raise UsageError(
            f"Plan {plan.id} does not move messages to a quarantine queue.", "Plan it: dlq.plan-quarantine."
        )
    queue = sqs.find_queue(context.aws, plan.destination.queue_arn)
    ensure_quarantine(context, source, queue)
    return plan, queue


def _moved_there(source: DeadLetterQueue, queue: sqs.Queue) -> int:
    """Messages that runs on this machine have moved from ``source`` to ``queue``, or may have, by their ledgers."""
    moved = 0
    for run in list_runs(source):
        try:
            plan = plans.load_plan(run.id, source)
        except UsageError:
            continue  # its file is gone: what it moved counts as others'
        if plan.destination.queue_arn == queue.arn:
            with Ledger.open(source.runs_folder / f"{run.id}.db") as ledger:
                sends = ledger.most_sends()  # one that was interrupted twice may have been sent three times
            counted = (run.sent if run.state is RunState.DONE else run.planned) + len(run.possible_duplicates)
            moved += max(counted, sends)
    return moved


def _held(context: ActionContext, queue: sqs.Queue) -> int:
    depth = sqs.queue_depth(context.aws, queue)
    return depth.visible + depth.in_flight + depth.delayed
