"""The finding, the row of numbers, and what stands where there is nothing: as HTML, with every value escaped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from dashboard import runbooks, theme
from dashboard.formatting import NONE, duration, escape, moment, utc, zone_name
from dashboard.pages import Entry
from ops.insight.report_types import Finding


@dataclass(frozen=True)
class Stat:
    """One number of the row below the finding. ``colour`` marks it with the meaning it has in the charts."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    colour: str = ""
    words: bool = False
    """The value is a name, not a figure: smaller, and it may wrap."""


def head(entry: Entry, at: datetime | None = None, viewer: tzinfo = UTC, otherwise: str = "") -> str:
    """The page's name, its question, and when the answer below was read; ``otherwise`` is said when it was not."""
    said = f"Updated {moment(at, viewer)} {zone_name(viewer)}" if at else otherwise
    when = f'<span title="{escape(utc(at)) if at else ""}">{escape(said)}</span>'
    return f'<div class="so-head"><h1>{escape(entry.title)}</h1><p>{escape(entry.question)}</p>{when}</div>'


def age(seconds: float) -> str:
    """Above numbers that nothing refreshes."""
    return f'<div class="so-age">These numbers are {escape(duration(seconds))} old, and refreshing is off.</div>'


def finding(found: Finding) -> str:
    """The sentence that opens a page, with its level as a word, a mark and a colour."""
    colour, _, word = theme.LEVEL[found.level]
    text = found.text.removeprefix(f"{word}: ").removeprefix(f"{word} – ")
    text = text[:1].upper() + text[1:]
    said = f"<b>{word}</b><span>{runbooks.links(text)}</span>"
    return f'<div class="so-finding" role="status" style="--c:{colour}">{said}</div>'


def chart_head(question: str, aside: str = "") -> str:
    """A chart's question and its remark, both of ``formatting.plain``: escaped already, as Plotly needs them."""
    remark = f"<span>{aside}</span>" if aside else ""
    return f'<div class="so-chart"><h3>{question}</h3>{remark}</div>'


def stats(row: list[Stat]) -> str:
    cells = []
    for stat in row:
        mark = f' so-marked" style="--c:{stat.colour}' if stat.colour else ""
        unit = f"<small>{escape(stat.unit)}</small>" if stat.unit and stat.value != NONE else ""
        kind = " so-words" if stat.words else ""
        cells.append(
            f'<div class="so-stat{mark}"><div class="so-label" title="{escape(stat.label)}">{escape(stat.label)}</div>'
            f'<div class="so-value{kind}">{_breakable(stat.value)}{unit}</div>'
            f'<div class="so-note">{escape(stat.note)}</div></div>'
        )
    return f'<div class="so-stats">{"".join(cells)}</div>'


def _breakable(value: str) -> str:
    """Escaped, with room for a line break inside names such as MaximumConcurrency."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "<wbr>", escape(value))


def empty(what: str, why: str) -> str:
    """Where a chart or table would be: what is missing, why, and what to do about it."""
    return f'<div class="so-empty"><b>{escape(what)}</b><span class="so-quiet">{escape(why)}</span></div>'


def facts(known: dict[str, str]) -> str:
    """Names and values in two columns; values are foreign text."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in known.items())
    return f'<dl class="so-facts">{rows}</dl>'


def partial(notes: tuple[str, ...]) -> str:
    """What the page could not read, or read only in part."""
    rows = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<div class="so-partial"><b>Not the whole picture</b><ul>{rows}</ul></div>'
