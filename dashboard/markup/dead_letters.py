"""Plans and redrives as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING

from dashboard import theme
from dashboard.formatting import NONE, duration, message_count, number, percent, principal
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from dashboard.markup.templates import Macros
from ops.deadletters.ledger.model import RunState
from ops.deadletters.plans import steps
from ops.errors import UsageError
from ops.formatting import capitalized, elapsed

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import Run
    from ops.deadletters.plan_model import Plan

STATUS = {
    RunState.RUNNING: (theme.NEUTRAL, "Running"),
    RunState.INTERRUPTED: (theme.WARNING, "Interrupted"),
    RunState.STOPPED: (theme.DEAD, "Aborted by canary"),
    RunState.CANCELLED: (theme.WARNING, "Cancelled"),
    RunState.FAILED: (theme.DEAD, "Failed"),
    RunState.DONE: (theme.SUCCESS, "Done"),
}
_STAGE = {
    "open": (theme.NEUTRAL, "not started"),
    "sending": (theme.NEUTRAL, "sending"),
    "watching": (theme.NEUTRAL, "watching"),
    "passed": (theme.SUCCESS, "passed"),
    "stopped": (theme.DEAD, "aborted"),
    "stopped, then resumed": (theme.DEAD, "aborted, then resumed"),
    "ended early": (theme.WARNING, "ended early"),
    "interrupted": (theme.WARNING, "interrupted"),
}

MACROS = Macros("dead_letters.html")


@dataclass(frozen=True)
class _Stage:
    title: str
    upto: int
    colour: str = theme.NEUTRAL
    outcomes: str = ""
    live: bool = False


def course(plan: Plan, queue: str) -> str:
    """The plan's source and destination."""
    return MACROS.course(origin(plan, queue), destination(plan))


def origin(plan: Plan, queue: str) -> str:
    """The queue that the messages are read from, or the file."""
    return "a file on this machine" if plan.selection.imported else queue


def destination(plan: Plan) -> str:
    to = plan.destination
    if to.kind == "function":
        return to.function_arn.partition(":function:")[2]
    return "their original source" if to.kind == "origin" else to.queue_arn.rsplit(":", 1)[-1] or to.queue_url


def planned_stages(plan: Plan) -> str:
    """The stages of the canary, before the start."""
    return MACROS.stages([_Stage(f"Stage {stage}", end) for stage, end in enumerate(stage_ends(plan), 1)])


def stage_ends(plan: Plan) -> tuple[int, ...]:
    """Messages sent by the end of each stage of the canary: few messages have fewer stages than the plan has sizes."""
    if not plan.steps.watch:
        return ()
    try:
        return steps.step_boundaries(plan.steps.sizes, plan.total)
    except UsageError:
        return ()


def canary_rule(plan: Plan) -> str:
    """A sentence about when the canary continues or aborts."""
    return (
        f"After each stage, waits up to {duration(plan.steps.patience_s)} for outcomes; aborts if more than "
        f"{percent(plan.steps.stop_share)} fail again."
    )


def run_head(run: Run, messages: str, zone: tzinfo) -> str:
    """Status, messages, reason, operator and start."""
    colour, status = status_of(run)
    stopping = f"{stopping_text(run)} " if _is_stopping(run) else ""
    took = f", {elapsed(run.began, run.ended)}" if run.ended else ""
    operator = principal(run.who)
    return MACROS.run_head(run, colour, status, messages, stopping + run.status_text, operator, took, zone)


def status_of(run: Run) -> tuple[str, str]:
    """Colour and label. A move task that loops is stopped without the canary; the redrive's sentence has the reason.
    A redrive is done once everything was sent, even if messages failed again: that is not success."""
    if _is_stopping(run):
        return theme.WARNING, "Stopping"
    if run.state is RunState.STOPPED and (run.moved or not run.stopped_by_canary):
        return theme.DEAD, "Stopped"
    colour, status = STATUS[run.state]
    if run.state is RunState.DONE and (run.failed_again or run.failed):
        colour = theme.WARNING
    return colour, status


def stopping_text(run: Run) -> str:
    if left_to_send(run):
        return "Stopping: messages in progress are finished or released first."
    return "Stopping: outcomes that are known by now are kept."


def left_to_send(run: Run) -> int:
    """Messages that are not sent yet; a redrive that runs with none left waits for outcomes alone."""
    return run.remaining - run.taken_by_task


def _is_stopping(run: Run) -> bool:
    return run.stopping and run.state is RunState.RUNNING


def run_bar(run: Run) -> str:
    """The outcomes of the planned messages, as one bar."""
    untracked = max(0, run.sent - run.succeeded - run.failed_again - run.waiting)
    pending = "sent, outcome pending" if run.state is RunState.RUNNING else "sent, outcome unknown"
    outcomes = (
        ("succeeded", run.succeeded, theme.SUCCESS),
        ("failed again", run.failed_again, theme.DEAD),
        (pending, run.waiting, theme.NEUTRAL),
        ("sent, not tracked", untracked, theme.NEUTRAL),
        ("moved by SQS (approximately)", run.taken_by_task, theme.NEUTRAL),
        ("rejected", run.failed, theme.WARNING),
        ("missing", run.missing, theme.DELAYED),
    )
    planned, left = max(1, run.planned), left_to_send(run)
    share = percent((run.planned - left) / planned)
    return MACROS.run_bar(planned, left, share, [outcome for outcome in outcomes if outcome[1]])


def send_rate(run: Run) -> float:
    """Messages per second. A slow redrive sends nothing during most measurements; its limit is a better estimate then."""
    sending = any(step.state == "sending" for step in run.steps)
    return run.rate or (run.rate_limit or 0.0 if sending else 0.0)


def time_left_s(run: Run) -> float | None:
    """Seconds until the rest is sent; None where it is not known, where nothing is sent at present or will be, or
    nothing is left."""
    left, rate = left_to_send(run), send_rate(run)
    sends = run.state is RunState.RUNNING and not run.stopping and not why_not_sending(run)
    return left / rate if sends and rate > 0 and left else None


def why_not_sending(run: Run) -> str:
    """Why a running redrive sends nothing at present; empty where it does."""
    if run.rate_limit == 0:
        return "paused under load"
    return "after this stage's outcomes" if any(step.state == "watching" for step in run.steps) else ""


@dataclass(frozen=True)
class Settlement:
    """Whether the outcomes of a run are all known, in words. ``open``: more may become known."""

    title: str
    text: str
    open: bool = False


def settlement(run: Run, patience_s: float | None) -> Settlement:
    """``patience_s``: how long the outcomes of a stage are awaited, from the plan; None where that is not known."""
    waiting = f"{number(run.waiting) if run.waiting else 'no'} outcome{'' if run.waiting == 1 else 's'}"
    untracked = max(0, run.sent - run.succeeded - run.failed_again - run.waiting)
    if run.state is RunState.RUNNING:
        within = f"for up to {duration(patience_s)}." if patience_s and not run.stopping else ""
        if left_to_send(run):
            limit = f" Each stage is watched {within}" if within else ""
            return Settlement("Outcomes", capitalized(f"{waiting} pending.{limit}"), open=True)
        limit = f" They are watched {within}" if within else ""
        return Settlement("Settling", f"Nothing is left to send; {waiting} pending.{limit}", open=True)
    if run.waiting:
        unknown = f"{waiting} still unknown."
        if run.state in (RunState.DONE, RunState.STOPPED):
            later = "The next scan finds messages that failed again; this result then shows them."
            return Settlement("Watch time is up", f"{unknown} {later}", open=True)
        resumed = "send the rest and watch again" if left_to_send(run) else "watch again"
        return Settlement("Watching ended early", f"{unknown} Resume to {resumed}, or scan the DLQ.", open=True)
    if run.taken_by_task:
        moved = f"SQS moved about {message_count(run.taken_by_task)}; which ones is not known."
        return Settlement("Outcomes unknown", f"{moved} The next scan shows what is left in the DLQ.", open=True)
    if not run.sent:
        return Settlement("Settled", "Nothing was sent.")
    if untracked:
        return Settlement("Settled", f"{number(untracked)} outcome{'' if untracked == 1 else 's'} not tracked.")
    return Settlement("Settled", "Every outcome is known.")


def run_numbers(run: Run) -> str:
    time_left = time_left_s(run)
    going = run.state is RunState.RUNNING
    limit = f"limit {number(run.rate_limit)}/s" if run.rate_limit is not None else "no limit"
    row = [
        Stat(
            "Sent",
            number(run.sent + run.taken_by_task),
            f"of {number(run.planned)}",
            note="approximately (move task)" if run.taken_by_task else "",
        ),
        Stat("Succeeded", number(run.succeeded), colour=theme.SUCCESS if run.succeeded else ""),
        Stat("Failed again", number(run.failed_again), colour=theme.DEAD if run.failed_again else ""),
        Stat("Pending" if going else "Outcome unknown", number(run.waiting)),
    ]
    if going and left_to_send(run) and not run.stopping:
        row += [
            Stat("Rate", number(run.rate) if run.rate else NONE, "/s", note=limit),
            Stat("Time left", duration(time_left), note=why_not_sending(run) or "to send the rest"),
        ]
    else:
        row += [Stat("Rejected", number(run.failed)), Stat("Missing", number(run.missing))]
    return html_blocks.stats(row)


def run_stages(run: Run, ends: tuple[int, ...] = ()) -> str:
    """Each stage with the outcomes of its messages. ``ends``: of the plan's stages, which has those not started too."""
    running = run.state is RunState.RUNNING
    stages = []
    for step in run.steps:
        colour, label = _STAGE.get(run.step_label(step), (theme.NEUTRAL, step.state))
        outcomes = (
            (step.succeeded, "succeeded"),
            (step.failed_again, "failed again"),
            (step.waiting, "pending" if running else "unknown"),
        )
        text = ", ".join(f"{number(count)} {name}" for count, name in outcomes if count)
        live = running and step.state in ("sending", "watching")
        stages.append(_Stage(f"Stage {step.number}, {label}", step.upto, colour, text, live))
    colour, label = _STAGE["open"]
    for stage, end in enumerate(ends[len(stages) :], len(stages) + 1):
        stages.append(_Stage(f"Stage {stage}, {label}", end, colour, ""))
    return MACROS.stages(stages)
