"""The steps of a redrive, as HTML: Select → Plan → Run → Result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboard import theme
from dashboard.formatting import duration, message_count, number
from dashboard.markup import dead_letters
from dashboard.markup.dead_letters import MACROS
from ops.deadletters.ledger.model import RunState

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import Run, RunStep
    from ops.deadletters.plan_model import Plan

NAMES = ("Select", "Plan", "Run", "Result")
SELECT, PLAN, RUN, RESULT = range(len(NAMES))


@dataclass(frozen=True)
class Step:
    """``state``: done, current or open. ``share``: from 0 to 1, of the bar below a running step."""

    number: int
    state: str
    text: str
    colour: str = theme.NEUTRAL
    share: float | None = None

    @property
    def name(self) -> str:
        return NAMES[self.number]

    @property
    def reachable(self) -> bool:
        """Whether it can be opened."""
        return self.state != "open"


def redrive_steps(selected: str, plan: Plan | None, run: Run | None, *, starting: bool = False) -> tuple[Step, ...]:
    """``selected``: what is selected now, which a run no longer depends on."""
    current = _current(plan, run, starting)
    messages = message_count(run.planned) if run else selected
    texts = (
        messages,
        _plan_text(plan, current),
        _starting_text(run) if starting else _run_text(run, plan) if run else "Not started",
        _result_text(run) if run and not starting else "–",
    )
    return tuple(
        Step(
            step,
            "done" if step < current else "current" if step == current else "open",
            text,
            _colour(step, run),
            _share(run) if step == RUN and run and not starting else None,
        )
        for step, text in enumerate(texts)
    )


def step_html(step: Step) -> str:
    return MACROS.step(step, step.share is not None and step.state == "current")


def _current(plan: Plan | None, run: Run | None, starting: bool) -> int:
    if starting:
        return RUN
    if run is not None:
        return RUN if run.state is RunState.RUNNING else RESULT
    return PLAN if plan is not None else SELECT


def _plan_text(plan: Plan | None, current: int) -> str:
    if plan is None:
        return "Created" if current > PLAN else "Not created"
    stages = len(dead_letters.stage_ends(plan))
    canary = f"canary, {stages} stage{'' if stages == 1 else 's'}" if plan.steps.watch else "no canary"
    return f"{message_count(plan.total)}, {canary}" if current == PLAN else canary.capitalize()


def _starting_text(resumed: Run | None) -> str:
    if resumed is None:
        return "Starting…"
    return f"Resuming: {number(resumed.sent + resumed.taken_by_task)} of {number(resumed.planned)} sent"


def current_stage(run: Run) -> RunStep | None:
    """The stage that is sent or watched, or was when the run ended."""
    started = [step for step in run.steps if step.state != "open"]
    return started[-1] if started else None


def _run_text(run: Run, plan: Plan | None) -> str:
    """``Stage 3 of 4: 160 of 2,000 · 47/s · 39 s left``. The run has only the stages that it started, the plan has all."""
    sent = f"{number(run.sent + run.taken_by_task)} of {number(run.planned)}"
    if run.state is not RunState.RUNNING:
        return f"{sent} sent"
    stage = current_stage(run)
    stages = max(len(run.steps), len(dead_letters.stage_ends(plan)) if plan else 0)
    where = f"Stage {stage.number} of {stages}: " if stage and stages > 1 else ""
    if run.stopping:
        return f"{where}stopping, {sent} sent"
    if stage and stage.state in ("watching", "stopped"):
        return f"{where}waiting for {number(run.waiting)} outcome{'' if run.waiting == 1 else 's'}"
    rate, time_left = dead_letters.send_rate(run), dead_letters.time_left_s(run)
    parts = [sent, f"{number(rate)}/s" if rate else "", f"{duration(time_left)} left" if time_left else ""]
    return where + " · ".join(filter(None, parts))


def _result_text(run: Run) -> str:
    counts = ((run.succeeded, "succeeded"), (run.failed_again, "failed again"))
    known = ", ".join(f"{number(count)} {name}" for count, name in counts if count)
    if run.state is RunState.RUNNING:
        return known or "–"
    status = dead_letters.status_of(run)[1].removesuffix(" by canary")  # the result says by what; here is one line
    return ": ".join(filter(None, [status, known or "no outcome known"]))


def _colour(step: int, run: Run | None) -> str:
    if run is None or step < RUN:
        return theme.NEUTRAL
    if run.state is RunState.RUNNING:
        return dead_letters.status_of(run)[0] if step == RUN else theme.NEUTRAL
    return dead_letters.status_of(run)[0] if step == RESULT else theme.NEUTRAL


def _share(run: Run) -> float:
    return (run.planned - dead_letters.left_to_send(run)) / run.planned if run.planned else 0.0
