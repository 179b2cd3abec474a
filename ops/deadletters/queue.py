"""A dead-letter queue: its workload, and the folder of its snapshot, plans and ledgers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops.aws import sqs
from ops.errors import OpsError, UsageError
from ops.target import state_folder
from ops.workload.gaps import Part

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.target import Target
    from ops.workload import Workload


SNAPSHOT_FILE = "shelf.db"


@dataclass(frozen=True)
class DeadLetterQueue:
    """``queue`` holds the messages; ``folder`` is there and can be written to."""

    aws: Aws
    workload: Workload
    queue: sqs.Queue
    folder: Path

    @property
    def snapshot_path(self) -> Path:
        return self.folder / SNAPSHOT_FILE

    @property
    def plans_folder(self) -> Path:
        return self.folder / "plans"

    @property
    def runs_folder(self) -> Path:
        """One ledger per redrive: ``<plan id>.db``."""
        return self.folder / "runs"


def open_queue(aws: Aws, workload: Workload, queue: str | None = None) -> DeadLetterQueue:
    """The workload's dead-letter queue, or another one by name, URL or ARN: the target's own queue, too, where nothing
    is known to work on it.

    Raises UsageError when there is none, OpsError when the home folder cannot be used, and what ``ops.aws`` raises.
    """
    found = sqs.find_queue(aws, queue) if queue else own_dead_letter_queue(aws.target, workload)
    if found is None:
        raise _no_queue(workload)
    _, _, _, region, account, name = found.arn.split(":", 5)
    folder = state_folder(aws.target) / f"{account}-{region}-{name}"
    for path in (folder, folder / "plans", folder / "runs"):
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)  # messages may hold personal data
        except OSError as error:
            raise folder_error(path, error) from error
    if not os.access(folder, os.W_OK):
        raise folder_error(folder, PermissionError(13, "Permission denied"))
    return DeadLetterQueue(aws, workload, found, folder)


def own_dead_letter_queue(target: Target, workload: Workload) -> sqs.Queue | None:
    """The workload's dead-letter queue, or the queue itself if it was named as one. AWS does not list whose dead-letter
    queue a queue is, so one that nothing is known to work on is taken at its word."""
    if workload.dlq is None and target.queue and workload.purpose_unknown:
        return workload.queue
    return workload.dlq


def _no_queue(workload: Workload) -> OpsError:
    if gap := workload.gap(Part.DLQ):
        return gap.error(workload.queue.name)
    what = f"{workload.queue.name} has no dead-letter queue."
    if workload.mapping is None:
        return UsageError(
            what, f"If it is the dead-letter queue of another service, specify it: --from {workload.queue.name}"
        )
    return UsageError(
        what, "Add a redrive policy (deadLetterTargetArn, maxReceiveCount), so that failing messages are kept."
    )


def folder_error(path: Path, error: OSError) -> OpsError:
    return OpsError(
        f"{path} cannot be used: {error.strerror or error}.",
        "Set OPS_HOME to a writable folder (on the twin, OPS_TWIN_DIR).",
    )
