"""What is still open after a run, and what follows from its findings. Nothing is concluded without a source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ops import formatting
from ops.insight.sources.alarm_history import StateSpan
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import Effect, PlannedChange
from ops.runbooks.model import Runbook
from ops.runbooks.report.model import IncidentPeriod
from ops.runbooks.run_state import RunbookRun, RunPhase, StepState

_OPEN = {
    StepState.UNKNOWN: "its outcome is not known",
    StepState.EXECUTED: "it was carried out, and is not verified",
    StepState.FAILED: "it failed",
}
_BY_PERSON = "Skipped by a person."
_ANYWAY = "Continued although"


def still_open(document: Runbook, run: RunbookRun, period: IncidentPeriod, dlq: str) -> Iterator[str]:
    """``dlq``: a sentence about the messages in it, or empty."""
    if run.ended is None:
        yield (
            "No end of the run is recorded: it is in progress, waits for a person, or its process was killed. Continue "
            f"it: ops runbook resume {run.id}"
        )
    pending = []
    for step in document.steps:
        progress = run.steps.get(step.id)
        state = progress.state if progress else StepState.PENDING
        if state is StepState.PENDING:
            pending.append(step.id)
        text = f": {progress.text}" if progress and progress.text else "."
        if state is StepState.SKIPPED and progress and progress.text == _BY_PERSON:
            yield f"Step {step.id}: it was skipped by a person."
        elif state in _OPEN:
            yield f"Step {step.id}: {_OPEN[state]}{text}"
    if pending and run.phase is not RunPhase.ROLLED_BACK:
        yield f"Not carried out: {', '.join(pending)}."
    if period.in_alarm:
        are = "is" if len(period.in_alarm) == 1 else "are"
        yield f"{', '.join(period.in_alarm)} {are} still in ALARM."
    if dlq:
        yield dlq


def follow_ups(
    document: Runbook, run: RunbookRun, period: IncidentPeriod, spans: Mapping[str, Sequence[StateSpan]]
) -> Iterator[str]:
    """What to do after the incident, a sentence each. ``spans``: the alarms' time in ALARM, by name."""
    for step in document.steps:
        progress = run.steps.get(step.id)
        if progress is None:
            continue
        is_kept = progress.state in (StepState.DONE, StepState.EXECUTED)
        if is_kept and ACTIONS[step.action].effect is Effect.CHANGE:
            for change in progress.changes:
                yield (
                    f"{_value_of(change)}, and was {change.before} before step {step.id}: keep it in the template, or "
                    f"undo it: ops runbook rollback {run.id} --reason WHY"
                )
        if failed := _count(progress.outputs.get("failed_again")):
            yield f"{formatting.count(failed, 'message')} failed again after the redrive of step {step.id}: find out why."
        if progress.text.startswith(_ANYWAY):
            yield f"Step {step.id}: {progress.text[:1].lower()}{progress.text[1:]}"
    times = Counter(
        name for name in period.alarms for span in spans.get(name, ()) if period.start <= span.start <= period.end
    )
    for name, count in times.items():
        if count > 1:
            yield f"{name} went into ALARM {count} times: it may be flapping, or the cause came back."


def _value_of(change: PlannedChange) -> str:
    what = f"{change.what[:1].upper()}{change.what[1:]}"
    return f"{what} is {'none' if change.after is None else change.after} since the run"


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
