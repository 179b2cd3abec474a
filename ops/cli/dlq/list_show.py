"""``ops dlq list`` and ``ops dlq show``: messages of the snapshot."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.table import Table
from rich.text import Text

from ops.cli import options
from ops.cli.dlq import printing
from ops.cli.dlq.printing import SHORT_ID, facts, moment, next_steps, notes
from ops.cli.dlq.shared_options import DlqContext, with_dlq_options
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.json_output import dumps, plain
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.deadletters import causes
from ops.deadletters.causes import cause_in_words
from ops.deadletters.edits import json_roundtrip
from ops.deadletters.messages.model import Cause, DeadLetter, SnapshotMessage
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.snapshot import MOVABLE_PLACES, Snapshot, SnapshotInfo

if TYPE_CHECKING:
    from rich.console import Console

    from ops.deadletters.causes import Timeline

BODY_LINES = 40
MIN_CAUSE_WIDTH = 20
BODY_WIDTH = 400
COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("id", "left"),
    ("sent", "left"),
    ("received", "right"),
    ("kind", "left"),
    ("cause", "left"),
)
CSV_COLUMNS = (
    *("id", "sent", "receives", "kind", "source_arn", "group_id", "original_message_id"),
    *("fingerprint", "error_type", "error_message", "location", "request_id"),
)
_VALUES = re.compile(r"\[\n\s*+([^][{}]*?)\n\s*+\]")
"""Possessive: else a long list that ends in an object is read once for each space before it."""


@with_dlq_options(filters=True)
def list_(
    context: DlqContext,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Maximum number of messages.")] = 20,
    offset: Annotated[int, typer.Option("--offset", min=0, help="Messages to skip.")] = 0,
    newest: Annotated[bool, typer.Option("--newest", help="Newest first.")] = False,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """List messages in the snapshot.

    One message per line, oldest first.
    """
    form = chosen_format(output, as_json)
    source = context.open()

    selection = context.selection(source)
    with Snapshot.open(source) as snapshot:
        info = snapshot.info()
        count = snapshot.count(selection)
        found = snapshot.find(selection, descending=newest, limit=limit, offset=offset)
    value = {"looked_at": info.scanned_at, "count": count, "letters": found}
    if print_as(form, value, CSV_COLUMNS, map(_csv_row, found)):
        return
    console = printing.output_console()
    printing.head(console, source, info)
    if not found:
        _none(console, context, count, info)
        return
    _table(console, found)
    last = offset + len(found)
    if count > len(found):
        console.print(f"{offset + 1:,} to {last:,} of {count:,}.", style="dim")
    steps = [(context.command_line("show", found[0].message.message_id[: printing.SHORT_ID]), "show one message")]
    if last < count:
        paging = ["--newest"] if newest else []
        more = context.command_line("list", *paging, "--limit", str(limit), "--offset", str(last), filters=True)
        steps.append((more, "next page"))
    steps.append((context.command_line("plan", filters=True), "plan a redrive"))
    printing.next_steps(console, *steps)


def _csv_row(message: SnapshotMessage) -> dict[str, Any]:
    dead_letter, cause = message.message, message.cause
    row = {name: getattr(dead_letter if hasattr(dead_letter, name) else cause, name) for name in CSV_COLUMNS[1:]}
    return {"id": dead_letter.message_id, **row, "request_id": cause.request_id or dead_letter.request_id}


def _none(console: Console, context: DlqContext, count: int, info: SnapshotInfo) -> None:

    total = info.imported if context.imported else info.messages
    if count:
        console.print(f"No more messages: {count:,} match.")
    elif total:
        console.print(f"No messages match ({total:,} in the snapshot).")
        next_steps(
            console, (context.command_line("causes", *(["--imported"] if context.imported else [])), "list causes")
        )
    elif context.imported:
        console.print("No imported messages.")
        next_steps(console, (context.command_line("import", "FILE"), "import an export"))
    else:
        console.print("No messages of the queue are in the snapshot." if info.imported else "The snapshot is empty.")
        next_steps(console, (context.command_line("scan"), "read the DLQ"))


def _table(console: Console, found: tuple[SnapshotMessage, ...]) -> None:

    now = datetime.now(UTC)
    rows = [
        (
            safe(stored.message.message_id[:SHORT_ID]),
            moment(stored.message.sent, now),
            f"{stored.message.receives}×",
            stored.message.kind.value,
            safe(_cause(stored.cause)),
        )
        for stored in found
    ]
    widths = [max(len(name), *(len(row[at]) for row in rows)) for at, (name, _) in enumerate(COLUMNS)]
    # Only the cause is cut on a narrow terminal: half an ID is useless.
    widths[-1] = max(MIN_CAUSE_WIDTH, min(widths[-1], console.width - sum(width + 2 for width in widths[:-1])))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for (name, side), width in zip(COLUMNS, widths, strict=True):
        table.add_column(name, justify=side, no_wrap=True, min_width=width)
    for row in rows:
        table.add_row(
            *map(Text, row[:-1]), Text(row[-1] if len(row[-1]) <= widths[-1] else row[-1][: widths[-1] - 1] + "…")
        )
    console.print(table)


@with_dlq_options()
def show(
    context: DlqContext,
    id_: Annotated[str, typer.Argument(metavar="ID", help="A message ID, or its first characters.")],
    logs: Annotated[bool, typer.Option("--logs/--no-logs", help="Search the logs for its timeline.")] = True,
    whole: Annotated[bool, typer.Option("--all", help="Show the whole body, however long.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show one message and why it failed.

    With its timeline from the logs, its attributes and its body.
    """
    source = context.open()
    with Snapshot.open(source) as snapshot:
        info, stored = snapshot.info(), snapshot.get(id_)
    timeline: Timeline | None = None
    if logs:
        with printing.progress_console().status("Searching the logs …"):
            timeline = causes.build_timeline(source, stored.message.message_id)
    if as_json:
        typer.echo(dumps({**plain(stored), "looked_at": info.scanned_at, "timeline": timeline}))
        return
    console = printing.output_console()
    _why(console, source, stored, info)
    if timeline is not None:
        _timeline(console, timeline)
    _content(console, stored.message, whole)
    same = stored.cause.fingerprint or "unknown"
    steps = [
        (context.command_line("--message", stored.message.message_id, command="ops logs"), "show its log lines"),
        (context.command_line("list", "--cause", same), "list messages with the same cause"),
    ]
    if stored.place in MOVABLE_PLACES:
        steps.append(
            (context.command_line("plan", "--id", stored.message.message_id), "plan a redrive of this message")
        )
    printing.next_steps(console, *steps)


def _cause(cause: Cause) -> str:
    """A guess has no error message: its label describes what the messages of its group have in common."""
    return cause_in_words(cause.error_type, cause.error_message or cause.label, cause.source, likely=cause.likely)


def _why(console: Console, source: DeadLetterQueue, stored: SnapshotMessage, info: SnapshotInfo) -> None:

    dead_letter, cause, now = stored.message, stored.cause, datetime.now(UTC)
    known = cause.source not in ("none", "")
    text = f"{cause.error_type}: {cause.error_message}" if cause.error_message else _cause(replace(cause, likely=False))
    text = f"likely {text}" if known and cause.likely else text
    why = text if known else "No cause found."
    console.print(Text(safe(why, 500), style="bold red" if known else "bold"))
    printing.head(console, source, info)
    console.print()
    source_of = cause.source + (" (likely)" if cause.likely else "")
    original = dead_letter.original_message_id if dead_letter.original_message_id != dead_letter.message_id else ""
    printing.facts(
        console,
        [
            ("message ID", dead_letter.message_id),
            ("original message ID", original),
            ("kind", dead_letter.kind.value),
            ("came from", dead_letter.source_arn or "unknown"),
            ("sent", printing.moment(dead_letter.sent, now)),
            ("received", f"{dead_letter.receives}×, including scans"),
            ("group", dead_letter.group_id or ""),
            ("location", "in the queue, at the last scan" if stored.place.value == "queue" else stored.place.value),
            ("cause", f"{cause.fingerprint}, source: {source_of}" if known else ""),
            ("failed in", cause.location),
            ("failed at", printing.moment(cause.failed_at, now) if cause.failed_at else ""),
            ("version", cause.function_version),
            ("request id", cause.request_id or dead_letter.request_id),
        ],
    )


def _timeline(console: Console, timeline: Timeline) -> None:

    console.print("\n[dim]Timeline (UTC)[/]")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for event in timeline.events:
        at = "–" if event.at is None else event.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(at, event.what, Text(safe(event.text if event.text != event.what else "", 300)))
    console.print(table)
    notes(console, timeline.look.partial)


def _content(console: Console, dead_letter: DeadLetter, whole: bool) -> None:

    if dead_letter.attributes:
        console.print("\n[dim]Attributes[/]")
        facts(
            console, [(safe(name), safe(f"{a.value}  ({a.data_type})")) for name, a in dead_letter.attributes.items()]
        )
    console.print(f"\n[dim]Body, {len(dead_letter.body.encode(errors='surrogatepass')):,} bytes[/]")
    lines = _readable(dead_letter.body)
    shown_lines = lines if whole else [line[:BODY_WIDTH] for line in lines[:BODY_LINES]]
    for line in shown_lines:
        console.print(Text(safe(line)), soft_wrap=True)
    if shown_lines != lines:
        console.print("… truncated; --all shows the rest.", style="dim")
    console.print()


def _readable(body: str) -> list[str]:
    """A JSON object or list with its members on lines of their own, a list of plain values on one line; other text as is."""
    if body.lstrip()[:1] not in ("{", "["):
        return body.split("\n")
    try:
        text = json_roundtrip.pretty(body)
    except ValueError:
        return body.split("\n")
    return _VALUES.sub(lambda found: f"[{' '.join(line.strip() for line in found[1].split(chr(10)))}]", text).split(
        "\n"
    )
