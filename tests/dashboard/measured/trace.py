"""Where a job's path is shown: the page Trace and ``ops trace``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ops import formatting
from ops.insight.report_types import Level
from tests.dashboard.app import App
from tests.dashboard.measured.reading import TIME, add_all, headline, open_page, tiles_of, told
from tests.dashboard.page_text import plain_text, squeezed
from tests.dashboard.shown_numbers import Shown, answered


def _latency(seconds: float | None) -> str | None:
    return None if seconds is None else formatting.latency(seconds * 1000)


def read_trace(shown: Shown, job: str, commands: bool) -> None:
    prefix = f"trace of {job}:"
    if app := open_page(shown, "trace", id=job):
        html = app.html
        level, sentence = headline(html)
        found = {label: value for label, (value, _) in tiles_of(app).items()}
        takes = re.findall(r'<th scope="row"><b>(.*?)</b></th><td>(.*?)</td><td>(.*?)</td>', html, re.S)
        searched = re.search(r"Sources searched", app.text) and re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", html, re.S)
        add_all(
            shown,
            "trace page",
            prefix,
            {
                "level": level,
                # what was searched is told with the minute, which may be over
                "finding": sentence if takes else sentence.partition(" searched:")[0].partition(";")[0].rstrip("."),
                **{label.casefold(): value for label, value in found.items()},
                "spans": _first_number(label) if (label := _label(app, "as a table")) else None,
                **{
                    f"span {number} {plain_text(name)}": f"{plain_text(starts)} {plain_text(took)}".strip()
                    for number, (name, starts, took) in enumerate(takes)
                },
                **{
                    f"records in {plain_text(place).casefold()}": _records(plain_text(text))
                    for place, text in searched or ()
                    if "record" in text or "not read" in text
                },
            },
        )
    if not commands:
        return
    out = json.loads(answered("trace", job, "--json")[1])
    add_all(shown, "trace --json", prefix, _trace_values(out))
    text = answered("trace", job)[1]
    first = squeezed(text.partition("\n")[0])
    values: dict[str, str | None] = {"finding": first if out["spans"] else first.partition(" searched:")[0].rstrip(".")}
    rows = [line for line in text.split("\n") if re.search(rf" \+(?:{TIME}|0 ms)(?: |$)", line)]
    if rows:
        values["spans"] = str(len(rows))
    for number, (line, span) in enumerate(zip(rows, out["spans"], strict=False)):
        seen = re.search(rf" (\+(?:{TIME}|0 ms))(?: +(~?(?:{TIME}|open)))?", line)
        values[f"span {number} {span['name']}"] = " ".join(filter(None, seen.groups())) if seen else line
    for line in re.findall(r"^read: (.*)$", text, re.M):
        for place, count in re.findall(r"(?:^|; )(.*?): (not read|[\d,]+)", line):
            values[f"records in {place.casefold()}"] = count
    add_all(shown, "trace", prefix, values)


def _trace_values(out: Mapping[str, Any]) -> dict[str, str | None]:
    finding, spans = out["finding"], out["spans"]
    values: dict[str, str | None] = {
        "level": Level(finding["level"]).label,
        "finding": told(finding["text"]) if spans else squeezed(finding["headline"]).rstrip("."),
        **{f"records in {place['place'].casefold()}": _records_of(place["found"]) for place in out["searched"]},
    }
    if not spans:
        return values
    start, end = (datetime.fromisoformat(out[name]) for name in ("start", "end"))
    seconds = out["seconds"]
    for name, kind in (
        ("queue wait", "queue wait"),
        ("init", "init"),
        ("in attempts", "attempt"),
        ("in the dlq", "dead-letter queue"),
    ):
        values[name] = _latency(seconds[kind]) if seconds[kind] else None
        if not seconds[kind] and any(span["kind"] == kind and span["duration_s"] is None for span in spans):
            values[name] = "still there" if kind == "dead-letter queue" else "open"
    first = datetime.fromisoformat(spans[0]["start"])
    for number, span in enumerate(spans):
        took = "open" if span["duration_s"] is None else _latency(span["duration_s"]) if span["duration_s"] else ""
        inferred = "~" if took and span["basis"] == "inferred" and span["kind"] != "job" else ""
        starts = _latency((datetime.fromisoformat(span["start"]) - first).total_seconds())
        values[f"span {number} {span['name']}"] = f"+{starts} {inferred}{took}".strip()
    return values | {
        "from first to last": _latency((end - start).total_seconds()),
        "attempts": formatting.count(out["attempts"]),
        "redrives": formatting.count(out["redrives"]),
        "spans": formatting.count(len(spans)),
    }


def _records(text: str) -> str:
    return "not read" if text.startswith("not read") else text.partition(" record")[0]


def _records_of(found: int | None) -> str:
    return "not read" if found is None else formatting.count(found)


def _label(app: App, part: str) -> str:
    return next((each.label for each in app.at.expander if part in each.label), "")


def _first_number(text: str) -> str:
    return text.partition(" ")[0]
