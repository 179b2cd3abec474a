"""Shows a plan before it is confirmed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from rich.console import Console
from rich.text import Text

from ops import formatting, pricing
from ops.cli.dlq import printing
from ops.cli.output.sanitize import safe
from ops.deadletters.causes import cause_in_words
from ops.deadletters.edits import edits
from ops.deadletters.plan_model import Action, Plan
from ops.deadletters.plans.steps import step_boundaries
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.snapshot import MOVABLE_PLACES, CauseGroup, Snapshot

MAX_CAUSES = 5
MAX_CAUSE_CHARS = 120


def show(
    console: Console,
    source: DeadLetterQueue,
    plan: Plan,
    *,
    permissions: Literal["left out", "counted", "listed"] = "left out",
) -> None:
    """``permissions``: the IAM actions that it needs; listed, they are many lines."""
    console.print(Text(headline(plan), style="bold"))
    now = datetime.now(UTC)
    age = formatting.duration(max(0.0, round((now - plan.looked_at).total_seconds())))
    console.print(
        Text(f"plan {plan.id} · {printing.where(source)} · from a scan {age} ago", style="dim"), soft_wrap=True
    )
    purge = plan.action is Action.PURGE
    estimate = plan.estimate
    rows = [
        ("filter", _filter(plan)),
        ("causes", _causes(source, plan)),
        ("size", f"{formatting.byte_size(plan.bytes)}; the queue had {formatting.count(plan.queue_count, 'message')}"),
        ("to", "" if purge else _to(plan)),
        ("edits", _edits(plan)),
        ("rate", "" if purge else _rate(plan)),
        ("canary", "" if purge else _canary(plan)),
        ("mutes", plan.mutes_text),
        ("method", "" if purge else f"{plan.engine}: {plan.engine_why}".removesuffix(": ")),
        (
            "estimate",
            f"about {formatting.duration(estimate.seconds)}, {formatting.count(estimate.requests, 'request')}, "
            f"{pricing.in_words(estimate.usd, source.aws.region)}"
            + (", without waiting for outcomes" if _waits(plan) else ""),
        ),
        ("expires", _expires(source, plan, now)),
        ("stale", _stale(plan)),
        ("permissions", "" if permissions == "left out" else _permissions(plan, listed=permissions == "listed")),
    ]
    printing.facts(console, rows)
    printing.warnings(console, plan.warnings)


def headline(plan: Plan) -> str:
    messages = formatting.count(len(plan.ids), "message")
    if plan.unseen:
        messages = f"About {formatting.count(plan.total, 'message')}, {len(plan.ids):,} of them reached by the scan,"
    elif plan.returns.left_ids:
        messages = f"{len(plan.ids):,} of {formatting.count(len(plan.ids) + len(plan.returns.left_ids), 'message')}"
    if plan.action is Action.PURGE:
        return f"{messages} to delete permanently."
    if plan.destination.kind == "function":
        return f"{messages} to invoke {_function(plan)} with, asynchronously."
    home = plan.destination.kind == "origin"
    verb = "copy" if plan.action is Action.COPY else "send back" if home else "move"
    return f"{messages} to {verb} to {'their original source' if home else _queue(plan)}."


def _filter(plan: Plan) -> str:
    chosen = plan.selection
    parts = [
        "imported messages" if chosen.imported else "",
        f"cause {chosen.cause}" if chosen.cause else "",
        f"where {chosen.where}" if chosen.where else "",
        f"with the text {chosen.text!r}" if chosen.text else "",
        f"sent since {chosen.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if chosen.since else "",
        f"sent before {chosen.until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if chosen.until else "",
        formatting.count(len(chosen.ids), "message") + " by ID" if chosen.ids else "",
    ]
    return ", ".join(filter(None, parts)) or "all messages of the queue in the snapshot"


def _causes(source: DeadLetterQueue, plan: Plan) -> str:
    """The largest causes, one per line, worded as by ``ops dlq causes``."""
    with Snapshot.open(source) as snapshot:
        known = {group.fingerprint: group for group in snapshot.groups(MOVABLE_PLACES)}
    largest = sorted(plan.causes.items(), key=lambda item: -item[1])
    rows = []
    for fingerprint, count in largest[:MAX_CAUSES]:
        group = known.get(fingerprint)
        named = _named(group) if group else "no longer in the snapshot"
        rows.append(f"{count:,} × {safe(named, MAX_CAUSE_CHARS)} ({fingerprint or 'unknown'})")
    more = len(largest) - MAX_CAUSES
    return "\n".join([*rows, *([f"and {formatting.count(more, 'smaller one')}"] if more > 0 else [])])


def _named(group: CauseGroup) -> str:
    """Says ``likely`` even if only a part of the group is: a plan by this cause includes that part."""
    named = cause_in_words(group.error_type, group.label, group.source, likely=group.likely)
    some = group.likely_messages and not group.likely
    return named + (f" (likely, of {formatting.count(group.likely_messages)})" if some else "")


def _queue(plan: Plan) -> str:
    return safe(plan.destination.queue_arn.rsplit(":", 1)[-1] or plan.destination.queue_url)


def _function(plan: Plan) -> str:
    return safe(plan.destination.function_arn.partition(":function:")[2])


def _to(plan: Plan) -> str:
    to = _back(plan) if plan.destination.kind != "queue" else plan.destination.queue_arn
    then = ", then deleted here" if not plan.selection.imported else ", from the snapshot"
    stays = "; the messages stay in the queue" if plan.action is Action.COPY else then
    return to + stays


def _back(plan: Plan) -> str:
    """Every destination, with how many messages go there."""
    places = [f"{number:,} to {safe(arn)}" for arn, number in plan.returns.origins.items()]
    return "each to its original source:\n" + ",\n".join(places) if places else "each to its original source"


def _edits(plan: Plan) -> str:

    return "; ".join(edits.describe_edit(edit) for edit in plan.edits)


def _rate(plan: Plan) -> str:
    most = "no limit" if plan.pace.max_per_s is None else f"at most {formatting.count(plan.pace.max_per_s)}/s"
    return most + (", reduced under load" if plan.pace.headroom else "")


def _canary(plan: Plan) -> str:
    if not plan.steps.watch:
        return "none: all in one stage, outcomes are not tracked"
    *first, last = step_boundaries(plan.steps.sizes, plan.total)
    sizes = ", then ".join([*(f"{size:,}" for size in first), f"all {last:,}"])
    return (
        f"{sizes}; after each stage, waits up to {formatting.duration(plan.steps.patience_s)} for outcomes, and stops if more than "
        f"{formatting.percent(plan.steps.stop_share)} failed again"
    )


def _stale(plan: Plan) -> str:
    margin = formatting.percent(plan.margin)
    if plan.selection.selects_all or plan.action is Action.PURGE:
        return f"when the queue has changed by more than {margin}, and after a day"
    return f"when more than {margin} of its messages or of the queue's are missing, or after a day"


def _waits(plan: Plan) -> bool:
    return plan.steps.watch and plan.action is not Action.PURGE


def _expires(source: DeadLetterQueue, plan: Plan, now: datetime) -> str:
    """When SQS drops the first of them. A standard queue counts from when the message was first sent, which is its
    SentTimestamp; a FIFO queue restarts the count on arrival, a time that SQS does not return (developer guide, dead-letter queues)."""
    if source.queue.fifo:
        return ""
    with Snapshot.open(source) as snapshot:
        oldest = snapshot.find(plan.selection, order="sent", limit=1)
    sent = oldest[0].message.sent if oldest and not oldest[0].message.imported else None
    if sent is None:
        return ""
    left = (sent + timedelta(seconds=source.queue.retention_s) - now).total_seconds()
    return f"the oldest message in {formatting.duration(left)}" if left > 0 else "the oldest message now"


def _permissions(plan: Plan, *, listed: bool) -> str:
    """IAM permissions, one line per resource."""
    if not listed:
        return f"{formatting.count(len(plan.permissions), 'IAM action')} (ops dlq plan --permissions lists them)"
    by_resource: dict[str, list[str]] = {}
    for permission in plan.permissions:
        action, _, resource = permission.partition(" on ")
        by_resource.setdefault(resource, []).append(action)
    return "\n".join(f"{resource}: {', '.join(actions)}" for resource, actions in by_resource.items())
