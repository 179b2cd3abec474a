"""What is wrong with a runbook, each with its line. Nothing is run, and AWS is not asked."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import pairwise

from ops.runbooks import fields, paper, references
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import Effect, RunbookAction
from ops.runbooks.model import DocumentProblem, Runbook, RunbookStep
from ops.runbooks.parse import parse

HEADINGS = ("Meaning", "Impact", "Diagnosis", "Mitigation")


def read(name: str, file: str, text: str, *, with_paper: bool = True) -> tuple[Runbook, tuple[DocumentProblem, ...]]:
    """The document and everything that is wrong with it, by line. ``with_paper``: also whether its shell text is what
    the steps stand for."""
    document, problems = parse(name, file, text)
    found = list(problems)
    found += (DocumentProblem(file, line, words) for line, words in _problems(document, not problems, with_paper))
    return document, tuple(sorted(dict.fromkeys(found), key=lambda problem: (problem.line, problem.text)))


def _problems(document: Runbook, is_whole: bool, with_paper: bool) -> Iterator[tuple[int, str]]:
    """``is_whole``: no step was left out for its form, so that one that is not there is a problem of its own."""
    if document.front is not None:
        yield from _headings(document)
    yield from _ids(document)
    cyclic: set[str] = set()
    for line, text, members in _cycles(document):
        yield line, text
        cyclic |= members
    earlier: dict[str, RunbookAction | None] = {}
    known = {step.id for step in document.steps} if is_whole else None
    for step in document.steps:
        action = ACTIONS.get(step.action)
        yield from _step(step, action)
        for key, expression in references.expressions(step):
            line = step.line_of(key)
            yield from ((line, text) for text in _expression(expression, step, known, earlier, cyclic))
        if action is not None and step.expect:
            yield from ((step.line_of("expect"), text) for text in _expectation(step, action))
        earlier.setdefault(step.id, action)
    if with_paper and is_whole:
        yield from _paper(document)


def _headings(document: Runbook) -> Iterator[tuple[int, str]]:
    names = [name for name, _ in document.headings]
    for name in HEADINGS:
        if name not in names:
            yield 1, f"the heading ## {name} is missing"
    for name, line in document.headings:
        if name not in HEADINGS:
            yield line, f"the heading ## {name} is not one of {', '.join(HEADINGS)}"
    order = [(HEADINGS.index(name), line) for name, line in document.headings if name in HEADINGS]
    for (before, _), (after, line) in pairwise(order):
        if after <= before:
            yield line, f"the heading ## {HEADINGS[after]} is out of order: {', '.join(HEADINGS)}"


def _ids(document: Runbook) -> Iterator[tuple[int, str]]:
    first: dict[str, RunbookStep] = {}
    for step in document.steps:
        if step.id in first:
            yield step.line_of("id"), f"the id {step.id} is taken by the step on line {first[step.id].line}"
        first.setdefault(step.id, step)


def _step(step: RunbookStep, action: RunbookAction | None) -> Iterator[tuple[int, str]]:
    if action is None:
        near = get_close_matches(step.action, ACTIONS, 1)
        hint = f"did you mean {near[0]}?" if near else "list them: ops runbook actions"
        yield step.line_of("action"), f"unknown action {step.action}; {hint}"
        return
    for name, text in fields.mistakes(action.inputs, step.inputs, "input"):
        yield step.lines.get(f"with.{name}", step.line_of("with" if step.inputs else "action")), text
    if step.is_check and action.effect is not Effect.READ:
        yield step.line, f"a check only reads, and {action.name} {_does(action.effect)}: make it a step"
    if not step.is_check and action.effect in (Effect.CHANGE, Effect.FINAL) and not step.otherwise:
        yield step.line, "otherwise is missing: what to do when this step does not work"


def _does(effect: Effect) -> str:
    return "leaves a trace" if effect is Effect.TRACE else "changes something"


def _expression(
    expression: str,
    step: RunbookStep,
    known: set[str] | None,
    earlier: dict[str, RunbookAction | None],
    cyclic: set[str],
) -> Iterator[str]:
    """``known``: IDs of the document's steps; None where some could not be read."""
    if error := references.expression_error(expression):
        yield f"not valid JMESPath: {error}"
        return
    for path in references.fields_used(expression):
        if path[0] == "workload":
            if len(path) > 1 and path[1] not in references.WORKLOAD_FIELDS:
                yield f"the workload has no {path[1]}; it has {', '.join(references.WORKLOAD_FIELDS)}"
        elif path[0] != "steps" or len(path) < 2:
            yield f"{'.'.join(path)} is neither steps.ID nor workload.FIELD; a literal is in `backticks`"
        elif known is not None and path[1] not in known:
            yield f"there is no step {path[1]}"
        elif known is None and path[1] not in earlier:
            continue
        elif path[1] not in earlier:
            if not {step.id, path[1]} <= cyclic:
                yield f"the step {path[1]} comes later"
        else:
            yield from _output(path, earlier[path[1]])


def _output(path: tuple[str, ...], action: RunbookAction | None) -> Iterator[str]:
    if action is not None and len(path) > 2 and path[2] not in action.outputs:
        yield f"{action.name} has no output {path[2]}; it has {', '.join(action.outputs)}"


def _expectation(step: RunbookStep, action: RunbookAction) -> Iterator[str]:
    if error := references.expression_error(step.expect):
        yield f"not valid JMESPath: {error}"
        return
    for path in references.fields_used(step.expect):
        if path[0] not in action.outputs:
            yield f"{action.name} has no output {path[0]}; it has {', '.join(action.outputs)}"


def _cycles(document: Runbook) -> Iterator[tuple[int, str, set[str]]]:
    """Each cycle of references once, with the steps in it."""
    uses = {step.id: references.steps_used(step) for step in document.steps}
    lines = {step.id: step.line for step in reversed(document.steps)}
    cyclic: set[str] = set()
    for step in document.steps:
        path = _way_back(step.id, uses)
        if path and not set(path) <= cyclic:
            yield lines[step.id], f"a cycle: {' → '.join([*path, step.id])}", set(path)
            cyclic |= set(path)


def _way_back(start: str, uses: dict[str, tuple[str, ...]]) -> list[str]:
    """The shortest way from ``start`` to itself; empty when there is none."""
    ways, seen = [[start]], set()
    while ways:
        way = ways.pop(0)
        for following in uses.get(way[-1], ()):
            if following == start:
                return way
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []


def _paper(document: Runbook) -> Iterator[tuple[int, str]]:
    for step, name in paper.unset_variables(document.steps):
        setter = next((action.name for action in ACTIONS.values() if name in action.sets), "workload.find")
        yield step.line, f"the command uses ${name}, which no step before sets: start with {setter}"
    for step in document.steps:
        action = ACTIONS.get(step.action)
        if action is None or any(fields.mistakes(action.inputs, step.inputs, "input")):
            continue
        if step.paper_lines is None:
            yield step.last_line, "its commands do not follow directly: write them with ops runbook check --write"
        elif paper.differs(document, step, action):
            yield step.paper_lines[0], "the command is not the one of the step: write it with ops runbook check --write"
