"""Runs as they are told: one in full, many as two lines each, and what to type next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from ops import formatting
from ops.cli.dlq import printing, terminal_progress
from ops.cli.sanitize import safe
from ops.deadletters.ledger.model import Run, State
from ops.deadletters.queue import DeadLetterQueue

if TYPE_CHECKING:
    from rich.console import Console

    from ops.cli.dlq.shared_options import DlqContext


def one(console: Console, asked: DlqContext, run: Run) -> None:
    now = datetime.now(UTC)
    ending(console, run)
    took = formatting.duration(((run.ended or now) - run.began).total_seconds())
    console.print(
        Text(
            f"run {run.id} · {run.engine} · began {printing.moment(run.began, now)}, {took} · by {safe(run.who)}", "dim"
        ),
        soft_wrap=True,
    )
    console.print(Text(f"reason: {safe(run.reason)}", style="dim"))
    if run.steps:
        console.print(terminal_progress.steps(run))
    for cause, number in run.causes_back:
        console.print(Text(f"came back: {number:,} × {safe(cause, 200)}", style="bold red"))
    for sentence, number in run.failures:
        console.print(Text(f"refused: {number:,} × {safe(sentence, 300)}", style="bold red"))
    if run.vanished:
        printing.notes(console, [_vanished(run)])
    if run.twice:
        first = ", ".join(run.twice[:5])
        more = f" and {len(run.twice) - 5:,} more (--json lists them)" if len(run.twice) > 5 else ""
        printing.warnings(
            console, [f"{formatting.count(len(run.twice), 'letter')} may have been sent twice: {first}{more}."]
        )
    printing.next_steps(console, *after(asked, run))


def _vanished(run: Run) -> str:
    """Copies and letters from a file are sent from the shelf, which a look may have taken them off meanwhile."""
    letters = formatting.count(run.vanished, "letter")
    if run.stays:
        return f"{letters} had left this machine's shelf before."
    return f"{letters} had left the queue before: somebody else took {'it' if run.vanished == 1 else 'them'}."


def ending(console: Console, run: Run) -> None:
    """How it stands, in numbers and in a sentence."""
    head = Text(run.state.value.capitalize(), style=terminal_progress.STATE_STYLES[run.state])
    console.print(head.append(f": {terminal_progress.counts(run)}.", style="bold"))
    if run.said:
        console.print(safe(run.said), markup=False)


def many(console: Console, runs: Iterable[Run]) -> None:
    """Each on two lines that fit into 80 columns: how it stands, then what became of its letters, and why it was."""
    now = datetime.now(UTC)
    for run in runs:
        line = Text(run.id, style="bold").append(
            f"  {run.state.value}", style=terminal_progress.STATE_STYLES[run.state]
        )
        console.print(
            line.append(f"  {terminal_progress.sent(run)} · began {printing.moment(run.began, now)}", style="dim")
        )
        more = Text("  " + " · ".join([*terminal_progress.became(run), safe(run.reason)]), style="dim")
        more.truncate(max(console.width, 80), overflow="ellipsis")
        console.print(more, soft_wrap=True)


def after(asked: DlqContext, run: Run) -> list[tuple[str, str]]:
    """What to type next, by how a run stands; the first is what most should."""
    if run.state is State.RUNNING:
        return [(asked.again("runs", run.id), "where it stands"), (asked.again("cancel", run.id), "stop it")]
    if run.state is State.DONE:
        more = f"about {formatting.count(run.left, 'message')} stayed behind: scan again, then plan those"
        return [(asked.again("scan"), more if run.left else "make sure that nothing stays behind")]
    if run.by_canary:
        return [
            (asked.again("scan"), "read the letters that came back, and mend what they died of"),
            (asked.again("causes"), "is it mended? see each cause's fixed since"),
            (asked.again("resume", run.id), "only then: go on"),
        ]
    return [(asked.again("resume", run.id), "go on" if run.left else "watch on; nothing is sent again")]


def interrupted(asked: DlqContext, source: DeadLetterQueue) -> list[tuple[str, str]]:
    """What to type first when a redrive was killed: until it is resumed, the shelf does not know what it sent."""
    from ops.deadletters.redrive import redrive as engine

    killed = next((run for run in engine.runs(source) if run.state is State.INTERRUPTED), None)
    return [(asked.again("resume", killed.id), "first finish this redrive: it was killed")] if killed else []
