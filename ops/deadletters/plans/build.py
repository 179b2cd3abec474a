"""Making a plan: what would move, whether it can, what it takes and what to know before."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from ops import formatting
from ops.aws import sqs, sts
from ops.deadletters.causes import fix_status, redrive_evidence
from ops.deadletters.edits import outgoing
from ops.deadletters.plan_codec import with_hash
from ops.deadletters.plan_model import Action, Destination, Edit, Pace, Plan, Returns, Selection, Steps
from ops.deadletters.plans import destinations, requirements, return_targets
from ops.deadletters.plans.engine_choice import MOVE_TASK, EngineRequest, choose_engine
from ops.deadletters.plans.muted_alarms import PlannedMuting, plan_muting
from ops.deadletters.plans.selection_stats import SAMPLE_SIZE, SelectionStats, SizeStats, check_sizes, collect_stats
from ops.deadletters.plans.steps import step_boundaries
from ops.deadletters.plans.warnings import plan_warnings
from ops.deadletters.return_target import Origin
from ops.deadletters.snapshot import MOVABLE_PLACES, Snapshot
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue

DEFAULT_MARGIN = 0.1
MIN_RATE_PER_S = 1 / 86_400
"""One message per day: a plan older than that cannot start."""


def make_plan(
    source: DeadLetterQueue,
    selection: Selection,
    *,
    action: Action = Action.REDRIVE,
    destination: Destination | None = None,
    edits: Sequence[Edit] = (),
    pace: Pace | None = None,
    steps: Steps | None = None,
    margin: float = DEFAULT_MARGIN,
    engine: str | None = None,
    mute: bool = True,
) -> Plan:
    """The plan for ``selection``, which nothing follows yet and no file holds.

    Reads the snapshot, the queue's attributes and the destination's; sends and receives nothing. ``destination`` may
    name its queue by name, URL or ARN in ``queue_url``. ``engine``: "ledger" or "move task"; None leaves it to the
    plan. ``mute``: the alarms that the redrive would trip by its own traffic are muted while it runs.

    Raises UsageError (nothing selected, nowhere to go, the edits apply to no message, an invalid value), what the
    snapshot raises, and what ``ops.aws`` raises about the queue, the destination or its key.
    """
    destination, pace, steps = destination or Destination(), pace or Pace(), steps or Steps()
    _ensure_sensible(selection, action, edits, pace, steps, margin)
    destination, queue = destinations.resolve_destination(source, destination)
    moved = action is not Action.PURGE
    to_origin = moved and queue is None
    with Snapshot.open(source) as snapshot:
        info = snapshot.info()
        verdicts = redrive_evidence.current_fix_status(
            source, snapshot, snapshot.groups(MOVABLE_PLACES), datetime.now(UTC)
        )
        returning = (
            return_targets.collect_return_stats(source, snapshot, selection, edits, destination) if to_origin else None
        )
        stats = returning.stats if returning else collect_stats(snapshot.iterate(selection), edits, None)
        if not stats.ids and not stats.remaining:
            raise _nothing_selected(source, snapshot, selection)
    _ensure_possible(stats, edits)
    goals = stats.origins if to_origin else Counter[Origin]()
    queues, notes = destinations.destination_queues(source, goals, queue) if moved else ([], [])
    notes += returning.notes if returning else []
    watched = return_targets.find_outcome_logs(source, goals) if steps.watch else return_targets.OutcomeLogs()
    notes += watched.notes
    limits = {each.arn: each.max_bytes for each in queues}
    sizes = check_sizes(stats, limits, queue.max_bytes if queue else outgoing.MAX_BYTES)
    _ensure_fits(stats, sizes)
    request = EngineRequest(selection, action, edits, pace, to_origin, info.complete, steps.watch)
    chosen = choose_engine(source, stats, request, engine)
    depth = sqs.queue_depth(source.aws, source.queue)
    now = datetime.now(UTC)
    looked_at = info.scanned_at or now  # no scan has ended yet: messages were imported, or a scan is in progress
    queue_count = depth.visible + depth.in_flight + depth.delayed
    counted = len(stats.ids) + len(stats.remaining_ids)
    unseen = (
        max(0, queue_count - counted)
        if selection.selects_all and moved and info.scanned_at and not info.complete
        else 0
    )
    estimate = requirements.estimate_redrive(
        len(stats.ids) + unseen,
        sizes.bytes,
        action,
        pace,
        fifo=source.queue.fifo,
        region=source.workload.region,
    )
    muting = plan_muting(source, queues, estimate, steps) if mute and moved else PlannedMuting()
    task = chosen.engine == MOVE_TASK
    back_as_they_are = to_origin and not edits
    failing = {mark for mark, status in verdicts.items() if status.verdict == fix_status.NO}
    unfixed = [mark for mark in stats.causes if back_as_they_are and mark in failing]
    return with_hash(
        Plan(
            id=f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}",
            made_at=now,
            made_by=sts.caller_identity(source.aws).arn,
            queue_arn=source.queue.arn,
            queue_url=source.queue.url,
            action=action,
            selection=selection,
            ids=tuple(stats.ids),
            bytes=sizes.bytes,
            looked_at=looked_at,
            queue_count=queue_count,
            margin=margin,
            destination=destination,
            edits=tuple(edits),
            pace=pace,
            steps=steps,
            engine=chosen.engine,
            engine_why=chosen.why,
            causes=dict(stats.causes.most_common()),
            estimate=estimate,
            permissions=(
                *requirements.required_permissions(
                    source,
                    action,
                    goals,
                    queues,
                    watched.log_groups,
                    task=task,
                    watch=steps.watch,
                    headroom=pace.headroom,
                ),
                *muting.permissions,
            ),
            sample=tuple(stats.ids[:SAMPLE_SIZE]),
            unseen=unseen,
            size_limits=limits,
            returns=returning.returns if returning else Returns(),
            mutes=muting.alarms,
            mute_s=muting.seconds,
            warnings=(
                *notes,
                *muting.warnings,
                *plan_warnings(
                    source,
                    stats,
                    sizes,
                    action,
                    estimate,
                    now=now,
                    looked_at=looked_at,
                    complete=info.complete,
                    unseen=unseen,
                    to_origin=to_origin,
                    task=task,
                    watched=steps.watch,
                    unfixed=unfixed,
                ),
            ),
        )
    )


def _ensure_sensible(
    selection: Selection, action: Action, edits: Sequence[Edit], pace: Pace, steps: Steps, margin: float
) -> None:
    if pace.max_per_s is not None and not MIN_RATE_PER_S <= pace.max_per_s < float("inf"):
        raise UsageError(
            f"A rate of {pace.max_per_s:g} messages per second is not valid.",
            "Choose at least 0.00002: one message per day.",
        )
    if not 0 <= margin <= 1:
        raise UsageError(f"A margin of {margin:g} is not a valid share.", "Choose 0 to 1; 0.1 means 10%.")
    if not 0 <= steps.stop_share <= 1:
        raise UsageError(f"A stop share of {steps.stop_share:g} is not a valid share.", "Choose 0 to 1; 0.2 means 20%.")
    if not 0 < steps.patience_s < float("inf"):
        raise UsageError(
            f"A patience of {steps.patience_s:g} s is not a valid duration.", "Choose more than 0 seconds."
        )
    if not steps.sizes:
        raise UsageError(
            "The plan has no stages.", "Specify them (5,1%,10%,100%), or do not wait for outcomes (--no-watch)."
        )
    _ensure_growing(steps.sizes)
    if action is Action.PURGE and selection.imported:
        raise UsageError(
            "A purge deletes from the queue, and imported messages are only in the snapshot.",
            "Remove them from the snapshot: ops dlq import FILE --undo.",
        )
    if action is Action.PURGE and edits:
        raise UsageError("A purge sends nothing, so there is nothing to edit.", "Omit the edits.")


def _ensure_growing(sizes: Sequence[str]) -> None:
    """Counts among themselves and shares among themselves: a share that is smaller than a count on a short queue is
    skipped. 100% before the end would send everything at once, and leave no canary."""
    shares = [size for size in sizes if size.strip().endswith("%")]
    for alike in (sizes, shares, [size for size in sizes if size not in shares]):
        step_boundaries(alike, 1)
    for size, after in pairwise(sizes):
        if size in shares and float(size.strip().removesuffix("%")) == 100:
            raise UsageError(f"Stage {after} is not larger than stage {size}.", "Use increasing stages: 5,1%,100%.")


def _ensure_possible(stats: SelectionStats, edits: Sequence[Edit]) -> None:
    total = len(stats.ids)
    if not total:
        kinds = ", ".join(
            f"{formatting.count(number)} {kind.value}" for kind, number in stats.remaining_kinds.most_common()
        )
        raise UsageError(
            f"No message can be returned to its origin (by kind: {kinds}): {return_targets.remaining_text(stats.remaining)}.",
            return_targets.SPECIFY_DESTINATION,
        )
    if edits and sum(stats.edit_errors.values()) == total:
        raise UsageError(
            f"The edits do not apply to any message: {stats.edit_errors.most_common(1)[0][0]}", "Change the edits."
        )


def _ensure_fits(stats: SelectionStats, sizes: SizeStats) -> None:
    if sizes.too_large.total() < len(stats.ids):
        return
    if sizes.too_large.keys() == {outgoing.MAX_BYTES}:
        raise UsageError("Every message would exceed the SQS limit of 1 MiB.", "Make the edits smaller.")
    most = max(sizes.too_large)
    raise UsageError(
        f"Every message would exceed its queue's MaximumMessageSize ({formatting.count(most)} bytes).",
        "Raise that queue's MaximumMessageSize, or specify another queue: --to QUEUE.",
    )


def _nothing_selected(source: DeadLetterQueue, snapshot: Snapshot, selection: Selection) -> UsageError:
    other = snapshot.count(replace(selection, imported=not selection.imported))
    where = "in the queue" if selection.imported else "imported from a file"
    how = "omit --imported" if selection.imported else "add --imported"
    hint = f"{formatting.count(other, 'message')} {where} would match: {how}. " if other else ""
    which = "imported message" if selection.imported else f"message of {source.queue.name}"
    return UsageError(
        f"No {which} in the snapshot matches.",
        f"{hint}Scan again (ops dlq scan), or change the filters (ops dlq causes, ops dlq list).",
    )
