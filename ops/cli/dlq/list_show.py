"""``ops dlq list`` and ``ops dlq show``: letters from the shelf."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text

from ops.cli import options
from ops.cli.dlq import printing
from ops.cli.dlq.printing import SHORT_ID, facts, moment, next_steps, notes
from ops.cli.dlq.shared_options import DlqContext, asking
from ops.cli.json_output import dumps
from ops.cli.sanitize import safe
from ops.deadletters.edits import json_roundtrip
from ops.deadletters.messages.model import Cause, DeadLetter, SnapshotMessage
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.snapshot import LIVE, Snapshot, SnapshotInfo

if TYPE_CHECKING:
    from rich.console import Console

    from ops.deadletters.causes import Timeline

BODY_LINES = 40
LEAST_CAUSE = 20
BODY_WIDTH = 400
COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("id", "left"),
    ("sent", "left"),
    ("received", "right"),
    ("kind", "left"),
    ("cause", "left"),
)
_VALUES = re.compile(r"\[\n\s*+([^][{}]*?)\n\s*+\]")
"""Possessive: else a long list that ends in an object is read once for each space before it."""


@asking(letters=True)
def list_(
    asked: DlqContext,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Letters to show.")] = 20,
    offset: Annotated[int, typer.Option("--offset", min=0, help="Letters to skip.")] = 0,
    newest: Annotated[bool, typer.Option("--newest", help="The last sent first.")] = False,
    as_json: options.Json = False,
) -> None:
    """Letters on the shelf, one a line, the oldest first."""
    source = asked.open()

    selection = asked.selection(source)
    with Snapshot.open(source) as shelf:
        info = shelf.info()
        count = shelf.count(selection)
        found = shelf.find(selection, descending=newest, limit=limit, offset=offset)
    if as_json:
        typer.echo(dumps({"looked_at": info.looked_at, "count": count, "letters": found}))
        return
    console = printing.screen()
    printing.head(console, source, info)
    if not found:
        _none(console, asked, count, info)
        return
    _table(console, found)
    last = offset + len(found)
    if count > len(found):
        console.print(f"{offset + 1:,} to {last:,} of {count:,}.", style="dim")
    steps = [(asked.again("show", found[0].letter.message_id[: printing.SHORT_ID]), "one letter, whole")]
    if last < count:
        paging = ["--newest"] if newest else []
        more = asked.again("list", *paging, "--limit", str(limit), "--offset", str(last), letters=True)
        steps.append((more, "the next ones"))
    steps.append((asked.again("plan", letters=True), "plan their way back"))
    printing.next_steps(console, *steps)


def _none(console: Console, asked: DlqContext, count: int, info: SnapshotInfo) -> None:

    total = info.imported if asked.imported else info.letters
    if count:
        console.print(f"No more letters: there are {count:,}.")
    elif total:
        console.print(f"None of the {total:,} letters on the shelf is like that.")
        next_steps(console, (asked.again("causes", *(["--imported"] if asked.imported else [])), "what there is"))
    elif asked.imported:
        console.print("No letter was imported.")
        next_steps(console, (asked.again("import", "FILE"), "put those of an export on the shelf"))
    else:
        console.print("No letter of the queue lies on the shelf." if info.imported else "The shelf is empty.")
        next_steps(console, (asked.again("scan"), "read the queue"))


def _table(console: Console, found: tuple[SnapshotMessage, ...]) -> None:

    now = datetime.now(UTC)
    rows = [
        (
            safe(one.letter.message_id[:SHORT_ID]),
            moment(one.letter.sent, now),
            f"{one.letter.receives}×",
            one.letter.kind.value,
            safe(_cause(one.cause)),
        )
        for one in found
    ]
    widths = [max(len(name), *(len(row[at]) for row in rows)) for at, (name, _) in enumerate(COLUMNS)]
    # Only the cause is cut on a narrow terminal: half an id is of no use.
    widths[-1] = max(LEAST_CAUSE, min(widths[-1], console.width - sum(width + 2 for width in widths[:-1])))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for (name, side), width in zip(COLUMNS, widths, strict=True):
        table.add_column(name, justify=side, no_wrap=True, min_width=width)
    for row in rows:
        table.add_row(
            *map(Text, row[:-1]), Text(row[-1] if len(row[-1]) <= widths[-1] else row[-1][: widths[-1] - 1] + "…")
        )
    console.print(table)


@asking()
def show(
    asked: DlqContext,
    id_: Annotated[str, typer.Argument(metavar="ID", help="A message id, or its first characters.")],
    logs: Annotated[bool, typer.Option("--logs/--no-logs", help="Ask the logs for what happened to it.")] = True,
    whole: Annotated[bool, typer.Option("--all", help="The whole body, however long.")] = False,
    as_json: options.Json = False,
) -> None:
    """One letter: why it died, its timeline from the logs, its attributes and its body."""
    source = asked.open()
    from ops.deadletters import causes

    with Snapshot.open(source) as shelf:
        info, shelved = shelf.info(), shelf.get(id_)
    timeline: Timeline | None = None
    if logs:
        with printing.talk().status("Asking the logs …"):
            timeline = causes.timeline(source, shelved.letter.message_id)
    if as_json:
        typer.echo(dumps({**vars(shelved), "looked_at": info.looked_at, "timeline": timeline}))
        return
    console = printing.screen()
    _why(console, source, shelved, info)
    if timeline is not None:
        _timeline(console, timeline)
    _content(console, shelved.letter, whole)
    same = shelved.cause.fingerprint or "unknown"
    steps = [(asked.again("list", "--cause", same), "the letters of the same cause")]
    if shelved.place in LIVE:
        steps.append((asked.again("plan", "--id", shelved.letter.message_id), "plan its way back, alone"))
    printing.next_steps(console, *steps)


def _cause(cause: Cause) -> str:
    """A guess has no message of its own: it says what the letters of its group look like."""
    from ops.deadletters.causes import cause_in_words

    return cause_in_words(cause.error_type, cause.error_message or cause.label, cause.source, likely=cause.likely)


def _why(console: Console, source: DeadLetterQueue, shelved: SnapshotMessage, info: SnapshotInfo) -> None:

    letter, cause, now = shelved.letter, shelved.cause, datetime.now(UTC)
    known = cause.source not in ("none", "")
    said = f"{cause.error_type}: {cause.error_message}" if cause.error_message else _cause(replace(cause, likely=False))
    said = f"likely {said}" if known and cause.likely else said
    why = said if known else "No trace of a cause."
    console.print(Text(safe(why, 500), style="bold red" if known else "bold"))
    printing.head(console, source, info)
    console.print()
    source_of = cause.source + (" (likely)" if cause.likely else "")
    original = letter.original_message_id if letter.original_message_id != letter.message_id else ""
    printing.facts(
        console,
        [
            ("message id", letter.message_id),
            ("first sent as", original),
            ("kind", letter.kind.value),
            ("came from", letter.source_arn or "nothing tells"),
            ("sent", printing.moment(letter.sent, now)),
            ("received", f"{letter.receives}×, looks counted"),
            ("group", letter.group_id or ""),
            ("now", "in the queue, at the last look" if shelved.place.value == "queue" else shelved.place.value),
            ("cause", f"{cause.fingerprint}, from: {source_of}" if known else ""),
            ("failed in", cause.location),
            ("died", printing.moment(cause.died, now) if cause.died else ""),
            ("version", cause.function_version),
            ("request id", cause.request_id or letter.request_id),
        ],
    )


def _timeline(console: Console, timeline: Timeline) -> None:

    console.print("\n[dim]What happened to it (UTC)[/]")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in timeline.moments:
        at = "–" if one.at is None else one.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(at, one.what, Text(safe(one.text if one.text != one.what else "", 300)))
    console.print(table)
    notes(console, timeline.look.partial)


def _content(console: Console, letter: DeadLetter, whole: bool) -> None:

    if letter.attributes:
        console.print("\n[dim]Attributes[/]")
        facts(console, [(safe(name), safe(f"{a.value}  ({a.data_type})")) for name, a in letter.attributes.items()])
    console.print(f"\n[dim]Body, {len(letter.body.encode(errors='surrogatepass')):,} bytes[/]")
    lines = _readable(letter.body)
    shown_lines = lines if whole else [line[:BODY_WIDTH] for line in lines[:BODY_LINES]]
    for line in shown_lines:
        console.print(Text(safe(line)), soft_wrap=True)
    if shown_lines != lines:
        console.print("… cut here; --all shows the rest.", style="dim")
    console.print()


def _readable(body: str) -> list[str]:
    """A JSON object or list with its members on lines of their own, a list of plain values on one; else as it is."""

    if body.lstrip()[:1] not in ("{", "["):
        return body.split("\n")
    try:
        text = json_roundtrip.pretty(body)
    except ValueError:
        return body.split("\n")
    return _VALUES.sub(lambda found: f"[{' '.join(line.strip() for line in found[1].split(chr(10)))}]", text).split(
        "\n"
    )
