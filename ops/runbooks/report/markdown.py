"""An incident report as Markdown, to paste into a post-mortem. What comes from the account, a document or a person is
escaped: it cannot become a heading, a link, an image, HTML or a mention."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ops import formatting
from ops.runbooks.actions.action import PlannedChange
from ops.runbooks.report import sections
from ops.runbooks.report.model import (
    EntryKind,
    IncidentCost,
    IncidentMetric,
    IncidentMetrics,
    IncidentReport,
    TimelineEntry,
)
from ops.runbooks.report.sparkline import GAP, sparkline
from ops.runbooks.shown_outputs import shown_lines
from ops.untrusted_text import code, escaped, safe

MAX_LINES = 6
MAX_OUTPUT = 400
"""Lines, and characters of each, of what a step found; ``--json`` has all."""
_SECTIONS = {
    sections.ALARMS: "Alarms",
    sections.CHANGES: "Deploys and configuration changes",
    sections.REDRIVES: "Redrives",
}


_PREFIXES = {EntryKind.ALARM: "Alarm: ", EntryKind.DEPLOY: "Deploy: ", EntryKind.CONFIG: "Configuration: "}


def markdown(report: IncidentReport, picture: str = "", no_picture: str = "") -> str:
    """``picture``: the file name of the metrics' picture beside the text; ``no_picture``: why there is none."""
    return "\n".join(_lines(report, picture, no_picture)) + "\n"


def _lines(report: IncidentReport, picture: str, no_picture: str) -> Iterator[str]:
    yield f"# Incident: {escaped(report.title)} ({escaped(report.run.workload)})"
    yield ""
    yield from (f"- **{name}**: {text}" for name, text in _facts(report).items() if text)
    yield from (f"- **Note**: {escaped(note)}" for note in report.notes)
    yield ""
    yield "## Timeline"
    yield ""
    yield "Times in UTC."
    yield ""
    yield "| time | what | outcome | details |"
    yield "| --- | --- | --- | --- |"
    first = report.timeline[0].at if report.timeline else report.made_at
    one_day = all(entry.at.date() == first.date() for entry in report.timeline)
    yield from (_row(entry, one_day) for entry in report.timeline)
    unread = [(_SECTIONS[name], report.unread[name]) for name in _SECTIONS if name in report.unread]
    if unread:
        yield ""
        yield from (f"- **{name}** are not complete: {escaped(text)}" for name, texts in unread for text in texts)
    yield ""
    yield "## Metrics"
    yield ""
    yield from _metrics(report, picture, no_picture)
    yield ""
    yield "## Cost"
    yield ""
    yield from _cost(report.cost, report.unread.get(sections.COST, ()), report.asked)
    yield ""
    yield "## Still open"
    yield ""
    yield from _list([*report.still_open, *_unknown_dlq(report)], "Nothing is known to be open.")
    if report.follow_ups:
        yield ""
        yield "## Follow-ups"
        yield ""
        yield from _list(report.follow_ups, "")


def _facts(report: IncidentReport) -> dict[str, str]:
    run, period = report.run, report.period
    length = formatting.duration((period.end - period.start).total_seconds())
    until = "now" if period.ongoing else _moment(period.end)
    alarms = f" Alarms: {', '.join(map(code, period.alarms))}." if period.alarms else ""
    response = ""
    if period.responded_s is not None:
        response = f"the run started {formatting.duration(period.responded_s)} after the alarm"
    cost = ""
    if report.cost is not None:
        cost = (
            f"{formatting.price(report.cost.usd)}, of which {formatting.price(report.cost.failed_usd)} on failed work"
        )
    return {
        "Workload": f"{code(run.workload)}, {escaped(report.place)}",
        "Incident": f"{_moment(period.start)} to {until} ({length}). {escaped(period.why)}{alarms}",
        "Response": response,
        "Outcome": escaped(f"{run.phase.value}. {run.text}".strip()),
        "Run": f"{code(run.id)}, {_moment(run.began)} to {_moment(run.ended) or 'no recorded end'}",
        "By": code(run.actor),
        "Reason": escaped(run.reason),
        "Cost": cost,
        "Runbook": f"{code(run.file)} (SHA-256 {code(run.digest[:12])})",
    }


def _row(entry: TimelineEntry, one_day: bool) -> str:
    at = entry.at.astimezone(UTC).strftime("%H:%M:%S" if one_day else "%Y-%m-%d %H:%M:%S")
    what = f"{escaped(entry.what, in_table=True)} ({code(entry.step, in_table=True)})" if entry.step else ""
    what = what or f"{_PREFIXES.get(entry.kind, '')}{escaped(entry.what, in_table=True)}"
    outcome = escaped(entry.outcome, in_table=True)
    if entry.seconds is not None and entry.seconds >= 1:
        outcome = f"{outcome}, {formatting.duration(entry.seconds)}" if outcome else formatting.duration(entry.seconds)
    details = [_change(change) for change in entry.changes]
    details += [escaped(text, in_table=True) for text in entry.details]
    details += _outputs(entry.outputs)
    if entry.command:
        details.append(code(entry.command, in_table=True))
    return f"| {at} | {what} | {outcome} | {'<br>'.join(details)} |"


def _change(change: PlannedChange) -> str:
    before, after = ("none" if value is None else str(value) for value in (change.before, change.after))
    return f"{escaped(change.what, in_table=True)}: {code(before, in_table=True)} → {code(after, in_table=True)}"


def _outputs(outputs: Mapping[str, Any]) -> list[str]:
    """The lines that the action made for people, where there are any. Of a setting, the change says both values."""
    others = {name: value for name, value in outputs.items() if name not in ("before", "after")}
    lines = shown_lines(others, _value, _moment)
    more = [f"{len(lines) - MAX_LINES} more"] if len(lines) > MAX_LINES else []
    return [*(_cut(line) for line in lines[:MAX_LINES]), *more]


def _cut(text: str) -> str:
    return code(safe(text, MAX_OUTPUT), in_table=True)


def _value(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, list):
        flat = [" ".join(map(str, item.values())) if isinstance(item, dict) else str(item) for item in value]
        return ("; " if any(isinstance(item, dict) for item in value) else ", ").join(flat)
    return str(value) if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)


def _metrics(report: IncidentReport, picture: str, no_picture: str) -> Iterator[str]:
    found = report.metrics
    yield from (f"Not read: {escaped(text)}" for text in report.unread.get(sections.METRICS, ()))
    if found is None:
        if not report.asked:
            yield "Not asked for."
        return
    yield (
        f"{_moment(found.start)} to {_moment(found.end)}, {formatting.duration(found.period_s)} a value; "
        f"{GAP} is no data point."
    )
    yield ""
    yield "```text"
    width = max(len(series.name) for series in found.series)
    yield from (f"{series.name:<{width}}  {sparkline(series.values)}  {bounds(series)}" for series in found.series)
    yield "```"
    if picture:
        yield ""
        yield f"![{_alt(found)}]({picture})"
    elif no_picture:
        yield ""
        yield f"No picture: {escaped(no_picture)}"


def bounds(series: IncidentMetric) -> str:
    """``0 to 57 messages``; of counts the total as well."""
    known = series.known
    if not known:
        return "no data"
    if series.unit == "s":
        return f"{formatting.duration(min(known))} to {formatting.duration(max(known))}"
    low = 0.0 if series.sums and None in series.values else min(known)  # nothing counted is no data point
    span = f"{formatting.count(low)} to {formatting.count(max(known))} {series.unit}"
    return f"{span} a period, {formatting.count(sum(known))} in all" if series.sums else span


def _alt(found: IncidentMetrics) -> str:
    return f"{', '.join(series.name for series in found.series)} from {_moment(found.start)} to {_moment(found.end)}"


def _cost(cost: IncidentCost | None, unread: Sequence[str], asked: bool) -> Iterator[str]:
    if cost is None:
        yield from (f"Not known: {escaped(text)}" for text in unread)
        if not asked:
            yield "Not asked for."
        elif not unread:
            yield "Not known: the incident is shorter than a period of its metrics."
        return
    failed = formatting.price(cost.failed_usd)
    since = f" {cost.since}" if cost.since else ""
    yield f"{formatting.price(cost.usd)} during the incident, of which {failed} went into work that failed.{since}"
    if cost.unpriced:
        yield escaped(formatting.sentence(cost.unpriced))
    yield ""
    yield "| component | USD |"
    yield "| --- | ---: |"
    yield from (f"| {escaped(name, in_table=True)} | {formatting.price(usd)} |" for name, usd in cost.parts)
    yield ""
    yield f"An estimate: usage × list price ({escaped(cost.prices_dated)}). Excluded: {escaped('; '.join(cost.excluded))}."


def _unknown_dlq(report: IncidentReport) -> list[str]:
    return [f"Whether messages are in the DLQ is not known: {text}" for text in report.unread.get(sections.DLQ, ())]


def _list(texts: Sequence[str], otherwise: str) -> Iterator[str]:
    yield from (f"- {escaped(text)}" for text in texts)
    if not texts:
        yield otherwise


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else ""
