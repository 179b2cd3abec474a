"""Actions that export dead letters to a file, and that delete the messages of a file from the queue."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ops import formatting
from ops.aws.call import ApiCall
from ops.deadletters import plans
from ops.deadletters.archive import exports
from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.redrive import purge as purging
from ops.deadletters.snapshot import Snapshot
from ops.errors import OpsError, UsageError
from ops.files import atomic_file
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
from ops.runbooks.actions.dead_letters.scan_and_plan import notes_by_cause
from ops.runbooks.actions.reads import Repeatable


class ExportInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"except_cause": "except-cause"}):
    """``cause``: an ID of ``dlq.explain``, or an error type; ``message``: a message ID. Neither: the whole snapshot, but
    for the messages of ``except-cause``."""

    cause: Annotated[str, Meta(max_length=200)] = ""
    message: Annotated[str, Meta(max_length=200)] = ""
    except_cause: Annotated[str, Meta(max_length=200)] = ""


class PurgeInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``export``: the file of ``dlq.export``, whose messages are deleted, and no others."""

    export: Annotated[str, Meta(min_length=1, max_length=4_096)]


def chosen(inputs: Any) -> Selection:
    return Selection(cause=inputs.cause, ids=(inputs.message,) if inputs.message else ())


class Export(Repeatable):
    """The file is named by its messages: a repetition finds it, and leaves it as it is."""

    name = "dlq.export"
    summary = "Write messages of the snapshot to a file on this machine; nothing is removed"
    effect = Effect.TRACE
    inputs = ExportInputs
    outputs = ("file", "messages", "sha256", "unreached")
    permissions = ()

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        parameters = {"QueueUrl": "$DLQ_URL", "MaxNumberOfMessages": 10, "VisibilityTimeout": 600}
        attributes = {"MessageAttributeNames": ["All"], "AttributeNames": ["All"]}
        receive = ApiCall("sqs", "ReceiveMessage", parameters | attributes).command()
        return Paper((f"{receive} > export-1.json  # again into export-2.json … until none is received",))

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview:
        source = context.open_dlq()
        path, ids = _export_file(source, inputs)
        there = "It is there already." if path.exists() else "It may hold personal data: it is readable by you alone."
        which = notes_by_cause(source, ids)
        return StepPreview(notes=(*which, f"{formatting.count(len(ids), 'message')} to {path}.", there))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        source = context.open_dlq()
        path, ids = _export_file(source, inputs)
        unreached = 0
        if not path.exists():
            try:
                path.parent.mkdir(exist_ok=True, mode=0o700)
            except OSError as error:
                raise atomic_file.file_error(path.parent, error) from error
            selection = Selection(ids=ids) if inputs.except_cause else chosen(inputs)
            unreached = exports.export_messages(source, selection, path).unreached
        sha256 = hashlib.sha256(atomic_file.read_file(path)).hexdigest()
        return {"file": str(path), "messages": len(ids), "sha256": sha256, "unreached": unreached}

    def verify(self, context: ActionContext, inputs: Any, outputs: Outputs) -> StepVerification:
        path = Path(str(outputs["file"]))
        held = len(exports.exported_ids(path))
        same = hashlib.sha256(atomic_file.read_file(path)).hexdigest() == outputs["sha256"]
        if held != outputs["messages"] or not same:
            return StepVerification(StepVerdict.FAILED, f"{path} is not as it was written: it holds {held:,} messages.")
        return StepVerification(StepVerdict.HOLDS, f"{formatting.count(held, 'message')} read back from {path}.")


class Purge(Repeatable):
    """What an earlier attempt has deleted is marked in the snapshot, and left out of the next."""

    name = "dlq.purge"
    summary = "Permanently delete the messages of an export from the dead-letter queue, and no others"
    effect = Effect.FINAL
    inputs = PurgeInputs
    outputs = ("deleted", "missing", "refused", "outcome")
    permissions = (
        *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"),
        "sts:GetCallerIdentity",
    )

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        delete = ApiCall("sqs", "DeleteMessage", {"QueueUrl": "$DLQ_URL", "ReceiptHandle": "HANDLE"}).command()
        return Paper(
            (
                "# The files hold every message. Only for those that can never succeed, within 10 min of their receive:",
                delete,
            ),
            ("There is none: the messages are in the export only.",),
        )

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview:
        source, export = context.open_dlq(), Path(inputs.export)
        if not _left(source, export):
            return StepPreview(notes=("Every message of the export is purged already; nothing to do.",))
        plan = purging.plan_purge(source, export)
        return StepPreview(
            (PlannedChange(f"messages of {source.queue.name} that are deleted permanently", 0, len(plan.ids)),),
            (
                *notes_by_cause(source, plan.ids),
                f"Those of {export}. All others are received and released, which raises their receive counts by one.",
            ),
            f"ops dlq purge --export {export}",
            f"There is none. The export can be redriven: ops dlq import {export}",
            confirmation=purging.confirmation_text(plan),
        )

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        source, export = context.open_dlq(), Path(inputs.export)
        plan = purging.plan_purge(source, export)
        plans.save_plan(source, plan)

        def progress(done: int, total: int) -> None:
            context.progress(f"{done:,} of {total:,} deleted")

        with context.interruptible() as stop:
            result = purging.purge_messages(
                source,
                plan,
                export=export,
                confirmation=purging.confirmation_text(plan),  # asked for by the preview
                reason=context.reason,
                progress=progress,
                stop=stop,
            )
        return {name: getattr(result, name) for name in self.outputs}

    def verify(self, context: ActionContext, inputs: Any, outputs: Outputs) -> StepVerification:
        left = _left(context.open_dlq(), Path(inputs.export))
        if left:
            messages = formatting.count(left, "message of the export is", "messages of the export are")
            return StepVerification(StepVerdict.FAILED, f"{messages} not known to be deleted: scan again.")
        return StepVerification(StepVerdict.HOLDS, "Every message of the export is deleted.")

    def reconcile(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> Reconciliation:
        left = _left(context.open_dlq(), Path(inputs.export))
        return Reconciliation.PARTLY if left else Reconciliation.DONE

    def preview_undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> StepPreview:
        raise OpsError("A purge cannot be undone.", f"Its messages are in {inputs.export}: ops dlq import.")


def _export_file(source: DeadLetterQueue, inputs: Any) -> tuple[Path, tuple[str, ...]]:
    with Snapshot.open(source) as snapshot:
        ids = snapshot.ids(chosen(inputs))
        if inputs.except_cause:
            left_out = set(snapshot.ids(Selection(cause=inputs.except_cause)))
            ids = tuple(message_id for message_id in ids if message_id not in left_out)
    if not ids:
        raise UsageError(
            f"No message of {source.queue.name} in the snapshot matches.", "Scan again, or name another cause."
        )
    digest = hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:12]
    return source.folder / "exports" / f"{source.queue.name}-{digest}.jsonl", ids


def _left(source: DeadLetterQueue, export: Path) -> int:
    """How many messages of the export are not marked as purged."""
    ids = exports.exported_ids(export)
    with Snapshot.open(source) as snapshot:
        places = snapshot.places(ids)
    return sum(places.get(message_id) is not Place.PURGED for message_id in ids)
