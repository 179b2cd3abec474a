"""Progress of long work on a terminal: counts, rate and its reason, result. Without a terminal, plain lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ops import formatting
from ops.cli.output.sanitize import safe
from ops.deadletters.ledger.model import Run, RunState

LINE_EVERY_S = 10.0

STATE_STYLES = {
    RunState.DONE: "green",
    RunState.RUNNING: "bold",
    RunState.CANCELLED: "yellow",
    RunState.INTERRUPTED: "yellow",
    RunState.STOPPED: "bold red",
    RunState.FAILED: "bold red",
}


@contextmanager
def counting(console: Console, doing: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar, updated by (done, estimated total); without a terminal a line every ten seconds."""
    if not console.is_terminal:
        last = time.monotonic()

        def line(done: int, of: int) -> None:
            nonlocal last
            if time.monotonic() - last >= LINE_EVERY_S:
                last = time.monotonic()
                console.print(f"{doing}: {done:,} of about {of:,}")

        yield line
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=max(done, of))


@contextmanager
def running(console: Console) -> Iterator[Callable[[Run], None]]:
    """The progress of a run, updated by a ``Run``."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    with Live(console=console, transient=True, refresh_per_second=4) as screen:
        yield lambda run: screen.update(picture(run))


class _Lines:
    """A line at each change of state, and every ten seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: tuple[object, ...] = ()
        self._at = 0.0

    def __call__(self, run: Run) -> None:
        change = (run.state, run.status_text, tuple((step.number, step.state) for step in run.steps))
        if change == self._last and time.monotonic() - self._at < LINE_EVERY_S:
            return
        self._last, self._at = change, time.monotonic()
        self._console.print(
            Text(f"{datetime.now(UTC):%H:%M:%S} {counts(run)} · {safe(run.status_text)}"), soft_wrap=True
        )


def picture(run: Run) -> Group:
    """The state of a run: bar, rate and its reason, stages, sentence."""
    bar = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    bar.add_row(
        Text(run.state.value, style=STATE_STYLES[run.state]),
        ProgressBar(total=max(run.planned, 1), completed=run.sent, width=30),
        f"{run.sent:,} of {formatting.count(run.planned, 'message')} sent",
    )
    timing = [formatting.duration(round((datetime.now(UTC) - run.began).total_seconds()))]
    if run.sent < run.planned:
        timing.append(_rate(run))
    parts: list[Table | Text] = [bar, Text(" · ".join(timing), style="dim")]
    if run.steps:
        parts.append(steps(run))
    parts.append(Text(safe(run.status_text)))
    return Group(*parts)


def steps(run: Run) -> Table:
    """The canary's stages, one per row."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("stage", "up to", "sent", "succeeded", "failed again", "pending"):
        table.add_column(name, justify="right")
    table.add_column("")
    for step in run.steps:
        came_back = Text(f"{step.failed_again:,}", style="bold red" if step.failed_again else "")
        table.add_row(
            str(step.number),
            f"{step.upto:,}",
            f"{step.sent:,}",
            f"{step.succeeded:,}",
            came_back,
            f"{step.waiting:,}",
            Text(run.step_label(step), style={"passed": "green", "stopped": "bold red"}.get(step.state, "dim")),
        )
    return table


def counts(run: Run) -> str:
    """Outcomes of a run's messages so far, on one line; zero counts are omitted, except that of the sent."""
    return " · ".join([sent(run), *outcomes(run)])


def sent(run: Run) -> str:
    return f"{run.sent:,} of {run.planned:,} sent"


def outcomes(run: Run) -> list[str]:
    """Outcomes of the messages; those pending when the run ended are unknown."""
    parts = (
        (run.succeeded, "succeeded"),
        (run.failed_again, "failed again"),
        (run.waiting, "pending" if run.state is RunState.RUNNING else "outcome unknown"),
        (run.failed, "rejected"),
        (run.missing, "missing"),
        (run.moved, "moved by SQS"),
    )
    return [f"{number:,} {what}" for number, what in parts if number]


def _rate(run: Run) -> str:
    limit = "" if run.rate_limit is None else f" of {formatting.count(run.rate_limit)}/s allowed"
    why = f": {safe(run.rate_reason)}" if run.rate_reason else ""
    return f"{formatting.count(run.rate)}/s{limit}{why}"
