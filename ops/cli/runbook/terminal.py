"""A person at a terminal, or a policy in their place: what is confirmed, and what is shown on the way."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import typer
from rich.padding import Padding
from rich.text import Text

from ops import formatting
from ops.cli.output.sanitize import safe
from ops.cli.output.stderr_console import StderrConsole
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import Effect, PersonNeeded, RunbookAction, StepPreview
from ops.runbooks.model import RunbookStep
from ops.runbooks.record import RecordedEvent
from ops.runbooks.run_operator import Confirmation
from ops.runbooks.shown_outputs import shown_lines

PROGRESS_INTERVAL_S = 15.0
MAX_OUTPUT = 400
"""Characters of a step's outputs; the report has all."""


class YesTo(StrEnum):
    """Which steps are confirmed without asking."""

    READ_ONLY = "read-only"
    REVERSIBLE = "reversible"


_CONFIRMED = {
    None: frozenset[Effect](),
    YesTo.READ_ONLY: frozenset[Effect](),
    YesTo.REVERSIBLE: frozenset({Effect.TRACE, Effect.CHANGE}),
}
SYMBOLS = {
    "step.verified": ("✓", "green"),
    "step.skipped": ("–", "dim"),
    "step.declined": ("–", "yellow"),
    "step.failed": ("✗", "red"),
    "step.unverified": ("✗", "red"),
    "step.refused": ("✗", "red"),
    "step.unknown": ("?", "yellow"),
    "step.not_done": ("?", "yellow"),
    "step.unfinished": ("…", "yellow"),
    "undo.verified": ("↶", "green"),
    "undo.failed": ("✗", "red"),
    "undo.unverified": ("✗", "red"),
}


class TerminalOperator:
    """Asks at the terminal what ``yes_to`` does not answer, and shows each event on stderr. ``steps``: the IDs of all steps
    of the run, in their order."""

    def __init__(self, console: StderrConsole, yes_to: YesTo | None, steps: Sequence[str] = ()) -> None:
        self._steps = steps
        self._console = console
        self._yes_to = yes_to
        self._interactive = yes_to is not YesTo.READ_ONLY and sys.stdin is not None and sys.stdin.isatty()
        self._next_progress_s = 0.0
        self._last = ""
        self._outputs: dict[str, Any] = {}

    @property
    def interactive(self) -> bool:
        return self._interactive

    def confirm(self, step: RunbookStep, action: RunbookAction, preview: StepPreview) -> Confirmation:
        self._show_preview(step, action, preview)
        if action.effect in _CONFIRMED[self._yes_to]:
            return Confirmation.YES
        if not self._interactive:
            return Confirmation.LATER
        if action.effect is Effect.FINAL:
            wanted = preview.confirmation or step.id
            typed = typer.prompt(f'This cannot be undone. Type "{wanted}" to carry it out', default="", err=True)
            return Confirmation.YES if str(typed).strip() == wanted else Confirmation.STOP
        answer = typer.prompt("Carry it out? yes, skip or stop", default="stop", err=True)
        named = {"y": Confirmation.YES, "yes": Confirmation.YES, "s": Confirmation.SKIP, "skip": Confirmation.SKIP}
        return named.get(str(answer).strip().lower(), Confirmation.STOP)

    def continue_anyway(self, step: RunbookStep, text: str) -> bool:
        if not self._interactive:
            return False
        self._console.print(Text(safe(text), style="yellow"))
        return typer.confirm("Continue anyway?", default=False, err=True)

    def ask(self, question: str, choices: tuple[str, ...], default: str) -> str:
        """Raises PersonNeeded where no one is there and there is no default."""
        if not self._interactive:
            if default and self._yes_to is YesTo.REVERSIBLE:
                return default
            raise PersonNeeded(f"No one is there to answer: {question}", "Resume it at a terminal.")
        self._console.print(Text(safe(question), style="bold"))
        if choices:
            self._console.print(Text(safe(f"One of: {', '.join(choices)}"), style="dim"))
        while True:
            answer = str(typer.prompt("Answer", default=default or None, err=True)).strip()
            if answer and (not choices or answer in choices):
                return answer

    def progress(self, line: str) -> None:
        """A line of a step in progress, not too often."""
        if line == self._last or time.monotonic() < self._next_progress_s:
            return
        self._last, self._next_progress_s = line, time.monotonic() + PROGRESS_INTERVAL_S
        self._console.print(Padding(Text(safe(line), style="dim"), (0, 0, 0, 4)))

    def show(self, step: RunbookStep | None, event: RecordedEvent) -> None:
        if step is None:
            return
        if event.kind == "step.executed":
            self._outputs = event.data.get("outputs") or {}
            return
        if event.kind not in SYMBOLS:
            return
        symbol, style = SYMBOLS[event.kind]
        text = str(event.data.get("text") or ACTIONS[step.action].summary)
        if event.kind == "step.skipped":
            text = f"Skipped. {text}"
        self._console.print(
            Text(f"{symbol} {self._number(step)}", style=style)
            .append(safe(step.id), style="bold")
            .append(f"  {safe(text)}", style="")
        )
        for shown in shown_lines(self._outputs, _value, lambda at: formatting.clock(at, event.at, seconds=True)):
            self._console.print(Padding(Text(safe(shown, MAX_OUTPUT), style="dim"), (0, 0, 0, 4)))
        self._outputs = {}

    def _number(self, step: RunbookStep) -> str:
        return f"{self._steps.index(step.id) + 1}/{len(self._steps)} " if step.id in self._steps else ""

    def _place(self, step: RunbookStep) -> str:
        known = step.id in self._steps
        return f"Step {self._steps.index(step.id) + 1} of {len(self._steps)}, " if known else ""

    def _show_preview(self, step: RunbookStep, action: RunbookAction, preview: StepPreview) -> None:
        preview = preview.masked()
        self._console.print(
            Text(f"\n{self._place(step)}{safe(step.id)}: {action.summary}", style="bold").append(
                f" ({action.effect.value})"
            )
        )
        for change in preview.changes:
            text = f"{change.what}: {_value(change.before)} → {_value(change.after)}"
            self._console.print(Padding(Text(safe(text)), (0, 0, 0, 2)))
        for note in preview.notes:
            self._console.print(Padding(Text(safe(note), style="dim"), (0, 0, 0, 2)))
        for label, command in (("Same as", preview.command), ("Undo", preview.undo)):
            if command:
                self._console.print(Text(f"  {label}: {safe(command)}", style="dim"), soft_wrap=True)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return (
            ", ".join(str(item["id"]) if isinstance(item, dict) and "id" in item else str(item) for item in value)
            or "none"
        )
    if isinstance(value, float):
        return f"{value:,.4g}"
    return "none" if value is None else str(value)
