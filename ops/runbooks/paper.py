"""The shell text of a step, generated from the action that it names, so that text and run cannot differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import RunbookAction
from ops.runbooks.model import PAPER_INFO, Reference, Runbook, RunbookStep

_VARIABLE = re.compile(r"\$([A-Z_]+)")
_SET = re.compile(r"\b([A-Z_]+)=")


def block(step: RunbookStep, action: RunbookAction) -> list[str]:
    """The lines of the step's block of commands, its fences included, indented as the step is."""
    paper = action.paper(paper_values(step))
    undo = [f"# Undo: {line}" for line in paper.undo]  # a comment, so that a pasted block does not undo itself
    return [f"{step.indent}{line}" for line in (f"```{PAPER_INFO}", *paper.commands, *undo, "```")]


def paper_values(step: RunbookStep) -> Mapping[str, str | None]:
    """Inputs as text; one that is known during the run only is its name in capitals."""
    return {name: _text(name, value) for name, value in step.inputs.items()}


def differs(document: Runbook, step: RunbookStep, action: RunbookAction) -> bool:
    """Whether the block of commands after the step is missing, or says something else."""
    if step.paper_lines is None:
        return True
    first, last = step.paper_lines
    return document.text.split("\n")[first - 1 : last] != block(step, action)


def written(document: Runbook) -> str:
    """The document with the commands of every step as generated. The document has no problem but these."""
    lines = document.text.split("\n")
    for step in reversed(document.steps):
        first, last = step.paper_lines or (step.last_line + 1, step.last_line)
        lines[first - 1 : last] = block(step, ACTIONS[step.action])
    return "\n".join(lines)


def unset_variables(steps: tuple[RunbookStep, ...]) -> Iterator[tuple[RunbookStep, str]]:
    """Shell variables in a step's text that neither it nor a step before sets."""
    known: set[str] = set()
    for step in steps:
        if (action := ACTIONS.get(step.action)) is None:
            continue
        try:
            paper = action.paper(paper_values(step))
        except (KeyError, TypeError):  # an input is missing, which is a problem of its own
            continue
        text = "\n".join((*paper.commands, *paper.undo))
        known |= {*action.sets, *_SET.findall(text)}
        yield from ((step, name) for name in dict.fromkeys(_VARIABLE.findall(text)) if name not in known)


def _text(name: str, value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, Reference):
        return name.replace("-", "_").upper()
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
