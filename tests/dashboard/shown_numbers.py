"""Every number that a workload's pages and commands show, by what it counts and where it stands, as it is written."""

from __future__ import annotations

import io
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field

from dashboard.pages import PAGES
from ops import formatting, runbook_files
from ops.cli import app as cli
from ops.insight.report_types import Level
from ops.insight.reports.overview_parts.overview_cards import PAGE_OF_CARD
from tests.dashboard.app import REAL_APP, App
from tests.dashboard.number_places import CARDS, COUNT, FORECAST_SENTENCES, NOTES, RATE, SENTENCES, SPAN, STATS
from tests.dashboard.page_details import read_details
from tests.dashboard.page_text import finding, plain_text, squeezed, tiles

ORDER = (Level.OK.label, Level.NO_DATA.label, Level.WARNING.label, Level.CRITICAL.label)
"""Levels from the best to the worst."""
FORECAST = "forecast"
"""The page whose level is of the time to come: the Overview's is of now, and may be better."""
STATE_PAGES = ("overview", "queue", "concurrency", "cold_starts", "failures", "cost", "dead_letters", "alarms")
REPORT_PAGES = (*STATE_PAGES, FORECAST)


@dataclass
class Shown:
    """``numbers``: what is counted → place → as written. ``levels``: place → the level's label."""

    numbers: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    levels: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    """Pages that could not be drawn, and why."""

    def add(self, number: str, place: str, text: str | None) -> None:
        if text is not None and text.strip() not in ("", "–"):
            self.numbers[number][place] = text.strip()

    def disagreements(self) -> list[str]:
        """A sentence for each number that is not the same everywhere, and for each level that another contradicts."""
        wrong = [
            f"{number}: {', '.join(f'{place} {text}' for place, text in sorted(places.items()))}"
            for number, places in sorted(self.numbers.items())
            if len(set(places.values())) > 1
        ]
        return [*self.broken, *wrong, *self._levels()]

    def compared(self) -> int:
        """How many numbers stand in more than one place."""
        return sum(len(places) > 1 for places in self.numbers.values())

    def _levels(self) -> list[str]:
        wrong = []
        cards = {place: level for place, level in self.levels.items() if place.startswith("card ")}
        for place, level in cards.items():
            page = PAGE_OF_CARD[place.removeprefix("card ")]
            if page in self.levels and is_better(level, self.levels[page]):
                wrong.append(f"level: {place} is {level}, and its page {page} is {self.levels[page]}")
            if (status := self.levels.get(f"status {place}")) not in (None, level):
                wrong.append(f"level: {place} is {level} on the page and {status} in ops status")
        for place, level in self.levels.items():
            if place == "status" and level != self.levels.get("overview", level):
                wrong.append(f"level: the Overview is {self.levels['overview']}, and ops status is {level}")
            if place in STATE_PAGES and is_better(self.levels.get("overview", level), level):
                wrong.append(f"level: the Overview is {self.levels['overview']}, and {place} is {level}")
        return wrong


def is_better(level: str, other: str) -> bool:
    """Whether ``level`` asks less of its reader than a Warning or Critical does."""
    return other in (Level.WARNING.label, Level.CRITICAL.label) and ORDER.index(level) < ORDER.index(other)


def read_pages(shown: Shown, query: Mapping[str, str], pages: Sequence[str] = REPORT_PAGES) -> None:
    """The pages of one visitor."""
    for name in pages:
        app = App(REAL_APP).open(PAGES[name], **query)
        if app.at.exception:
            shown.broken.append(f"{name} is broken: {app.at.exception[0].message}")
            continue
        _read_page(shown, name, app.html)
        for number, place, text in read_details(name, app):
            shown.add(number, place, text)


def read_commands(shown: Shown, minutes: int) -> None:
    """``ops status``, ``ops costs`` and ``ops forecast``, as text and as JSON."""
    status, text = (
        json.loads(run("status", "--json", "--minutes", str(minutes))),
        run("status", "--minutes", str(minutes)),
    )
    for card in status["cards"]:
        shown.add(CARDS[card["key"]], "status --json", written(card["value"], card["unit"]))
        shown.levels[f"status card {card['key']}"] = Level(card["level"]).label
        _read_note(shown, "status --json", card["key"], card["note"])
        row = re.search(rf"^ *{card['title']}  +(\S+(?: \S+)*)(?:  +(.*))?$", text, re.M)
        assert row, (card["title"], text)
        shown.add(CARDS[card["key"]], "status", row[1])
    for name, key in (
        ("arrival rate", "accepted"),
        ("receive rate", "started"),
        ("failure rate", "failed"),
        ("processing rate", "finished"),
        ("success rate", "succeeded"),
    ):
        value = status["path"][key]
        shown.add(name, "status --json", None if value is None else formatting.rate(value))
    shown.add("in flight", "status --json", written(status["path"]["in_flight"], "messages"))
    if path := re.search(rf"sent {RATE} → received {RATE} → \w+ {RATE} · failed {RATE}", text):
        done = "processing rate" if status["path"]["succeeded"] is None else "success rate"
        for name, at in (("arrival rate", 1), ("receive rate", 2), (done, 3), ("failure rate", 4)):
            shown.add(name, "status", path[at])
    shown.levels["status"] = Level(status["finding"]["level"]).label
    _read_sentence(shown, "status", status["finding"]["text"])
    said = status["finding"].get("headline") or status["finding"]["text"]
    parts = [said.partition(": ")[2].removesuffix("."), *status["finding"].get("chips", ())]
    shown.add("headline and chips", "status --json", squeezed("; ".join(parts) + "."))
    shown.add("headline", "status --json", squeezed(status["finding"]["text"].partition(": ")[2]))
    told = text.split("\n\n")[0].rpartition("\n")[0].partition(": ")[2]
    shown.add("headline", "status", squeezed(told.replace(f"{runbook_files.RUNBOOKS_DIR}/", "runbooks/")))
    shown.add("alarms firing", "status", str(len(re.findall(r"^ *ALARM ", text, re.M))))
    _read_workloads(shown)
    _read_doctor(shown)
    _read_forecast(shown, minutes)
    costs, table = (
        json.loads(run("costs", "--json", "--minutes", str(minutes))),
        run("costs", "--minutes", str(minutes)),
    )
    _read_sentence(shown, "costs", costs["finding"]["text"])
    shown.levels["cost"] = Level(costs["finding"]["level"]).label
    for name, key in (
        ("cost per 1,000", "usd_per_1000"),
        ("total cost", "total_usd"),
        ("cost of failures", "failures_usd"),
    ):
        shown.add(name, "costs --json", written(costs[key], "USD"))
    for name, label in (("total cost", "Total"), ("cost of failures", "of which failed jobs")):
        row = re.search(rf"^ *{label}  +(\$\S+)", table, re.M)
        shown.add(name, "costs", row[1] if row else None)
    row = re.search(rf"cheaper from {COUNT} jobs", table)
    shown.add("break-even", "costs", row[1] if row else None)


def _read_forecast(shown: Shown, minutes: int) -> None:
    """As text and as JSON; nothing where no message was processed, and no time per message is known."""
    arguments = ("forecast", "--minutes", str(minutes))
    code, out = answered(*arguments, "--json")
    if code == 2:
        return
    found = json.loads(out)
    first = found["settings"][0]
    for number, value, unit in (
        ("forecast backlog", found["backlog"], "messages"),
        ("forecast drained", first["drained_s"], "s"),
        ("forecast peak age", first["peak_age_s"] if first["drained_s"] is not None else None, "s"),
        ("forecast in flight", first["peak_in_flight"], "messages"),
        ("forecast cost", first["usd"], "USD"),
    ):
        shown.add(number, "forecast --json", written(value, unit))
    shown.add("forecast arrivals", "forecast --json", formatting.rate(found["arrivals_per_min"]))
    _read_sentence(shown, "forecast --json", found["finding"]["text"])
    table = answered(*arguments)[1]
    _read_sentence(shown, "forecast", table.partition("\n")[0])
    if row := re.search(rf"^ *as it is  +[\d,.]+  +{SPAN}", table, re.M):
        shown.add("forecast drained", "forecast", row[1])
    shown.levels[FORECAST] = Level(found["finding"]["level"]).label


def _read_workloads(shown: Shown) -> None:
    (row,) = json.loads(run("workloads", "--json"))["workloads"]
    shown.add("queued", "workloads --json", written(row["queued"], "messages"))
    shown.add("dead letters", "workloads --json", written(row["dead"], "messages"))
    shown.add("alarms firing", "workloads --json", str(len(row["alarms"])))
    level = Level(row["level"]).label if row["level"] else Level.NO_DATA.label
    if is_better(shown.levels.get("status", level), level):
        shown.add("level", "status", shown.levels["status"])
        shown.add("level", "workloads --json", level)


def _read_doctor(shown: Shown) -> None:
    (workload,) = json.loads(run("doctor", "--json", "--fail-on", "never"))["workloads"]
    severities = [finding["severity"] for finding in workload["findings"]]
    shown.add("critical settings", "doctor --json", str(severities.count("critical")))
    shown.add("setting warnings", "doctor --json", str(severities.count("warning")))


def run(*arguments: str) -> str:
    """The output of a command."""
    code, out = answered(*arguments)
    assert code in (0, 1), (arguments, code, out)
    return out


def answered(*arguments: str) -> tuple[int, str]:
    """Exit code and output; the error where it is above 1."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = cli.run(list(arguments))
    return code, err.getvalue() if code > 1 else out.getvalue()


def written(value: float | None, unit: str) -> str | None:
    """A value of ``--json`` as people read it."""
    if value is None:
        return None
    if unit == "s":
        return formatting.duration(value)
    if unit == "USD":
        return formatting.usd(value)
    return formatting.percent(value / 100) if unit == "%" else formatting.count(value)


def _read_page(shown: Shown, name: str, html: str) -> None:
    level, sentence = finding(html)
    if name != "cost" or "cost" not in shown.levels:
        shown.levels[name] = level
    _read_sentence(shown, f"{name} headline", sentence)
    shown.add(f"level of {name}", name, level)
    shown.add(f"finding of {name}", name, squeezed(sentence))
    if name == "overview":
        shown.add("headline and chips", "overview", squeezed(sentence))
        _read_overview(shown, html)
    for label, text, note in tiles(html):
        if known := STATS.get((name, label)):
            shown.add(known, f"{name} tile", text)
        if label == "Alarms":
            shown.add("DLQ alarms firing", f"{name} tile", text)
        for number, how in NOTES.get(label, ()):
            if found := re.search(how, note):
                shown.add(number, f"{name} tile note", found[1])


def _read_overview(shown: Shown, html: str) -> None:
    cards = re.findall(
        r'<div class="so-card"><div class="so-label"><span class="so-dot so-([\w-]+)"[^>]*></span>(.*?)</div>'
        r'<div class="so-value">(.*?)</div>.*?<div class="so-note"[^>]*>(.*?)</div>',
        html,
        re.S,
    )
    assert len(cards) == len(CARDS), html
    for key, (level, _, value, note) in zip(CARDS, cards, strict=True):
        shown.levels[f"card {key}"] = Level(level).label
        shown.add(CARDS[key], "card", plain_text(value.partition("<small>")[0]))
        _read_note(shown, "card note", key, plain_text(note))
    for number, how in (
        ("queued", r"<i>([^<]*) <small>queued<"),
        ("in flight", r"<i>([^<]*) <small>in flight<"),
        ("failure rate", r"[>\s]([\d,.]+/min) failed"),
        ("arrival rate", r"<b>([^<]*)</b><u></u><span>sent<"),
        ("receive rate", r"<b>([^<]*)</b><u></u><span>received<"),
        ("processing rate", r"<b>([^<]*)</b><u></u><span>processed<"),
        ("success rate", r"<b>([^<]*)</b><u></u><span>succeeded<"),
        ("dead letters", r"<i>([^<]*) <small>messages<"),
    ):
        if found := re.search(how, html):
            shown.add(number, "pipeline", plain_text(found[1]))
        else:
            assert number not in ("queued", "arrival rate", "dead letters"), f"the pipeline no longer shows: {number}"
    if settings := re.search(r'class="so-empty"><b>([^<]*(?:critical finding|warning)[^<]*)</b>', html):
        said = plain_text(settings[1])
        for number, how in (
            ("critical settings", rf"{COUNT} critical finding"),
            ("setting warnings", rf"{COUNT} warning"),
        ):
            counted = re.search(how, said)
            shown.add(number, "overview", counted[1] if counted else "0")
    if 'class="so-alarm' in html:
        shown.add(
            "alarms firing",
            "overview",
            str(len(re.findall(r'class="so-dot so-critical"[^>]*></span>\s*<div><b>', html))),
        )


def _read_note(shown: Shown, place: str, key: str, note: str) -> None:
    for number, how in NOTES.get(key, ()):
        if found := re.search(how, note):
            shown.add(number, place, found[1])


def _read_sentence(shown: Shown, place: str, sentence: str) -> None:
    for number, how in FORECAST_SENTENCES if place.startswith(FORECAST) else SENTENCES:
        if found := re.search(how, sentence):
            shown.add(number, place, found[1].rstrip(",."))
