"""One rehearsal: cause the incident, wait for the alarm, run the runbook, and check that it ended the incident."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ops import clock, formatting, workload
from ops.aws import Aws
from ops.aws.cloudwatch.alarms import find_alarm
from ops.deadletters.queue import open_queue
from ops.errors import OpsError, TwinError
from ops.rehearsals.acts import Act
from ops.rehearsals.alarm_change import AlarmAdjustment
from ops.rehearsals.model import DEAD_LETTER, RunbookRehearsal
from ops.rehearsals.own_twin import ensure_own, own_target, own_twin
from ops.rehearsals.scripted_operator import ScriptedOperator
from ops.rehearsals.staging.staged_workload import JobTally, StagedWorkload
from ops.runbooks import library, runs
from ops.runbooks.actions.action import ActionContext
from ops.runbooks.model import RunbookStep
from ops.runbooks.record import RecordedEvent
from ops.runbooks.run_state import RunbookRun, RunPhase
from ops.target import state_folder
from ops.twin import deploy
from ops.twin_state import TwinState

POLL_S = 1.0
QUIET_WITHIN_S = 60.0
"""How long the alarm may take until it is not in ALARM, before the incident."""
PUBLISHED_WITHIN_S = 120.0
"""How long the metrics of the last jobs may take until an alarm is evaluated on them."""
ALARM = "ALARM"
EventSink = Callable[[RunbookStep | None, RecordedEvent], None]
Wait = Callable[[float], None]


@dataclass
class RehearsalResult:
    """``findings``: why it is not healthy, as sentences. Seconds: until the alarm, of the run, and from its end until
    everything held; None for what was not reached."""

    name: str
    runbook: str
    alarm: str
    run: str = ""
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    alarm_s: float | None = None
    run_s: float | None = None
    healthy_s: float | None = None
    jobs: JobTally = field(default_factory=lambda: JobTally(0, 0))
    minutes: float = 0.0
    """The duration of everything, the twin's start and stop included."""

    @property
    def is_healthy(self) -> bool:
        return not self.findings


def rehearse(
    twin: TwinState,
    rehearsal: RunbookRehearsal,
    progress: Callable[[str], None] = lambda _line: None,
    on_event: EventSink = lambda _step, _event: None,
) -> RehearsalResult:
    """Raises UsageError for a twin that this process did not start; what goes wrong on it is a finding."""
    ensure_own(twin)
    rehearser = _Rehearser(twin, rehearsal, progress, on_event)
    began = clock.elapsed_s()
    try:
        try:
            rehearser.rehearse()
        except OpsError as error:
            rehearser.result.findings.append(f"{error} {error.next_step}".rstrip())
        finally:
            rehearser.result.findings += rehearser.workload.stop_sending()
        rehearser.count_jobs()
    finally:
        rehearser.workload.close()
    rehearser.result.minutes = (clock.elapsed_s() - began) / 60
    return rehearser.result


def rehearse_on_own_twin(
    rehearsal: RunbookRehearsal,
    keep: Callable[[Path], None] | None = None,
    progress: Callable[[str], None] = lambda _line: None,
    on_event: EventSink = lambda _step, _event: None,
) -> RehearsalResult:
    """Rehearse on a twin that is started for it, and stopped and removed at the end. ``keep``: see ``own_twin``."""
    began = clock.elapsed_s()
    result = RehearsalResult(rehearsal.name, rehearsal.runbook, rehearsal.alarm)
    try:
        with own_twin(rehearsal.parameters, keep, progress) as twin:
            result = rehearse(twin, rehearsal, progress, on_event)
    except TwinError as error:
        result.findings.append(f"{error} {error.next_step}".rstrip())
    result.minutes = (clock.elapsed_s() - began) / 60
    return result


class _Rehearser:
    def __init__(
        self, twin: TwinState, rehearsal: RunbookRehearsal, progress: Callable[[str], None], on_event: EventSink
    ) -> None:
        self._twin, self._rehearsal, self._progress, self._on_event = twin, rehearsal, progress, on_event
        self._target = own_target(twin)
        self._aws = Aws(self._target)
        self._alarm = f"{twin.stack}-{rehearsal.alarm}"
        self.workload = StagedWorkload(twin)
        self.result = RehearsalResult(rehearsal.name, rehearsal.runbook, rehearsal.alarm)

    def rehearse(self) -> None:
        self._change_alarm()
        if not _within(QUIET_WITHIN_S, lambda: self._state() != ALARM):
            raise OpsError(f"Alarm {self._alarm} is in ALARM before the incident.")
        began = clock.elapsed_s()
        self._carry_out(self._rehearsal.incident)
        if not _within(self._rehearsal.alarm_within_s, lambda: self._state() == ALARM):
            raise OpsError(
                f"Alarm {self._alarm} was {self._state()} "
                f"{formatting.duration(self._rehearsal.alarm_within_s)} after the incident, not in ALARM."
            )
        self.result.alarm_s = clock.elapsed_s() - began
        self._progress(f"{self._alarm} is in ALARM after {self.result.alarm_s:.0f} s.")
        began = clock.elapsed_s()
        self._run()
        self.result.run_s = clock.elapsed_s() - began
        began = clock.elapsed_s()
        self.result.findings += self.workload.stop_sending()
        after = self._rehearsal.after
        if _within(after.within, lambda: not any(self._unwell())):
            self.result.healthy_s = clock.elapsed_s() - began
        self.result.findings += self._unwell()
        if after.alarm_stays:
            self._judge_staying()

    def count_jobs(self) -> None:
        try:
            after, exports = self._rehearsal.after, state_folder(self._target).rglob("exports/*.jsonl")
            exported = "".join(each.read_text() for each in exports)
            self.result.jobs = self.workload.tally().with_exports(exported)
            self.result.findings += self.result.jobs.findings(after.dead_letters, after.purged)
        except OpsError as error:
            self.result.findings.append(f"The jobs could not be counted: {error}")

    def _change_alarm(self) -> None:
        if (change := self._rehearsal.alarm_change) == AlarmAdjustment():
            return
        made = self.workload.change_alarm(self._alarm, change)
        self.result.notes.append(f"{self._alarm} was changed for the rehearsal: {'; '.join(made)}.")
        self._progress(self.result.notes[-1])

    def _run(self) -> None:
        document = library.load(self._rehearsal.runbook)
        operator = ScriptedOperator(
            document, self._rehearsal.answers, self._fix, self._on_event, self._filled, self._fix_after
        )
        described = workload.describe(self._aws, self._target)
        end = clock.elapsed_s() + self._rehearsal.run_within_s
        context = ActionContext(
            aws=self._aws,
            workload=described,
            open_dlq=cache(lambda: open_queue(self._aws, described)),
            reason=f"rehearsal {self._rehearsal.name}",
            ask=operator.ask,
            progress=self._progress,
            pause=_pauses_until(end, self._rehearsal.run_within_s),
            minute_s=deploy.ALARM_PERIOD_S,
        )
        state = runs.start(runs.Session(state_folder(self._target), context, operator), document)
        self.result.run = state.id
        self._judge_run(state, operator)

    def _judge_run(self, state: RunbookRun, operator: ScriptedOperator) -> None:
        if state.phase is not RunPhase.DONE:
            self.result.findings.append(f"The run ended as {state.phase.value}: {state.text}")
        self.result.findings += (f"The answer to step {step} was never asked for." for step in operator.never_asked)

    def _filled(self, answer: str) -> str:
        if answer != DEAD_LETTER:
            raise OpsError(f"{answer} is nothing that an answer can stand for.")
        return self.workload.dead_letter()

    def _fix(self, step: str) -> None:
        self._carry_out(self._rehearsal.fixes.get(step, ()))

    def _fix_after(self, step: str) -> None:
        self._carry_out(self._rehearsal.fixes_after.get(step, ()))

    def _carry_out(self, acts: tuple[Act, ...]) -> None:
        for act in acts:
            self._progress(act.carry_out(self.workload))

    def _unwell(self) -> Iterator[str]:
        """What does not hold yet. Reads counts alone: a look at the messages would hide them from what drains them."""
        if waiting := self.workload.depth():
            yield f"{formatting.count(waiting, 'message')} still in the queue."
        expected = len(self.workload.sent) - self._rehearsal.after.dead_letters - self._rehearsal.after.purged
        if (results := self.workload.results()) < expected:
            yield f"{results} of {expected} jobs have a result."
        if not self._rehearsal.after.alarm_stays and (state := self._state()) != "OK":
            yield f"{self._alarm} is {state}, not OK."

    def _judge_staying(self) -> None:
        """The alarm may be OK for a moment: between what breached at first and the metrics of the last jobs."""
        _within(PUBLISHED_WITHIN_S, lambda: self._state() == ALARM)
        if (state := self._state()) == ALARM:
            self.result.notes.append(f"{self._alarm} is still in ALARM: {self._rehearsal.after.alarm_stays}")
        else:
            self.result.findings.append(f"{self._alarm} is {state}, and the rehearsal says that it stays in ALARM.")

    def _state(self) -> str:
        return find_alarm(self._aws, self._alarm).state


def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    end = clock.elapsed_s() + seconds
    while not holds():
        if clock.elapsed_s() >= end:
            return False
        time.sleep(POLL_S)
    return True


def _pauses_until(end: float, allowed_s: float) -> Wait:
    """Waits as asked; raises OpsError after ``end``, so that a step which waits for ever fails."""

    def pause(seconds: float) -> None:
        if clock.elapsed_s() >= end:
            raise OpsError(f"The rehearsal gives the runbook {formatting.duration(round(allowed_s))}, which are over.")
        time.sleep(seconds)

    return pause
