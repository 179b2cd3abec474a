"""Terminal output about messages: the header with the snapshot's age, facts, notes, next steps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting
from ops.cli.output.sanitize import safe
from ops.cli.output.stderr_console import StderrConsole
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.snapshot import SnapshotInfo

SHORT_ID = 13
"""Characters of a message ID in tables: 48 bits of a UUID, so that no two of 100,000 messages are alike."""


def output_console() -> Console:
    """The console for output, on stdout."""
    return Console(highlight=False)


def progress_console() -> StderrConsole:
    """The console for progress and questions, on stderr."""
    return StderrConsole()


def where(source: DeadLetterQueue) -> str:
    """The queue and where it is. The twin's account number has no meaning."""
    target = "local twin" if source.aws.target.is_twin else f"account {source.queue.arn.split(':')[4]}"
    return safe(f"{source.queue.name} · {source.workload.region} · {target}")


def snapshot_age(looked_at: datetime | None, dead_letters: int, complete: bool = True) -> str:
    """Size and age of the snapshot, which go with every number from it."""
    if looked_at is None:
        return f"{formatting.count(dead_letters, 'message')}, no scan has finished yet"
    now = datetime.now(UTC)
    ago = formatting.duration(max(0.0, round((now - looked_at).total_seconds())))
    part = "" if complete else ", not the whole queue"
    return f"{formatting.count(dead_letters, 'message')} at {formatting.clock(looked_at, now)}, {ago} ago{part}"


def head(console: Console, source: DeadLetterQueue, info: SnapshotInfo) -> None:
    console.print(Text(f"{where(source)} · {snapshot_age(info.scanned_at, info.messages, info.complete)}", style="dim"))


def facts(console: Console, rows: Iterable[tuple[str, str]]) -> None:
    """A table of names and values, one per line; a value may have lines, an empty one is left out."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        if value:
            table.add_row(name, Text("\n".join(safe(line) for line in value.split("\n"))))
    console.print(table)


def notes(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(Text(f"note: {safe(line)}", style="dim"))


def warnings(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(Text(f"warning: {safe(line)}", style="yellow"))


def next_steps(console: Console, *commands: tuple[str, str]) -> None:
    """Prints the next commands, each with its purpose; not wrapped, so that they can be copied."""
    for command, what in commands:
        console.print(Text(f"→ {safe(command)}").append(f"   {what}", style="dim"), soft_wrap=True)


def moment(at: Any, now: datetime) -> str:
    """A clock time, or a dash for an unknown one (NaT is unequal to itself)."""
    return "–" if at is None or at != at else formatting.clock(at, now)
