"""Where a sweep is shown: the page Right-sizing and ``ops rightsize --last``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from ops import formatting
from tests.dashboard.app import App
from tests.dashboard.measured.reading import TIME, add_all, headline, open_page, tiles_of
from tests.dashboard.page_text import squeezed
from tests.dashboard.shown_numbers import Shown, answered


def read_sweep(shown: Shown, objective: str, title: str, commands: bool) -> None:
    prefix = f"rightsize for {objective}:"
    if app := open_page(shown, "rightsize", **{"rs-objective": title}):
        _, sentence = headline(app.html)
        if "No sweep yet" in app.text:
            shown.add(f"{prefix} measured", "rightsize page", "no")
        else:
            shown.add(f"{prefix} measured", "rightsize page", "yes")
            add_all(shown, "rightsize page", prefix, {"finding": sentence, **_sweep_page_values(app)})
    if not commands:
        return
    code, out = answered("rightsize", "--last", "--objective", objective, "--json")
    shown.add(f"{prefix} measured", "rightsize --json", "no" if code == 2 else "yes")
    if code == 2:
        return
    found = json.loads(out)
    add_all(shown, "rightsize --json", prefix, _sweep_json_values(found))
    text = answered("rightsize", "--last", "--objective", objective)[1]
    add_all(shown, "rightsize", prefix, _sweep_text_values(text, found))


def _sweep_page_values(app: App) -> dict[str, str | None]:
    shown = tiles_of(app)
    values: dict[str, str | None] = {
        "current": shown["Current"][0],
        "suggested": shown["Suggested"][0],
        "cold share": shown["Cold starts priced in"][0],
        "invocations": shown["Measured"][0],
    }
    more = shown.get("Extra cost per month")
    saving, note = more or shown.get("Saves per month", ("", ""))
    values["saving"] = f"-{saving}" if more else saving
    if ends := re.fullmatch(r"(\S+) to (\S+)", note):
        values["saving's interval"] = " to ".join(_minus(end) for end in ends.groups())
    for label in ("Current", "Suggested"):
        value, note = shown[label]
        if seen := re.search(r"(\$[\d.,]*\d) per 1,000", note):
            values[f"{value} USD ({label.casefold()})"] = seen[1]
    for row in app.at.dataframe[0].value.to_dict("records"):
        name = f"{row['memory']:,} MB"
        values |= {
            f"{name} USD": _interval_of_cell(row["usd"]),
            f"{name} p50": _interval_of_cell(row["p50"]).partition(" (")[0],
            f"{name} p95": _interval_of_cell(row["p95"]),
            f"{name} init": row["init"],
            f"{name} used": f"{row['used']:,.0f} MB",
            f"{name} failed": formatting.count(row["failed"]),
        }
    return values


def _interval_of_cell(text: str) -> str:
    """As the command writes it: the unit at each end, which the page writes once."""
    value, opened, ends = text.replace(" – ", "–").partition(" (")
    unit = value.partition(" ")[2]
    return f"{value}{opened}{re.sub(r'(?<=[0-9])(?=[–)])', f' {unit}', ends) if unit else ends}"


def _minus(text: str) -> str:
    return text.replace("−", "-")


def _sweep_json_values(found: Mapping[str, Any]) -> dict[str, str | None]:
    current, suggested, saving = found["current"], found["suggested"], found["saving_month_usd"]
    rows = found["settings"]
    values = {
        "finding": squeezed(found["finding"]),
        "current": f"{current['memory_mb']:,} MB",
        "suggested": f"{suggested['memory_mb']:,} MB" if suggested else None,
        "cold share": formatting.percent(found["cold_share"]),
        "invocations": formatting.count(sum(row["invocations"] for row in rows)),
    }
    if saving:
        values["saving"] = _signed(saving["value"])
        if None not in (saving["low"], saving["high"]):
            values["saving's interval"] = _ends_of_saving(saving)
    for row in rows:
        name = f"{row['memory_mb']:,} MB"
        usd = formatting.usd
        values |= {
            f"{name} USD": _interval(row["usd_per_1000"], row["usd_per_1000_low"], row["usd_per_1000_high"], usd),
            f"{name} p50": _millis(row["duration_p50_ms"]),
            f"{name} p95": _interval(
                row["duration_p95_ms"],
                row["duration_p95_low_ms"],
                row["duration_p95_high_ms"],
                formatting.latency,
            ),
            f"{name} init": _millis(row["init_ms"]),
            f"{name} used": f"{row['max_memory_used_mb']:,.0f} MB",
            f"{name} failed": formatting.count(row["failed"]),
        }
        for label, setting in (("current", current), ("suggested", suggested)):
            if setting and setting["memory_mb"] == row["memory_mb"] and row["usd_per_1000"] is not None:
                values[f"{name} USD ({label})"] = usd(row["usd_per_1000"])
    return values


def _ends_of_saving(saving: Mapping[str, float]) -> str:
    """As the page has them: of what is saved, or of what it costs more."""
    ends = (saving["low"], saving["high"]) if saving["value"] >= 0 else (-saving["high"], -saving["low"])
    return " to ".join(map(_signed, ends))


def _signed(amount: float) -> str:
    return f"{'-' if amount < 0 else ''}{formatting.usd(abs(amount))}"


def _millis(ms: float | None) -> str | None:
    return None if ms is None else formatting.latency(ms)


def _interval(value: float | None, low: float | None, high: float | None, write: Callable[[float], str]) -> str | None:
    if value is None:
        return None
    ends = ["?" if end is None else write(end) for end in (low, high)]
    return f"{write(value)} ({ends[0]}–{ends[1]})"


def _sweep_text_values(text: str, found: Mapping[str, Any]) -> dict[str, str | None]:
    values: dict[str, str | None] = {"finding": squeezed(text.partition("\n")[0])}
    lines = text.split("\n")
    for number, line in enumerate(lines):
        seen = re.match(rf" *([\d,]+ MB)((?: +{TIME})*)(?: +([\d,]+ MB))?(?: +(\$[\d.,]+))?(?: |$)", line)
        if not seen or not seen[2]:
            continue
        name, times, used, usd = seen.groups()
        p50, p95, init, *_ = [*re.findall(TIME, times), None, None]
        ends = re.findall(r"\(.*?\)", lines[number + 1]) if number + 1 < len(lines) else []
        values |= {f"{name} p50": p50, f"{name} init": init, f"{name} used": used}
        if ends:
            values |= {f"{name} p95": f"{p95} {ends[0]}", f"{name} USD": f"{usd} {ends[1]}" if usd else None}
    if seen := re.search(r"^Saves per month: (\S+) \((\S+)–(\S+)\)$", text, re.M):
        values["saving"] = seen[1]
    assert sum(name.endswith(" used") for name in values) == len(found["settings"]), text
    return values
