"""Parses a rehearsal's TOML file. All problems are reported, each with its line; nothing is run."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

from ops.errors import OpsError
from ops.files.toml_lines import TomlPath, lines_of
from ops.rehearsals.acts import ACTS, Act
from ops.rehearsals.alarm_change import AlarmAdjustment
from ops.rehearsals.model import DEAD_LETTER, AfterwardsFields, RehearsalFields, RunbookRehearsal
from ops.runbooks import fields, library, references
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import Effect
from ops.runbooks.actions.waiting import AskInputs
from ops.runbooks.model import DocumentProblem, Runbook, RunbookStep

CONFIRMATIONS = ("yes", "skip", "stop")
WHEN = ("before", "after")
MAX_BYTES = 50_000
_POSITION = re.compile(r"\(at line (\d+)")


def read(name: str, file: str, text: str) -> tuple[RunbookRehearsal | None, tuple[DocumentProblem, ...]]:
    """The rehearsal, None where something is wrong with it, and the problems. ``file``: as problems name it."""
    reader = _Reader(name, file)
    rehearsal = reader.read(text)
    problems = tuple(sorted(dict.fromkeys(reader.problems), key=lambda problem: (problem.line, problem.text)))
    return (None if problems else rehearsal), problems


class _Reader:
    def __init__(self, name: str, file: str) -> None:
        self._name, self._file = name, file
        self._lines: Mapping[TomlPath, int] = {(): 1}
        self.problems: list[DocumentProblem] = []

    def problem(self, path: TomlPath, text: str) -> None:
        while path not in self._lines:
            path = path[:-1]
        self.problems.append(DocumentProblem(self._file, self._lines[path], text))

    def read(self, text: str) -> RunbookRehearsal | None:
        if len(text.encode()) > MAX_BYTES:
            self.problem((), f"the file is larger than {MAX_BYTES:,} bytes")
            return None
        try:
            values = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            at = _POSITION.search(str(error))
            line = int(at[1]) if at else text.count("\n") + 1
            self.problems.append(DocumentProblem(self._file, line, f"not valid TOML: {str(error).partition(' (')[0]}"))
            return None
        self._lines = lines_of(text)
        if self._wrong(RehearsalFields, values, "key", ()):
            return None
        written = fields.fill(RehearsalFields, values)
        incident = [self._act(each, ("incident", position)) for position, each in enumerate(written.incident)]
        fixes = self._fixes(written.fix)
        good_change = not self._wrong(AlarmAdjustment, written.alarm_change, "key", ("alarm-change",))
        good_after = not self._wrong(AfterwardsFields, written.after, "key", ("after",))
        self._against_the_runbook(written)
        if self.problems:
            return None
        return RunbookRehearsal(
            name=self._name,
            file=self._file,
            about=" ".join(written.about.split()),
            runbook=written.runbook,
            alarm=written.alarm,
            alarm_within_s=written.alarm_within,
            run_within_s=written.run_within,
            incident=tuple(act for act in incident if act is not None),
            answers=written.answers,
            fixes=fixes["before"],
            fixes_after=fixes["after"],
            parameters={name: str(value) for name, value in written.parameters.items()},
            alarm_change=fields.fill(AlarmAdjustment, written.alarm_change if good_change else {}),
            short=written.short,
            after=fields.fill(AfterwardsFields, written.after if good_after else {}),
        )

    def _wrong(self, kind: type[msgspec.Struct], values: Mapping[str, Any], what: str, path: TomlPath) -> bool:
        found = list(fields.mistakes(kind, values, what))
        for name, text in found:
            self.problem((*path, name), text)
        return bool(found)

    def _act(self, values: Mapping[str, Any], path: TomlPath) -> Act | None:
        name = values.get("do")
        kind = ACTS.get(str(name))
        if kind is None:
            near = get_close_matches(str(name), ACTS, 1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(ACTS)}"
            self.problem((*path, "do"), f"unknown act {name}; {hint}" if "do" in values else "do is missing")
            return None
        inputs = {key: value for key, value in values.items() if key != "do"}
        if self._wrong(kind.inputs, inputs, "input", path):
            return None
        return Act(kind, fields.fill(kind.inputs, inputs))

    def _fixes(self, written: tuple[dict[str, Any], ...]) -> dict[str, dict[str, tuple[Act, ...]]]:
        """Acts by ``before`` or ``after``, then by the step's ID."""
        found: dict[str, dict[str, tuple[Act, ...]]] = {when: {} for when in WHEN}
        for position, each in enumerate(written):
            named = [when for when in WHEN if isinstance(each.get(when), str)]
            if len(named) != 1:
                self.problem(
                    ("fix", position), "a fix needs the ID of a step: before it is answered, or after it is done"
                )
            act = self._act({key: value for key, value in each.items() if key not in WHEN}, ("fix", position))
            if act is not None:
                for when in named:
                    step = each[when]
                    found[when][step] = (*found[when].get(step, ()), act)
        return found

    def _against_the_runbook(self, written: RehearsalFields) -> None:
        try:
            document = library.load(written.runbook)
        except OpsError as error:
            self.problem(("runbook",), f"{error} {error.next_step}".rstrip())
            return
        if not document.steps:
            self.problem(("runbook",), f"{document.file} has no live steps to rehearse")
            return
        alarms = document.front.alarms if document.front else ()
        if written.alarm not in alarms:
            self.problem(("alarm",), f"{document.file} is not for alarm {written.alarm}; it names {', '.join(alarms)}")
        for step_id, answer in written.answers.items():
            self._answer(document, step_id, answer)
        for position, each in enumerate(written.fix):
            if isinstance(before := each.get("before"), str) and before not in written.answers:
                self.problem(("fix", position, "before"), f"there is no answer to step {before}")
            if isinstance(after := each.get("after"), str) and after not in [step.id for step in document.steps]:
                self.problem(("fix", position, "after"), f"{document.file} has no step {after}")

    def _answer(self, document: Runbook, step_id: str, answer: str) -> None:
        path = ("answers", step_id)
        step = next((step for step in document.steps if step.id == step_id), None)
        if step is None:
            asking = [each.id for each in document.steps if asks(each)]
            near = get_close_matches(step_id, asking, 1)
            hint = f"did you mean {near[0]}?" if near else f"these ask: {', '.join(asking)}"
            self.problem(path, f"{document.file} has no step {step_id}; {hint}")
        elif not asks(step):
            self.problem(path, f"step {step_id} asks nothing: it only reads")
        elif wrong := wrong_answer(step, answer):
            self.problem(path, wrong)


def asks(step: RunbookStep) -> bool:
    action = ACTIONS[step.action]
    return action.inputs is AskInputs or action.effect is not Effect.READ


def wrong_answer(step: RunbookStep, answer: str) -> str:
    """Why ``answer`` can be none to that step; empty when it can."""
    action = ACTIONS[step.action]
    if answer.startswith("{"):
        return _wrong_reference(answer)
    given = step.inputs.get("choices", ()) if action.inputs is AskInputs else CONFIRMATIONS
    choices = given if isinstance(given, list | tuple) else ()
    if choices and answer not in choices:
        return f"step {step.id} takes one of {', '.join(map(str, choices))}, not {answer}"
    return "" if answer.strip() else f"the answer to step {step.id} is empty"


def _wrong_reference(answer: str) -> str:
    if answer == DEAD_LETTER:
        return ""
    if not (answer.startswith("{steps.") and answer.endswith("}")):
        return f"{answer} is neither {DEAD_LETTER} nor {{steps.ID.OUTPUT}}"
    error = references.expression_error(answer[1:-1])
    return f"{answer} is not valid JMESPath: {error}" if error else ""
