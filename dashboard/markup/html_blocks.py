"""The blocks that all pages share, as HTML: the finding, the row of numbers, facts, notes and empty states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from dashboard import runbooks, theme
from dashboard.formatting import duration, escape, moment, utc, zone_name
from dashboard.markup.templates import Macros
from dashboard.pages import Entry
from ops.formatting import capitalized, sentence
from ops.insight.report_types import Finding, Level

_MACROS = Macros("blocks.html")


@dataclass(frozen=True)
class Stat:
    """One number in the row below the finding. ``colour`` has the meaning that it has in the charts."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    colour: str = ""
    words: bool = False
    """The value is words, not a figure: smaller, and it may wrap."""


@dataclass(frozen=True)
class WorkloadRow:
    """A workload and the address of its Overview. ``other``: its queue, or its stack, where ``name`` is not that."""

    address: str
    name: str
    other: str
    level: Level | None
    """As in ``WorkloadStatus``: None where nothing is known to be wrong."""
    why: str


def head(
    entry: Entry, at: datetime | None = None, viewer: tzinfo = UTC, otherwise: str = "", verb: str = "Updated"
) -> str:
    """The page's title, its subtitle, and when the report below was loaded; ``otherwise`` stands there without one.
    ``verb``: what was done at that time."""
    updated = f"{verb} {moment(at, viewer)} {zone_name(viewer)}" if at else otherwise
    return _MACROS.head(entry, updated, utc(at) if at else "")


def age(seconds: float) -> str:
    """Above data that is not refreshed automatically."""
    return _MACROS.age(duration(seconds))


def finding(finding: Finding) -> str:
    """The sentence at the top of a page, with its level as a word, a mark and a colour."""
    colour, level = theme.LEVEL_COLOUR[finding.level], finding.level.label
    text = (finding.headline or finding.text).removeprefix(f"{level}: ").removeprefix(f"{level} – ")
    chips = [runbooks.links(chip) for chip in finding.chips]
    return _MACROS.finding(colour, level, runbooks.links(capitalized(text)), chips)


def chart_head(title: str, remark: str = "", unit: str = "", lines: Sequence[tuple[str, str]] = ()) -> str:
    """A chart's title, unit, remark and the names of its limits with their dashes (``dash``, ``dashdot`` …).

    All from ``formatting.plain``: escaped already, as Plotly needs them.
    """
    return _MACROS.chart_head(title, remark, unit, lines)


def instead_of_chart(title: str, text: str) -> str:
    """One line in place of a chart. Both are escaped already."""
    return _MACROS.instead_of_chart(title, text)


def stats(row: Sequence[Stat]) -> str:
    return _MACROS.stats(row)


def empty(title: str, reason: str) -> str:
    """Replaces an empty chart or table: what is missing, why, and what to do about it."""
    return _MACROS.empty(title, reason)


def state_line(level: Level, title: str, text: str) -> str:
    """A state in one line, with its mark."""
    return _MACROS.state_line(theme.LEVEL_COLOUR[level], str(level), title, text)


def facts(rows: Mapping[str, str]) -> str:
    """Names and values in two columns."""
    return _MACROS.facts(rows)


def notes(title: str, lines: Sequence[str]) -> str:
    return _MACROS.notes(title, lines)


def partial(lines: Sequence[str]) -> str:
    """A note on data that the page could not read, or only in part."""
    return notes("Partial data", lines)


def quiet(text: str) -> str:
    """A remark below what it explains."""
    return f'<span class="so-quiet">{escape(text)}</span>'


def remarks(lines: Iterable[str]) -> str:
    """Quiet remarks, each a sentence on a line of its own."""
    return _MACROS.remarks([sentence(line.removesuffix(".")) for line in lines])


def workloads(title: str, rows: Sequence[WorkloadRow]) -> str:
    """A list of links."""
    return _MACROS.workloads(title, rows)


def heading(text: str) -> str:
    """The heading of a section, in plain text."""
    return _MACROS.heading(text)


def lead(text: str) -> str:
    """The sentence below a heading."""
    return _MACROS.lead(text)
