"""Actions that redrive dead letters in stages, with the engine behind ``ops dlq redrive``, and that stop a redrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ops import formatting
from ops.aws import move_tasks
from ops.aws.call import ApiCall
from ops.aws.move_tasks import MoveTask
from ops.deadletters import plans, queue_lock
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.plan_model import Plan
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.redrive import redrive as redrives
from ops.deadletters.redrive.runs import read_run
from ops.errors import AwsError, OpsError
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
from ops.runbooks.actions.dead_letters.queue_ahead import QueueAhead
from ops.runbooks.actions.dead_letters.scan_and_plan import LEASE, cause_notes
from ops.runbooks.actions.reads import NoInputs, Repeatable


class RedriveInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``plan``: an ID of ``dlq.plan``."""

    plan: Annotated[str, Meta(min_length=1, max_length=200)]


class Redrive(Repeatable):
    """Runs a plan. Its ledger makes it safe to resume: a run has its plan's ID, and what was sent is not sent again."""

    name = "dlq.redrive"
    summary = "Send the messages of a plan back in stages; the outcomes of each stage decide on the next"
    effect = Effect.FINAL
    inputs = RedriveInputs
    outputs: tuple[str, ...] = ("state", "sent", "succeeded", "failed_again", "remaining")
    permissions: tuple[str, ...] = (
        *(*LEASE, "sqs:DeleteMessage", "sqs:SendMessage", "logs:StartQuery", "logs:GetQueryResults"),
        *("sts:GetCallerIdentity", "cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"),
        *("cloudwatch:PutAlarmMuteRule", "cloudwatch:GetAlarmMuteRule", "cloudwatch:DeleteAlarmMuteRule"),
    )

    def source(self, context: ActionContext) -> DeadLetterQueue:
        return context.open_dlq()

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        arns = [
            f"{name}=$(aws sqs get-queue-attributes --queue-url {url} --attribute-names QueueArn "
            "--query Attributes.QueueArn --output text)"
            for name, url in (("ARN", "$URL"), ("DLQ_ARN", "$DLQ_URL"))
        ]
        parameters = {"SourceArn": "$DLQ_ARN", "DestinationArn": "$ARN", "MaxNumberOfMessagesPerSecond": 5}
        move = ApiCall("sqs", "StartMessageMoveTask", parameters)
        progress = ApiCall("sqs", "ListMessageMoveTasks", {"SourceArn": "$DLQ_ARN"})
        return Paper(
            (*arns, "# Every message, valid or not:", move.command(), progress.command()),
            (
                "# Sent messages cannot be recalled. Stop the rest:",
                "aws sqs cancel-message-move-task --task-handle HANDLE",
            ),
        )

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview:
        source = self.source(context)
        plan = plans.load_plan(inputs.plan, source)
        run = _run(source, plan)
        if run is not None and run.state is RunState.DONE:
            return StepPreview(notes=(f"Redrive {plan.id} is done; nothing to do.",))
        sent = run.sent if run else 0
        stages = ", ".join(plan.steps.sizes)
        named = plan.destination.queue_arn or plan.destination.function_arn
        goal = f"to {named.rpartition(':')[2]}" if named else "back"
        continued = (f"It continues where it ended: {formatting.count(sent, 'message')} sent.",) if run else ()
        return StepPreview(
            (PlannedChange(f"messages of {source.queue.name} that are sent {goal}", sent, len(plan.ids)),),
            (
                *cause_notes(source, plan.selection.cause),
                f"In stages of {stages}; stops when too many fail again.",
                *continued,
                *plan.warnings,
            ),
            f"ops dlq {'resume' if run else 'redrive'} {plan.id}",
            "Sent messages cannot be recalled.",
        )

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        source = self.source(context)
        plan = plans.load_plan(inputs.plan, source)
        run = _run(source, plan)

        ahead = QueueAhead(context)

        def progress(now: Run) -> None:
            line = f"{now.sent:,} of {now.planned:,} sent, {now.succeeded:,} succeeded: {now.status_text}"
            waits = ahead.text() if now.waiting else ""
            context.progress(f"{line} {waits}." if waits else line)

        with context.interruptible() as stop:
            if run is None:
                run = redrives.start_redrive(source, plan, reason=context.reason, progress=progress, stop=stop)
            elif run.state is not RunState.DONE:
                run = redrives.resume_redrive(source, run.id, reason=context.reason, progress=progress, stop=stop)
        return {
            "state": run.state.value,
            "sent": run.sent,
            "succeeded": run.succeeded,
            "failed_again": run.failed_again,
            "remaining": run.remaining,
        }

    def verify(self, context: ActionContext, inputs: Any, outputs: Outputs) -> StepVerification:
        source = self.source(context)
        run = read_run(source, plans.load_plan(inputs.plan, source).id)
        if run.state is RunState.DONE and not (run.failed_again or run.remaining or run.failed):
            return StepVerification(StepVerdict.HOLDS, run.status_text)
        return StepVerification(StepVerdict.FAILED, run.status_text)

    def reconcile(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> Reconciliation:
        source = self.source(context)
        run = _run(source, plans.load_plan(inputs.plan, source))
        if run is None:
            return Reconciliation.NOT_DONE
        return Reconciliation.DONE if run.state is RunState.DONE else Reconciliation.PARTLY

    def preview_undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> StepPreview:
        raise OpsError("A redrive cannot be undone: the messages are with their consumer.")


class Cancel(Repeatable):
    """What was sent stays sent; the rest stays where it is, and the redrive can be continued."""

    name = "dlq.cancel"
    summary = "Stop the redrive that runs on the dead-letter queue, or SQS's own move tasks"
    effect = Effect.TRACE
    inputs = NoInputs
    outputs = ("stopped",)
    permissions = ("sqs:ListMessageMoveTasks", "sqs:CancelMessageMoveTask", "sts:GetCallerIdentity")
    deadline_s = 60.0

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        arn = "DLQ_ARN=$(aws sqs get-queue-attributes --queue-url $DLQ_URL --attribute-names QueueArn "
        arn += "--query Attributes.QueueArn --output text)"
        tasks = "Results[].[TaskHandle,Status,ApproximateNumberOfMessagesMoved]"
        return Paper(
            (
                arn,
                f"aws sqs list-message-move-tasks --source-arn $DLQ_ARN --query '{tasks}'",
                "aws sqs cancel-message-move-task --task-handle HANDLE",
            )
        )

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview:
        source = context.open_dlq()
        running = self._running(context, source)
        if not running:
            return StepPreview(notes=(f"Nothing moves messages of {source.queue.name}: nothing to stop.",))
        changes = tuple(PlannedChange(what, "running", "cancelled") for what in running)
        return StepPreview(
            changes, ("What was sent stays sent.",), "ops dlq cancel", "Continue a redrive: ops dlq resume"
        )

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        source = context.open_dlq()
        running = self._running(context, source)
        if _redrive(source):
            redrives.cancel_redrive(source)
        else:
            for task in _tasks(context, source):
                move_tasks.cancel_task(context.aws, source.queue, task.handle)
        return {"stopped": list(running)}

    def verify(self, context: ActionContext, inputs: Any, outputs: Outputs) -> StepVerification:
        source = context.open_dlq()
        if running := self._running(context, source):
            return StepVerification(StepVerdict.NOT_YET, f"Still running: {', '.join(running)}.")
        return StepVerification(StepVerdict.HOLDS, f"Nothing moves messages of {source.queue.name}.")

    def _running(self, context: ActionContext, source: DeadLetterQueue) -> tuple[str, ...]:
        if run := _redrive(source):
            return (f"redrive {run}",)
        return tuple(f"move task of {task.started:%Y-%m-%d %H:%M:%S} UTC" for task in _tasks(context, source))


def _redrive(source: DeadLetterQueue) -> str:
    """The ID of the redrive that runs now; empty without one. A scan is not one."""
    holder = queue_lock.lock_holder(source)
    return holder.run if holder and (source.runs_folder / f"{holder.run}.db").exists() else ""


def _tasks(context: ActionContext, source: DeadLetterQueue) -> tuple[MoveTask, ...]:
    """Move tasks that run now; none where the endpoint has no move tasks."""
    try:
        return tuple(task for task in move_tasks.list_tasks(context.aws, source.queue) if task.active)
    except AwsError as refused:
        if refused.code.endswith("UnsupportedOperation"):
            return ()
        raise


def _run(source: DeadLetterQueue, plan: Plan) -> Run | None:
    return read_run(source, plan.id) if (source.runs_folder / f"{plan.id}.db").exists() else None
