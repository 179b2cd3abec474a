"""Where a comparison is shown: the page Compare and ``ops compare --last``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ops import formatting
from ops.insight.report_types import Level
from tests.dashboard.app import App
from tests.dashboard.measured.reading import TIME, add_all, headline, open_page, tiles_of, told
from tests.dashboard.shown_numbers import Shown, answered, written

_CELLS = re.compile(r" {2,}")


def read_comparison(shown: Shown, instance: str, commands: bool) -> None:
    prefix = f"compare with {instance}:"
    if app := open_page(shown, "compare", **{"cmp-instance": instance}):
        level, sentence = headline(app.html)
        if "No comparison yet" in app.text:
            shown.add(f"{prefix} measured", "compare page", "no")
        else:
            shown.add(f"{prefix} measured", "compare page", "yes")
            add_all(
                shown, "compare page", prefix, {"level": level, "finding": sentence, **_comparison_page_values(app)}
            )
    if not commands:
        return
    code, out = answered("compare", "--last", "--instance", instance, "--json")
    shown.add(f"{prefix} measured", "compare --json", "no" if code == 2 else "yes")
    if code == 2:
        return
    found = json.loads(out)
    add_all(shown, "compare --json", prefix, _comparison_json_values(found))
    text = answered("compare", "--last", "--instance", instance)[1]
    add_all(shown, "compare", prefix, _comparison_text_values(text, [form["form"] for form in found["forms"]]))


def _comparison_page_values(app: App) -> dict[str, str | None]:
    shown = tiles_of(app)
    values: dict[str, str | None] = {}
    for label, name in (
        ("Synchronous wait", "synchronous wait"),
        ("Event-driven wait", "event-driven wait"),
        ("Event-driven result", "event-driven result"),
    ):
        value, note = shown.get(label, ("", ""))
        values[f"{name} p95"] = value
        for percentile in ("p50", "p99"):
            seen = re.search(rf"{percentile} ({TIME})", note)
            values[f"{name} {percentile}"] = seen[1] if seen else None
    idle, note = shown["Idle month"]
    values["event-driven idle"] = idle
    values["synchronous idle"] = note.rpartition("; ")[2].partition(" for")[0] if "$" in note else None
    lost, forms = shown["Jobs lost"]
    values |= {
        f"{form} lost": count
        for form, count in zip(forms.partition(";")[0].split(" / "), lost.split(" / "), strict=True)
    }
    sentences = app.text
    for row in app.at.dataframe[0].value.to_dict("records") if app.at.dataframe else ():
        for form, count in row.items():
            if form != "kind":
                kind = str(row["kind"]).casefold().removeprefix("jobs ").replace("dlq", "dead-letter queue")
                values[f"{form} {kind}"] = formatting.count(count)
    return values | _comparison_sentences(sentences)


def _comparison_sentences(text: str) -> dict[str, str | None]:
    """What sentences below the tiles count."""
    found = {
        "break-even": re.search(r"cheaper below (about [\d,]+) requests per day", text),
        "per 1,000 jobs": re.search(r"Event-driven, per 1,000 jobs: (\$[\d.,]*\d)", text),
        "synchronous most at once": re.search(r"container: at most ([\d,]+ of [\d,]+) jobs at once", text),
        "event-driven most at once": re.search(r"function: at most ([\d,]+ of [\d,]+) jobs at once", text),
        "synchronous scaling lag": re.search(
            rf"container: at most [\d,]+ of [\d,]+ jobs at once, reached in ({TIME})", text
        ),
        "event-driven scaling lag": re.search(
            rf"function: at most [\d,]+ of [\d,]+ jobs at once, reached in ({TIME})", text
        ),
        "instance carries": re.search(r"An instance carries (about [\d,]+) requests per day", text),
        "usd per hour": re.search(r"(\$[\d.]+) per hour", text),
    }
    return {name: seen[1] if seen else None for name, seen in found.items()}


def _comparison_json_values(found: Mapping[str, Any]) -> dict[str, str | None]:
    costs = found["costs"]
    per_job = costs["event_usd_per_job"]
    values = {
        "level": Level(found["finding"]["level"]).label,
        "finding": told(found["finding"]["text"]),
        "event-driven idle": written(costs["event_idle_usd_month"], "USD"),
        "synchronous idle": written(costs["synchronous_idle_usd_month"], "USD"),
        "break-even": formatting.about(costs["break_even_requests_per_day"])
        if costs["break_even_requests_per_day"]
        else None,
        "per 1,000 jobs": None if per_job is None else formatting.usd(per_job * 1000),
    }
    for form in found["forms"]:
        name = form["form"]
        for percentile in ("p50", "p95", "p99"):
            for what in ("wait", "result"):
                ms = form[f"{what}_{percentile}_ms"]
                values[f"{name} {what} {percentile}"] = None if ms is None else formatting.latency(ms)
        values[f"{name} lost"] = formatting.count(form["lost"])
        values[f"{name} still in the queue"] = formatting.count(form["unfinished"])
        values[f"{name} in the dead-letter queue"] = formatting.count(form["dead_lettered"])
        values[f"{name} most at once"] = (
            f"{formatting.count(form['peak_running'])} of {formatting.count(form['most_at_once'])}"
        )
        lag = form["scaling_lag_s"]
        values[f"{name} scaling lag"] = None if lag is None else formatting.duration(lag)
        values |= {f"{name} {kind}".casefold(): formatting.count(count) for kind, count in form["failures"].items()}
    return values | {
        name: value
        for name, value in _comparison_sentences(" ".join(found["notes"])).items()
        if name in ("instance carries", "usd per hour")
    }


def _comparison_text_values(text: str, forms: Sequence[str]) -> dict[str, str | None]:
    values: dict[str, str | None] = {"finding": told(text.partition("\n")[0])}
    names = {
        **{f"Caller waits, {each}": f"wait {each}" for each in ("p50", "p95", "p99")},
        **{f"Time to result, {each}": f"result {each}" for each in ("p50", "p95", "p99")},
        "Jobs lost": "lost",
        "Still in the queue": "still in the queue",
        "In the dead-letter queue": "in the dead-letter queue",
        "Most at once, of the limit": "most at once",
        "Scaling lag": "scaling lag",
        "Idle, a month": "idle",
    }
    for line in text.split("\n"):
        name, *cells = _CELLS.split(line.strip())
        if name in names and len(cells) == len(forms):
            values |= {
                f"{form} {names[name]}": None if cell == "unknown" else cell
                for form, cell in zip(forms, cells, strict=True)
            }
    said = _comparison_sentences(text)
    return values | {name: said[name] for name in ("break-even", "instance carries", "usd per hour")}
