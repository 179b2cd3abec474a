"""An incident as the text of a file that ``ops.alarms.incidents.read`` reads again."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime

from ops.alarms.incidents.model import Incident, IncidentPhase, IncidentSeries

WIDTH = 120
EXPECTATIONS = """# What had to page. Without it, this is a quiet day on which every page is wrong.
# Kinds of page: ops/alarms/README.md.
#
# [[must_page]]
# says = ["stalled"]
# from = "30m"
# within = "15m"
# because = "Messages wait and no consumer reads them."
"""


def incident_text(incident: Incident) -> str:
    return "\n".join(_lines(incident)) + "\n"


def duration(seconds: int) -> str:
    """A duration as incident files write it: "1h30m"."""
    parts = []
    for unit, letter in ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, seconds = divmod(seconds, unit)
        parts.append(f"{count}{letter}" if count else "")
    return "".join(parts) or "0m"


def _lines(incident: Incident) -> Iterator[str]:
    yield f"title = {_text(incident.title)}"
    yield f"start = {datetime.fromtimestamp(incident.start, UTC):%Y-%m-%dT%H:%M:%SZ}"
    yield f"length = {_text(duration(incident.length))}"
    yield f"inferred = [{', '.join(map(_text, incident.inferred))}]"
    yield ""
    yield EXPECTATIONS
    if incident.limits:
        yield "[workload]"
        yield from (f"{name} = {value:.10g}" for name, value in incident.limits.items())
        yield ""
    for series in incident.series:
        yield from _series(series)


def _series(series: IncidentSeries) -> Iterator[str]:
    yield "[[series]]"
    yield f'metric = "{series.role}.{series.metric}"'
    yield f'unit = "{series.unit}"'
    if series.period != 60:
        yield f'period = "{duration(series.period)}"'
    yield "phases = ["
    for phase in series.phases:
        yield from _phase(phase)
    yield "]"
    yield ""


def _phase(phase: IncidentPhase) -> Iterator[str]:
    head = f'  {{from = "{duration(phase.begins)}", to = "{duration(phase.ends)}", '
    if not any(value is not None for value in phase.values):
        yield f"{head}missing = true}},"
        return
    if len(phase.values) == 1 and phase.values[0] is not None:
        samples = f", samples = {phase.samples[0]}" if phase.samples[0] != 1 else ""
        yield f"{head}value = {phase.values[0]:.10g}{samples}}},"
        return
    yield f"{head}cycle = ["
    yield from _wrapped(['"-"' if value is None else f"{value:.10g}" for value in phase.values])
    if len(phase.samples) > 1:
        yield "  ], samples = ["
        yield from _wrapped([str(each) for each in phase.samples])
        yield "  ]},"
    else:
        yield f"  ], samples = {phase.samples[0]}}}," if phase.samples[0] != 1 else "  ]},"


def _wrapped(values: list[str]) -> list[str]:
    return textwrap.wrap(", ".join(values), WIDTH, initial_indent="    ", subsequent_indent="    ")


def _text(text: str) -> str:
    """A TOML basic string: JSON's, without the code points that TOML does not allow as they are."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
