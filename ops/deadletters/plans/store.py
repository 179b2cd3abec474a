"""A plan as a file, found by its id or its path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ops.aws import sqs
from ops.deadletters import plan_codec
from ops.deadletters.plan_codec import MAKE_NEW_PLAN, PlanUnreadable
from ops.errors import OpsError, UsageError
from ops.files import atomic_file

if TYPE_CHECKING:
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.queue import DeadLetterQueue


def save_plan(source: DeadLetterQueue, plan: Plan, path: Path | None = None) -> Path:
    """Write ``plan`` to ``path``, else to the queue's own folder under its id, where saving twice is no harm.

    Raises UsageError when ``path`` is there already, OpsError when it cannot be written.
    """
    target = path or source.plans_folder / f"{plan.id}.json"
    with atomic_file.atomic_write(target, replace=path is None) as stream:
        stream.write(plan_codec.encode_plan(plan))
    return target


def load_plan(path_or_id: str | Path, source: DeadLetterQueue) -> Plan:
    """The plan in a file, or the one of this queue whose id is or begins with ``path_or_id``.

    Raises UsageError: no such plan or none that can be read (``PlanUnreadable``), several of that beginning, changed
    since it was made, of another version of this tool, or about another queue.
    """
    path = _find(str(path_or_id), source)
    try:
        text = atomic_file.read_file(path)
    except OpsError as error:
        raise PlanUnreadable(str(error), error.next_step) from error
    plan = plan_codec.decode_plan(text, str(path))
    if plan.queue_arn != source.queue.arn:
        raise _of_another(plan, source)
    return plan


def _of_another(plan: Plan, source: DeadLetterQueue) -> UsageError:
    """A queue of the same name in another region or account is another queue."""
    about = f"Plan {plan.id} is for {sqs.name_of(plan.queue_arn)}"
    theirs, ours = plan.queue_arn.split(":"), source.queue.arn.split(":")
    if theirs[1:5] == ours[1:5] or len(theirs) != len(ours):
        return UsageError(f"{about}, not {source.queue.name}.", f"Specify that queue: --from {plan.queue_arn}.")
    where = f"in region {theirs[3]}, account {theirs[4]}"
    return UsageError(
        f"{about} {where}; this target is in region {ours[3]}, account {ours[4]}.",
        f"Use the profile that it was created with, and --region {theirs[3]}, or create a new plan: ops dlq plan.",
    )


def _find(id_or_path: str, source: DeadLetterQueue) -> Path:
    path = atomic_file.expand_user(id_or_path)
    try:
        if path.exists() and not path.is_dir():
            return path
    except OSError as error:
        failure = atomic_file.file_error(path, error)
        raise PlanUnreadable(str(failure), failure.next_step) from error
    if path.suffix == ".json" or "/" in id_or_path:
        raise PlanUnreadable(f"There is no plan at {path}.", MAKE_NEW_PLAN)
    matches = sorted(plan for plan in source.plans_folder.glob("*.json") if plan.stem.startswith(id_or_path))
    if not id_or_path or not matches:
        raise PlanUnreadable(f"{source.queue.name} has no plan {id_or_path!r}.", MAKE_NEW_PLAN)
    exact = [plan for plan in matches if plan.stem == id_or_path]
    if len(matches) > 1 and not exact:
        raise UsageError(
            f"{len(matches)} plans of {source.queue.name} have an ID that starts with {id_or_path}.",
            "Add more characters.",
        )
    return (exact or matches)[0]
