"""A plan as somebody reads it before saying yes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.text import Text

from ops import formatting
from ops.cli.dlq import printing
from ops.cli.sanitize import safe
from ops.deadletters.causes import cause_in_words
from ops.deadletters.edits import edits
from ops.deadletters.plan_model import Action, Plan
from ops.deadletters.plans.steps import boundaries
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.snapshot import LIVE, CauseGroup, Snapshot

MOST_CAUSES = 5
LONGEST_CAUSE = 120


def show(console: Console, source: DeadLetterQueue, plan: Plan, *, permissions: bool = False) -> None:
    """``permissions``: with the IAM actions that it takes, which are many lines."""
    console.print(Text(headline(plan), style="bold"))
    now = datetime.now(UTC)
    age = formatting.duration(max(0.0, round((now - plan.looked_at).total_seconds())))
    console.print(
        Text(f"plan {plan.id} · {printing.where(source)} · from a look {age} ago", style="dim"), soft_wrap=True
    )
    purge = plan.action is Action.PURGE
    estimate = plan.estimate
    rows = [
        ("which", _which(plan)),
        ("causes", _causes(source, plan)),
        ("size", f"{_bytes(plan.bytes)}; the queue held {formatting.count(plan.queue_count, 'letter')}"),
        ("to", "" if purge else _to(plan)),
        ("edits", _edits(plan)),
        ("pace", "" if purge else _pace(plan)),
        ("canary", "" if purge else _canary(plan)),
        ("engine", "" if purge else f"{plan.engine}: {plan.engine_why}".removesuffix(": ")),
        (
            "takes",
            f"about {formatting.duration(estimate.seconds)}, {formatting.count(estimate.requests, 'request')}, "
            f"{formatting.price(estimate.usd)} at AWS prices"
            + (", waiting for outcomes not counted" if _waits(plan) else ""),
        ),
        ("expires", _expires(source, plan, now)),
        ("stale", _stale(plan)),
        ("needs", _needs(plan) if permissions else ""),
    ]
    printing.facts(console, rows)
    printing.warnings(console, plan.warnings)


def headline(plan: Plan) -> str:
    letters = formatting.count(len(plan.ids), "letter")
    if plan.unseen:
        letters = f"About {formatting.count(plan.total, 'message')}, {len(plan.ids):,} of them reached by the scan,"
    elif plan.returns.left_ids:
        letters = f"{len(plan.ids):,} of {formatting.count(len(plan.ids) + len(plan.returns.left_ids), 'message')}"
    if plan.action is Action.PURGE:
        return f"{letters} to delete for good."
    if plan.destination.kind == "function":
        return f"{letters} to invoke {_function(plan)} with, asynchronously."
    home = plan.destination.kind == "origin"
    does = "copy" if plan.action is Action.COPY else "send back" if home else "move"
    return f"{letters} to {does} to {'where they came from' if home else _queue(plan)}."


def _which(plan: Plan) -> str:
    one = plan.selection
    said = [
        "imported letters" if one.imported else "",
        f"cause {one.cause}" if one.cause else "",
        f"where {one.where}" if one.where else "",
        f"with the text {one.text!r}" if one.text else "",
        f"sent since {one.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if one.since else "",
        f"sent before {one.until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if one.until else "",
        formatting.count(len(one.ids), "letter") + " by id" if one.ids else "",
    ]
    return ", ".join(filter(None, said)) or "every letter of the queue on the shelf"


def _causes(source: DeadLetterQueue, plan: Plan) -> str:
    """The largest ones, a line each, in the words that ``ops dlq causes`` has for them."""
    with Snapshot.open(source) as shelf:
        known = {group.fingerprint: group for group in shelf.groups(LIVE)}
    largest = sorted(plan.causes.items(), key=lambda item: -item[1])
    said = []
    for fingerprint, count in largest[:MOST_CAUSES]:
        group = known.get(fingerprint)
        named = _named(group) if group else "no longer on the shelf"
        said.append(f"{count:,} × {safe(named, LONGEST_CAUSE)} ({fingerprint or 'unknown'})")
    more = len(largest) - MOST_CAUSES
    return "\n".join([*said, *([f"and {formatting.count(more, 'smaller one')}"] if more > 0 else [])])


def _named(group: CauseGroup) -> str:
    """``likely``, also where only some of the group are: a plan by this cause takes those along."""
    named = cause_in_words(group.error_type, group.label, group.source, likely=group.likely)
    some = group.likely_letters and not group.likely
    return named + (f" (likely, of {formatting.count(group.likely_letters)})" if some else "")


def _queue(plan: Plan) -> str:
    return safe(plan.destination.queue_arn.rsplit(":", 1)[-1] or plan.destination.queue_url)


def _function(plan: Plan) -> str:
    return safe(plan.destination.function_arn.partition(":function:")[2])


def _to(plan: Plan) -> str:
    to = _back(plan) if plan.destination.kind != "queue" else plan.destination.queue_arn
    here = ", then deleted here" if not plan.selection.imported else ", from this machine's shelf"
    stays = ", the letters stay in the queue" if plan.action is Action.COPY else here
    return to + stays


def _back(plan: Plan) -> str:
    """Every destination, with how many messages go there."""
    places = [f"{number:,} to {safe(arn)}" for arn, number in plan.returns.origins.items()]
    return "each to where it came from:\n" + ",\n".join(places) if places else "each to where it came from"


def _edits(plan: Plan) -> str:

    return "; ".join(edits.describe_edit(edit) for edit in plan.edits)


def _pace(plan: Plan) -> str:
    most = "as fast as it goes" if plan.pace.max_per_s is None else f"{formatting.count(plan.pace.max_per_s)}/s at most"
    return most + (", slower while the workload is behind" if plan.pace.headroom else "")


def _canary(plan: Plan) -> str:
    if not plan.steps.watch:
        return "none: all at once, and nobody watches what becomes of them"
    *first, last = boundaries(plan.steps.sizes, plan.total)
    sizes = ", then ".join([*(f"{size:,}" for size in first), f"all {last:,}"])
    return (
        f"{sizes}; after each step it waits up to {formatting.duration(plan.steps.patience_s)}, and stops when more than "
        f"{formatting.percent(plan.steps.stop_share)} came back"
    )


def _stale(plan: Plan) -> str:
    margin = formatting.percent(plan.margin)
    if plan.selection.whole or plan.action is Action.PURGE:
        return f"when the queue has changed by more than {margin}, and after a day"
    return f"when more than {margin} of its messages, or of the queue's, are no longer there, and after a day"


def _waits(plan: Plan) -> bool:
    return plan.steps.watch and plan.action is not Action.PURGE


def _expires(source: DeadLetterQueue, plan: Plan, now: datetime) -> str:
    """When SQS drops the first of them. A standard queue counts from when the message was first sent, which is its
    SentTimestamp; a FIFO queue counts anew on arrival, which nothing says (developer guide, dead-letter queues)."""
    if source.queue.fifo:
        return ""
    with Snapshot.open(source) as shelf:
        oldest = shelf.find(plan.selection, order="sent", limit=1)
    sent = oldest[0].letter.sent if oldest and not oldest[0].letter.imported else None
    if sent is None:
        return ""
    left = (sent + timedelta(seconds=source.queue.retention_s) - now).total_seconds()
    return f"the oldest letter in {formatting.duration(left)}" if left > 0 else "the oldest letter any moment now"


def _bytes(size: int) -> str:
    if size < 1000:
        return formatting.count(size, "byte")
    return f"{size / 1000:,.0f} KB" if size < 1_000_000 else f"{size / 1_000_000:,.1f} MB"


def _needs(plan: Plan) -> str:
    """IAM permissions, a line a resource."""
    by_resource: dict[str, list[str]] = {}
    for permission in plan.permissions:
        action, _, resource = permission.partition(" on ")
        by_resource.setdefault(resource, []).append(action)
    return "\n".join(f"{resource}: {', '.join(actions)}" for resource, actions in by_resource.items())
