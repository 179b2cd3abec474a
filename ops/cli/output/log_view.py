"""Log lines on a terminal. The lines go to stdout; their cost and the next commands to stderr."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.text import Text

from ops import formatting, pricing
from ops.cli.output import log_records
from ops.cli.output.formats import OutputFormat
from ops.cli.output.json_output import plain
from ops.cli.output.rows import csv_line
from ops.cli.output.sanitize import place, safe

if TYPE_CHECKING:
    from ops.cli.output.stderr_console import StderrConsole
    from ops.logs import LogLine, LogPage
    from ops.target import Target
    from ops.workload import Workload

COLUMNS = ("at", "function", "stream", "request_id", "text", "cut")
CONTINUED = "    │ "
"""Before each further line of a text: no text can pass for a line of its own."""


def row_of(line: LogLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in COLUMNS}


def print_page(page: LogPage, workload: Workload, target: Target) -> None:
    console = Console(highlight=False)
    span = f"{_time(page.start)} to {_time(page.end)} UTC"
    console.print(Text(f"{place(workload, target)} · {span}", style="dim"), soft_wrap=True)
    several = len({line.function for line in page.lines}) > 1
    for line in page.lines:
        _print_text(console, line, several)


def print_line(line: LogLine, form: OutputFormat, several: bool) -> None:
    """One line of a stream of them, at once. JSON: an object on one line."""
    if form is OutputFormat.CSV:
        typer.echo(csv_line(COLUMNS, row_of(line)), nl=False)
    elif form is OutputFormat.JSON:
        typer.echo(json.dumps(plain(line)))
    else:
        _print_text(Console(highlight=False), line, several)


def print_csv_head() -> None:
    typer.echo(csv_line(COLUMNS, {name: name for name in COLUMNS}), nl=False)


def print_progress(console: StderrConsole, text: str) -> None:
    console.print(Text(safe(text), style="dim"), soft_wrap=True)


def print_summary(console: StderrConsole, page: LogPage, region: str) -> None:
    """Notes, what the page cost by the prices of ``region``, and the query to copy."""
    for note in page.notes:
        print_progress(console, f"note: {note}")
    if page.scanned_bytes:
        size = formatting.byte_size(round(page.scanned_bytes))
        print_progress(console, f"Logs Insights scanned {size} ({pricing.in_words(page.usd, region)}).")
    print_progress(console, f"Logs Insights query for {', '.join(page.groups)}:")
    console.print(Text(safe(page.query)), soft_wrap=True)


def print_next_page(console: StderrConsole, options: Mapping[str, str | None]) -> None:
    words = [word for flag, value in options.items() if value is not None for word in (flag, value)]
    command = shlex.join(["ops", "logs", *words])
    console.print(Text(f"→ {safe(command)}").append("   older lines", style="dim"), soft_wrap=True)


def _print_text(console: Console, line: LogLine, several: bool) -> None:
    """A record of metrics in a few words: its JSON hides the lines around it. The other outputs have it whole."""
    record = log_records.summary(line)
    first, *others = (record or line.text).split("\n")
    text = Text(f"{_time(line.at)}  ", style="dim")
    if several:
        text.append(f"{safe(line.function)}  ", style="dim")
    text.append(safe(first), style="dim" if record else "")
    for other in others:
        text.append(f"\n{CONTINUED}", style="dim").append(safe(other.removesuffix("\r")), style="")
    if line.cut:
        text.append(f" … {formatting.count(line.cut, 'more character')}", style="dim")
    console.print(text, soft_wrap=True)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
