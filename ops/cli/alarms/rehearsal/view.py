"""A rehearsal on a terminal: incident by incident, alarm × incident, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ops import formatting
from ops.alarms.rehearsal import DELAYS_COUNTED, IncidentRehearsal, PageOutcome, Rehearsal, Suggestion
from ops.cli.alarms.rehearsal import words
from ops.cli.alarms.rehearsal.timeline import timeline_rows
from ops.cli.output.sanitize import safe

STYLES = {
    PageOutcome.PAGED: "green",
    PageOutcome.LATE: "yellow",
    PageOutcome.NEVER: "red",
    PageOutcome.WRONG: "bold red",
    PageOutcome.NO_PAGE: "yellow",
    PageOutcome.NOT_CHECKED: "yellow",
}
MAX_ALARMS = 60
"""Rows of the table; ``--json`` has all."""


def show(
    result: Rehearsal, suggestions: tuple[Suggestion, ...], label: str, notes: tuple[str, ...], timeline: bool
) -> None:
    console = Console(highlight=False)
    title = Text("Rehearsal", style="bold")
    title.append(f" · {safe(label)}", style="dim")
    console.print(title, soft_wrap=True)
    console.print(Text(words.headline(result), style="" if result.passed else "bold"))
    console.print()
    console.print(_incidents(result))
    for matrix in _matrices(result, console.width):
        console.print(matrix)
    if left := _left_out(result):
        console.print(Text(left, style="dim"))
    console.print(Text(words.LEGEND, style="dim"))
    console.print(Text(DELAYS_COUNTED, style="dim"))
    if timeline:
        for each in result.incidents:
            _timeline(console, each)
    _missing(console, result, suggestions)
    _unchecked(console, result)
    for note in notes:
        console.print(Text(f"note: {safe(note)}", style="dim"))


def _incidents(result: Rehearsal) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right", style="dim")
    table.add_column("Incident", no_wrap=True)
    table.add_column("Result", no_wrap=True)
    table.add_column("How")
    for number, each in enumerate(result.incidents, 1):
        how = list(dict.fromkeys(safe(words.requirement(requirement)) for requirement in each.required))
        how += [safe(words.wrong_page(page, each.incident)) for page in each.wrong[:2]]
        how += [safe(words.state(state)) for state in each.states if not state.holds]
        verdict = Text(words.verdict(each), style="green" if each.passed else "bold red")
        table.add_row(str(number), safe(each.incident.name), verdict, Text("\n".join(how)))
    return table


def _matrices(result: Rehearsal, room: int) -> Iterator[Table]:
    """Alarm × incident, in as many tables as fit into the width of the terminal."""
    rows = list(zip(*(each.alarms for each in result.incidents), strict=True))
    shown = [row for row in rows if any(cell.outcome is not PageOutcome.UNAFFECTED for cell in row)][:MAX_ALARMS]
    names = [safe(words.short(row[0].alarm)) for row in shown]
    widths = [
        max(len(str(number)), max((len(words.cell(alarm)) for alarm in each.alarms), default=0))
        for number, each in enumerate(result.incidents, 1)
    ]
    name_width = max((cell_len(name) for name in ("Alarm", *names)), default=0)
    for columns in _blocks(widths, room - name_width - 2):
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column("Alarm", no_wrap=True, min_width=name_width if len(columns) < len(widths) else None)
        for at in columns:
            table.add_column(str(at + 1), justify="right", no_wrap=True, min_width=widths[at])
        for name, row in zip(names, shown, strict=True):
            cells = (row[at] for at in columns)
            table.add_row(name, *(Text(words.cell(cell), style=STYLES.get(cell.outcome, "dim")) for cell in cells))
        yield table


def _blocks(widths: Sequence[int], room: int) -> Iterator[range]:
    """Columns side by side, each with two spaces beside it; at least one in a block."""
    start, used = 0, 0
    for at, width in enumerate(widths):
        if at > start and used + width + 2 > room:
            yield range(start, at)
            start, used = at, 0
        used += width + 2
    yield range(start, len(widths))


def _left_out(result: Rehearsal) -> str:
    """A line about the alarms that the table does not show."""
    rows = list(zip(*(each.alarms for each in result.incidents), strict=True))
    others = sum(all(cell.outcome is PageOutcome.UNAFFECTED for cell in row) for row in rows)
    more = max(0, len(rows) - others - MAX_ALARMS)
    parts = [f"{formatting.count(others, 'other alarm reads', 'other alarms read')} no metric of this workload"] * bool(
        others
    )
    parts += [f"{more} more are not shown (--json has all)"] * bool(more)
    return " · ".join(parts)


def _timeline(console: Console, each: IncidentRehearsal) -> None:
    incident = each.incident
    console.print(Text(safe(incident.title), style="bold"))
    if incident.story:
        console.print(Padding(Text(safe(incident.story)), (0, 0, 0, 2), expand=False))
    for text in incident.inferred:
        console.print(Padding(Text(f"⚠ {safe(text)}", style="dim"), (0, 0, 0, 2), expand=False))
    if incident.source:
        console.print(Text(f"  {safe(incident.source)}", style="dim"), soft_wrap=True)
    console.print()
    for line in timeline_rows(each):
        console.print(line, soft_wrap=True)
    for limit in each.unscaled:
        console.print(Text(f"  The workload's {limit} is not known: the incident's own value was taken.", style="dim"))
    console.print()


def _missing(console: Console, result: Rehearsal, suggestions: tuple[Suggestion, ...]) -> None:
    texts = [words.suggestion(suggestion) for suggestion in suggestions] or [
        words.missing(requirement, each.incident.name) for each in result.incidents for requirement in each.missed
    ]
    if texts:
        console.print(Text("What is missing", style="bold"))
    for text in dict.fromkeys(texts):
        console.print(Padding(Text(safe(text)), (0, 0, 0, 2), expand=False))
    beyond = [(each, beyond) for each in result.incidents for beyond in each.incident.beyond_metrics]
    if beyond:
        console.print(Text("What no alarm on metrics can say", style="bold"))
    for each, claim in beyond:
        text = f"{each.incident.name}: {claim.what} → {claim.command}"
        console.print(Padding(Text(safe(text)), (0, 0, 0, 2), expand=False))


def _unchecked(console: Console, result: Rehearsal) -> None:
    if not result.incidents:
        return
    unchecked = [alarm for alarm in result.incidents[0].alarms if alarm.outcome is PageOutcome.NOT_CHECKED]
    if unchecked:
        console.print(Text("Not checked", style="bold"))
    for alarm in unchecked[:MAX_ALARMS]:
        console.print(Padding(Text(f"{safe(alarm.alarm)}: {safe(alarm.why)}", style="dim"), (0, 0, 0, 2), expand=False))
