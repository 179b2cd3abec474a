"""The answers of a file, in a real run: what is not answered fails it, and what is never asked is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from ops import workload
from ops.aws import Aws
from ops.deadletters.queue import open_queue
from ops.rehearsals.scripted_operator import ScriptedOperator
from ops.runbooks import engine, library, runs
from ops.runbooks.actions.action import ActionContext
from ops.runbooks.run_state import RunbookRun, RunPhase
from ops.target import resolve
from tests.fakes.aws import serve
from tests.fakes.stalled_workload import StalledWorkload

DOCUMENT = library.load("stalled-consumer")
ANSWERS = {"paused": "no", "turn_on": "yes", "faster": "keep"}


@dataclass
class Rehearsed:
    workload: StalledWorkload
    home: Path

    def run(
        self, answers: dict[str, str], before: list[str] | None = None, after: list[str] | None = None
    ) -> tuple[RunbookRun, ScriptedOperator]:
        asked, done = before if before is not None else [], after if after is not None else []
        operator = ScriptedOperator(DOCUMENT, answers, asked.append, after=done.append)
        target = resolve(queue="orders")
        aws = Aws(target)
        described = workload.describe(aws, target)
        context = ActionContext(
            aws=aws,
            workload=described,
            open_dlq=cache(lambda: open_queue(aws, described)),
            reason="rehearsal",
            ask=operator.ask,
            progress=lambda _line: None,
        )
        return runs.start(runs.Session(self.home, context, operator), DOCUMENT), operator


@pytest.fixture
def rehearsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsed]:
    made = StalledWorkload()
    monkeypatch.setenv("OPS_HOME", str(tmp_path))
    monkeypatch.setattr(engine, "VERIFY_INTERVAL_S", 0.01)
    with serve(made.answer, monkeypatch):
        yield Rehearsed(made, tmp_path)


def test_every_question_is_answered_from_the_file(rehearsed: Rehearsed) -> None:
    order, done = list[str](), list[str]()
    state, operator = rehearsed.run(ANSWERS, order, done)
    assert state.phase is RunPhase.DONE
    assert rehearsed.workload.changes == [("enabled", True)]
    assert order == ["paused", "turn_on", "faster"]  # each before it is answered
    assert [step for step in done if step in order] == order, "each is done after it is answered"
    assert done[0] == "find", "steps that only read are done, too"
    assert operator.never_asked == ()


def test_a_question_without_an_answer_fails_the_run_with_its_text(rehearsed: Rehearsed) -> None:
    state, _ = rehearsed.run({"turn_on": "yes", "faster": "keep"})
    assert state.phase is RunPhase.FAILED
    assert "Step paused asks, and the rehearsal has no answer: The mapping is off." in state.text
    assert "[answers]: paused = …" in state.text
    assert rehearsed.workload.changes == []


def test_a_confirmation_without_an_answer_names_what_would_change(rehearsed: Rehearsed) -> None:
    state, _ = rehearsed.run({"paused": "no", "faster": "keep"})
    assert state.phase is RunPhase.FAILED
    assert "Step turn_on asks, and the rehearsal has no answer: Carry out mapping.resume (" in state.text
    assert rehearsed.workload.changes == []


def test_an_answer_that_is_never_asked_for_is_known(rehearsed: Rehearsed) -> None:
    _, operator = rehearsed.run({**ANSWERS, "catch_up": "yes"})
    assert operator.never_asked == ("catch_up",)


def test_a_step_may_be_skipped_and_the_run_stopped(rehearsed: Rehearsed) -> None:
    state, _ = rehearsed.run({**ANSWERS, "turn_on": "stop"})
    assert (state.phase, rehearsed.workload.changes) == (RunPhase.STOPPED, [])


def test_an_answer_is_one_of_the_choices_or_fails_the_run(rehearsed: Rehearsed) -> None:
    state, _ = rehearsed.run({**ANSWERS, "paused": "maybe"})
    assert state.phase is RunPhase.FAILED
    assert "Step paused takes one of no, yes, not maybe" in state.text


def test_an_answer_may_be_what_an_earlier_step_put_out(rehearsed: Rehearsed) -> None:
    rehearsed.workload.maximum = 5
    answers = {**ANSWERS, "faster": "{steps.mapping.maximum_concurrency}", "catch_up": "yes"}
    state, _ = rehearsed.run(answers)
    assert state.step("faster").outputs == {"answer": "5"}


def test_an_output_that_is_not_there_fails_the_run(rehearsed: Rehearsed) -> None:
    state, _ = rehearsed.run({**ANSWERS, "faster": "{steps.drained.value}"})
    assert state.phase is RunPhase.FAILED
    assert "{steps.drained.value}, the answer to step faster, is not known" in state.text
