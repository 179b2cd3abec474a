"""Views of redrives: one in full, a list with two lines each, and the next commands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from ops import formatting
from ops.cli.dlq import printing, terminal_progress
from ops.cli.output.sanitize import safe
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.redrive.runs import list_runs

if TYPE_CHECKING:
    from rich.console import Console

    from ops.cli.dlq.shared_options import DlqContext


def show_run(console: Console, context: DlqContext, run: Run) -> None:
    now = datetime.now(UTC)
    show_result(console, run)
    took = formatting.elapsed(run.began, run.ended or now)
    console.print(
        Text(
            f"run {run.id} · {run.engine} · started {printing.moment(run.began, now)}, {took} · by {safe(run.who)}",
            "dim",
        ),
        soft_wrap=True,
    )
    console.print(Text(f"reason: {safe(run.reason)}", style="dim"))
    if run.steps:
        console.print(terminal_progress.steps(run))
    for cause, number in run.failed_again_causes:
        console.print(Text(f"failed again: {number:,} × {safe(cause, 200)}", style="bold red"))
    for sentence, number in run.failures:
        console.print(Text(f"rejected: {number:,} × {safe(sentence, 300)}", style="bold red"))
    if run.missing:
        printing.notes(console, [_missing(run)])
    if run.possible_duplicates:
        first = ", ".join(run.possible_duplicates[:5])
        more = (
            f" and {len(run.possible_duplicates) - 5:,} more (--json lists them)"
            if len(run.possible_duplicates) > 5
            else ""
        )
        printing.warnings(
            console,
            [f"{formatting.count(len(run.possible_duplicates), 'message')} may have been sent twice: {first}{more}."],
        )
    printing.next_steps(console, *next_commands(context, run))


def _missing(run: Run) -> str:
    """Copies and imported messages are sent from the snapshot, from which a scan may have removed them meanwhile."""
    messages = formatting.count(run.missing, "message")
    were = "was" if run.missing == 1 else "were"
    if run.keeps_originals:
        return f"{messages} {were} no longer in the snapshot."
    return f"{messages} {were} no longer in the queue: another consumer took {'it' if run.missing == 1 else 'them'}."


def show_result(console: Console, run: Run) -> None:
    """The state of a run, in numbers and in a sentence."""
    show_state(console, run)
    if run.status_text:
        console.print(safe(run.status_text), markup=False)


def show_state(console: Console, run: Run) -> None:
    head = Text(run.state.value.capitalize(), style=terminal_progress.STATE_STYLES[run.state])
    console.print(head.append(f": {terminal_progress.counts(run)}.", style="bold"))


def show_list(console: Console, runs: Iterable[Run]) -> None:
    """Each on two lines that fit into 80 columns: its state, then the outcomes of its messages and its reason."""
    now = datetime.now(UTC)
    for run in runs:
        line = Text(run.id, style="bold").append(
            f"  {run.state.value}", style=terminal_progress.STATE_STYLES[run.state]
        )
        console.print(
            line.append(f"  {terminal_progress.sent(run)} · started {printing.moment(run.began, now)}", style="dim")
        )
        more = Text("  " + " · ".join([*terminal_progress.outcomes(run), safe(run.reason)]), style="dim")
        more.truncate(max(console.width, 80), overflow="ellipsis")
        console.print(more, soft_wrap=True)


def next_commands(context: DlqContext, run: Run) -> list[tuple[str, str]]:
    """Next commands by the state of a run, the most likely first."""
    if run.state is RunState.RUNNING:
        return [
            (context.command_line("runs", run.id), "show its progress"),
            (context.command_line("cancel", run.id), "stop it"),
        ]
    if run.state is RunState.DONE:
        more = f"about {formatting.count(run.remaining, 'message')} remain: scan again, then plan those"
        return [(context.command_line("scan"), more if run.remaining else "verify that the queue is empty")]
    if run.stopped_by_canary:
        return [
            (context.command_line("scan"), "read the messages that failed again, and fix the cause"),
            (context.command_line("causes"), "is it fixed? see Fixed? of each cause"),
            (context.command_line("--redrive", run.id, command="ops logs"), "show the log lines of what failed again"),
            (context.command_line("resume", run.id), "resume after fixing the cause"),
        ]
    return [
        (
            context.command_line("resume", run.id),
            "resume" if run.remaining else "wait for the outcomes; nothing is sent again",
        )
    ]


def interrupted(context: DlqContext, source: DeadLetterQueue) -> list[tuple[str, str]]:
    """The command that resumes a redrive that was killed: until it is resumed, the snapshot does not show what it
    sent."""
    killed = next((run for run in list_runs(source) if run.state is RunState.INTERRUPTED), None)
    return [(context.command_line("resume", killed.id), "first resume this redrive: it was killed")] if killed else []
