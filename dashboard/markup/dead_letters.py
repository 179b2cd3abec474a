"""Plans and redrives as HTML, with every value escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from dashboard import theme
from dashboard.formatting import NONE, duration, escape, moment, number, percent, utc
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from ops.deadletters.ledger.model import RunState
from ops.deadletters.plans import steps
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import Run
    from ops.deadletters.plan_model import Plan

ANCHOR = "the-run"
"""The HTML id of the redrive at the top of the page, for links to it."""
STATE = {
    RunState.RUNNING: (theme.VISIBLE, "Running"),
    RunState.INTERRUPTED: (theme.WATCH, "Interrupted"),
    RunState.STOPPED: (theme.DEAD, "Aborted by canary"),
    RunState.CANCELLED: (theme.WATCH, "Cancelled"),
    RunState.FAILED: (theme.DEAD, "Failed"),
    RunState.DONE: (theme.SUCCESS, "Done"),
}
_STEP = {
    "open": (theme.NEUTRAL, "not started"),
    "sending": (theme.VISIBLE, "sending"),
    "watching": (theme.IN_FLIGHT, "watching"),
    "passed": (theme.SUCCESS, "passed"),
    "stopped": (theme.DEAD, "aborted"),
    "stopped, then resumed": (theme.DEAD, "aborted, then resumed"),
    "ended early": (theme.WATCH, "ended early"),
    "interrupted": (theme.WATCH, "interrupted"),
}


def course(source: str, to: str) -> str:
    """From where to where."""
    return (
        f'<div class="so-course"><b style="--c:{theme.DEAD}">{escape(source)}</b><u></u>'
        f'<b style="--c:{theme.VISIBLE}">{escape(to)}</b></div>'
    )


def origin(plan: Plan, queue: str) -> str:
    """The queue that the messages are read from, or the file."""
    return "a file on this machine" if plan.selection.imported else queue


def destination(plan: Plan) -> str:
    to = plan.destination
    if to.kind == "function":
        return to.function_arn.partition(":function:")[2]
    return "their original source" if to.kind == "origin" else to.queue_arn.rsplit(":", 1)[-1] or to.queue_url


def planned_steps(plan: Plan) -> str:
    """The stages of the canary, before the start."""
    try:
        ends = steps.boundaries(plan.steps.sizes, plan.total)
    except UsageError:
        return ""
    rule = (
        f"After each stage, waits up to {duration(plan.steps.patience_s)} for outcomes; aborts if more than "
        f"{percent(plan.steps.stop_share)} fail again."
    )
    cells = "".join(
        f'<div class="so-step" style="--c:{theme.NEUTRAL}"><small>Stage {place}</small><b>up to {number(end)}</b></div>'
        for place, end in enumerate(ends, 1)
    )
    return f'<div class="so-steps">{cells}</div><div class="so-quiet">{escape(rule)}</div>'


def warnings(said: Sequence[str]) -> str:
    rows = "".join(f"<li>{escape(one)}</li>" for one in said)
    return f'<div class="so-partial"><b>Warnings</b><ul>{rows}</ul></div>'


def run_head(run: Run, what: str, viewer: tzinfo, anchor: str = "") -> str:
    """Status, messages, reason, operator and start."""
    colour, word = state(run)
    place = f' id="{anchor}"' if anchor else ""
    first = "Stopping: messages in progress are finished or released first. " if _stopping(run) else ""
    took = f", {duration((run.ended - run.began).total_seconds())}" if run.ended else ""
    meta = f"{run.reason} · {_name(run.who)} · {moment(run.began, viewer)}{took}"
    live = " so-live" if run.state is RunState.RUNNING else ""
    return (
        f'<div class="so-run"{place} style="--c:{colour}"><span class="so-badge{live}">{escape(word)}</span>'
        f'<b>{escape(what)}</b><span class="so-quiet" title="{utc(run.began)}">{escape(meta)}</span>'
        f"<p>{escape(first + run.status_text)}</p></div>"
    )


def state(run: Run) -> tuple[str, str]:
    """Colour and label. A move task that loops is stopped without the canary; the redrive's sentence has the reason."""
    if _stopping(run):
        return theme.WATCH, "Stopping"
    if run.state is RunState.STOPPED and (run.moved or not run.stopped_by_canary):
        return theme.DEAD, "Stopped"
    return STATE[run.state]


def _stopping(run: Run) -> bool:
    return run.stopping and run.state is RunState.RUNNING


def follow() -> str:
    """Instead of the plan form, while a redrive is running: its card is far above."""
    return (
        '<div class="so-empty"><b>A redrive is running</b><span class="so-quiet">'
        f'<a href="#{ANCHOR}">Follow or stop it at the top of this page</a>. '
        "Create the next plan when it has ended.</span></div>"
    )


def upwards() -> str:
    """From the end of a long page to the redrive that has ended."""
    return f'<span class="so-quiet"><a href="#{ANCHOR}">See its details at the top of this page</a></span>'


def run_bar(run: Run) -> str:
    """The outcomes of the planned messages, as one bar."""
    unwatched = max(0, run.sent - run.succeeded - run.failed_again - run.waiting)
    parts = (
        ("succeeded", run.succeeded, theme.SUCCESS),
        ("failed again", run.failed_again, theme.DEAD),
        (
            "sent, outcome pending" if run.state is RunState.RUNNING else "sent, outcome unknown",
            run.waiting,
            theme.IN_FLIGHT,
        ),
        ("sent, not tracked", unwatched, theme.VISIBLE),
        ("moved by SQS, about", run.taken_by_task, theme.VISIBLE),
        ("rejected", run.failed, theme.THROTTLED),
        ("missing", run.missing, theme.NEUTRAL),
    )
    whole = max(1, run.planned)
    bars = "".join(
        f'<i style="width:{count / whole * 100:.2f}%;background:{colour}" title="{number(count)} {name}"></i>'
        for name, count, colour in parts
        if count
    )
    names = "".join(
        f'<span><i style="background:{colour}"></i>{number(count)} {escape(name)}</span>'
        for name, count, colour in parts
        if count
    )
    left = run.remaining - run.taken_by_task
    names += f'<span><i class="so-none"></i>{number(left)} remaining</span>' if left else ""
    share = percent((run.planned - left) / whole)
    return (
        f'<div class="so-bar" role="progressbar" aria-valuemin="0" aria-valuemax="{whole}" '
        f'aria-valuenow="{run.planned - left}" aria-label="{share} of the messages">{bars}</div>'
        f'<div class="so-key">{names}</div>'
    )


def run_numbers(run: Run) -> str:
    left = run.remaining - run.taken_by_task
    going = run.state is RunState.RUNNING
    # A slow redrive sends nothing during most measurements of its rate; its limit is a better estimate then.
    sending = any(step.state == "sending" for step in run.steps)
    rate = run.rate or (run.rate_limit or 0.0 if sending else 0.0)
    time_left = duration(left / rate) if going and rate > 0 and left else NONE
    limit = f"limit {number(run.rate_limit)}/s" if run.rate_limit is not None else "no limit"
    row = [
        Stat(
            "Sent",
            number(run.sent + run.taken_by_task),
            f"of {number(run.planned)}",
            colour=theme.VISIBLE,
            note="about, by SQS's move task" if run.taken_by_task else "",
        ),
        Stat("Succeeded", number(run.succeeded), colour=theme.SUCCESS),
        Stat("Failed again", number(run.failed_again), colour=theme.DEAD),
        Stat("Pending" if going else "Outcome unknown", number(run.waiting), colour=theme.IN_FLIGHT),
    ]
    if going:
        row += [
            Stat("Rate", number(run.rate) if run.rate else NONE, "/s", note=limit),
            Stat("Time left", time_left, note="to send the rest"),
        ]
    else:
        row += [Stat("Rejected", number(run.failed)), Stat("Missing", number(run.missing))]
    return html_blocks.stats(row)


def run_steps(run: Run) -> str:
    """Each stage with the outcomes of its messages."""
    cells = []
    for step in run.steps:
        colour, word = _STEP.get(run.step_label(step), (theme.NEUTRAL, step.state))
        facts = [
            f"{number(count)} {name}"
            for count, name in (
                (step.succeeded, "succeeded"),
                (step.failed_again, "failed again"),
                (step.waiting, "pending" if run.state is RunState.RUNNING else "unknown"),
            )
            if count
        ]
        live = " so-live" if run.state is RunState.RUNNING and step.state in ("sending", "watching") else ""
        cells.append(
            f'<div class="so-step{live}" style="--c:{colour}"><small>Stage {step.number}, {escape(word)}</small>'
            f"<b>up to {number(step.upto)}</b><span>{escape(', '.join(facts)) or '&nbsp;'}</span></div>"
        )
    return f'<div class="so-steps">{"".join(cells)}</div>' if cells else ""


def tally(title: str, rows: tuple[tuple[str, int], ...]) -> str:
    """Sentences, each with its number of messages."""
    said = "".join(f"<li><b>{number(count)}</b> {escape(text)}</li>" for text, count in rows)
    return f'<div class="so-tally"><b>{escape(title)}</b><ul>{said}</ul></div>' if rows else ""


def _name(arn: str) -> str:
    return arn.rsplit(":", 1)[-1] or arn
