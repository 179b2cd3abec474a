"""A job's path on a terminal: a line per span, with a bar for its time."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting
from ops.cli.output.sanitize import safe
from ops.cli.output.styles import LEVEL_STYLES
from ops.traces import Basis, JobTrace, PathSpan, SpanKind
from ops.traces.scale import TimeScale

STYLES = {
    SpanKind.JOB: "bold",
    SpanKind.API: "cyan",
    SpanKind.WAIT: "blue",
    SpanKind.INIT: "magenta",
    SpanKind.ATTEMPT: "green",
    SpanKind.STEP: "bright_black",
    SpanKind.RESULT: "green",
    SpanKind.DEAD: "red",
    SpanKind.REDRIVE: "yellow",
}
MOMENT, BAR, OPEN = "◆", "━", "╌"
NARROWEST_BAR, WIDEST_BAR = 16, 90
MAX_NAME_CHARS = 34
_OTHER_COLUMNS = MAX_NAME_CHARS + 30
"""Characters that the columns beside the bars take."""


def show(console: Console, found: JobTrace, heading: str) -> None:
    console.print(Text(safe(found.finding.text), style=LEVEL_STYLES[found.finding.level]))
    console.print(Text(safe(heading), style="dim"))
    if found.spans:
        console.print()
        scale = TimeScale(found.spans, found.end)
        console.print(_table(found.spans, scale, max(NARROWEST_BAR, min(WIDEST_BAR, console.width - _OTHER_COLUMNS))))
        _notes(console, found, scale)
    for note in found.look.partial:
        console.print(Text(f"note: {safe(note)}", style="dim"))


def _table(spans: Sequence[PathSpan], scale: TimeScale, width: int) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("Span", max_width=MAX_NAME_CHARS, no_wrap=True, overflow="ellipsis")
    table.add_column("Starts", justify="right", no_wrap=True, min_width=12)
    table.add_column("Takes", justify="right", no_wrap=True, min_width=12)
    table.add_column("", min_width=width, no_wrap=True)
    start, shown_failure = min(span.start for span in spans), ""
    for span in spans:
        takes = "open" if span.duration_s is None else "" if _is_moment(span) else _took(span.duration_s)
        inferred = "~" if span.basis is Basis.INFERRED and span.kind is not SpanKind.JOB else ""
        table.add_row(
            Text(f"{'  ' * min(span.depth, 6)}{safe(span.name)}", style=STYLES[span.kind]),
            f"+{_took((span.start - start).total_seconds())}",
            f"{inferred}{takes}",
            _bar(span, scale, width),
        )
        failure = f"✗ {span.failure}" if span.failure and span.kind is not SpanKind.JOB else ""
        for text, style in (
            (failure if failure != shown_failure else "", "red"),
            (span.detail if span.depth == 1 else "", "dim"),
        ):
            if text:
                table.add_row("", "", "", Text(_cut(safe(" ".join(text.split())), width), style=style))
        shown_failure = failure or shown_failure
    return table


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _bar(span: PathSpan, scale: TimeScale, width: int) -> Text:
    first = min(width - 1, int(scale.at(span.start) * width))
    if _is_moment(span):
        return Text(f"{' ' * first}{MOMENT}", style=STYLES[span.kind])
    if span.duration_s is None:
        return Text(f"{' ' * first}{OPEN * (width - first)}", style=STYLES[span.kind])
    last = max(first + 1, round(scale.at(span.end) * width))
    return Text(f"{' ' * first}{BAR * (last - first)}", style="red" if span.failure else STYLES[span.kind])


def _is_moment(span: PathSpan) -> bool:
    return span.duration_s == 0


def _took(seconds: float) -> str:
    return formatting.latency(seconds * 1000)


def _notes(console: Console, found: JobTrace, scale: TimeScale) -> None:
    console.print()
    words = [f"from {found.start:%Y-%m-%d %H:%M:%S} UTC" if found.start else ""]
    if any(span.basis is Basis.INFERRED for span in found.spans[1:]):
        words.append("~ inferred: an end of it is not on record")
    if scale.shortened:
        words.append("waits are drawn shorter than they were")
    if found.left_out:
        words.append(f"{formatting.count(found.left_out, 'further span')} not shown")
    console.print(Text(" · ".join(filter(None, words)), style="dim"))
    where = [
        f"{place.place}: {'not read' if place.found is None else formatting.count(place.found)}"
        for place in found.searched
    ]
    console.print(Text(safe(f"read: {'; '.join(where)}"), style="dim"))
    for name, ids in (("job", found.job_ids), ("messages", found.message_ids), ("traces", found.trace_ids)):
        if ids:
            more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
            console.print(Text(safe(f"{name}: {', '.join(ids[:5])}{more}"), style="dim"))
