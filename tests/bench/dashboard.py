"""The dashboard in a real browser, on a twin with real work: how soon each page is there, what a refresh costs, and
what axe-core finds on it.

Takes about seven minutes on two quiet cores (14 pages of 4 visits, each a new tab, and a blank one for every other visit); the
longest of its parts grow with the number of pages. Allow 900 s for it on a busy machine, or make it smaller with ``--visits``,
``--refreshes`` and ``--page``.

Prints JSON on its last line, and above it each violation. Milliseconds are medians, measured inside the page:

- ``pages``, for each page: ``first_chart_ms`` from the start of its navigation until its first chart is drawn with live
  data, as Plotly draws it or as its preview or on a card (on a page without charts, until its first content);
  ``plotly_chart_ms`` until Plotly has drawn one; ``refresh_ms`` from "Refresh", on a page whose charts are drawn, until
  a new report is on it and the script has ended; ``metric_calls_per_refresh``, GetMetricData requests that reached the
  endpoint, counted by a proxy; ``axe_violations``; ``first_ratio``, ``plotly_ratio`` and ``refresh_ratio``, by
  ``blank_page_ms``; ``remark`` where a figure is not what it is on the other pages, and why;
- ``blank_page_ms``: an empty Streamlit app (``pass``) until its run has ended, in the same browser and run;
- ``first_ratio``, ``plotly_ratio`` and ``refresh_ratio``: the slowest page's (the targets of the first and the last are 4
  and 1), and ``missed``: the pages that miss a target;
- ``first_chart_ms`` and ``ratio`` of the Overview, ``queue_chart_ms``, and ``refresh_ms`` of all pages together;
- ``metric_calls_per_refresh``: the worst page, and the page that two people watch refresh by itself (the target is 1);
- ``axe_violations``: elements that break a rule of WCAG 2.2 at level A or AA, in light and dark (the target is 0), and
  ``axe_excluded``, those of Streamlit's own that are listed in tests/browser/axe.py;
- ``seconds``: how long each part of the bench took.

    .venv/bin/python -m tests.bench.dashboard [--visits 3] [--refreshes 2] [--page queue ...] [--running]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, expect

from dashboard.pages import PAGES
from ops import twin_state
from ops.twin import deploy
from tests.bench._page_samples import OPENS_WITHOUT_CHART, REMARKS, SAVED, a_job, choice, save_measurements
from tests.bench._small_jobs import SmallJobs
from tests.browser.axe import Violation, violations
from tests.browser.chromium import IDLE, LISTED, chromium, wait_until
from tests.browser.server import serving
from tests.browser.timing import CHART, CONTENT, DRAWN, NOTE_MESSAGES, PLOTLY, refresh, rerun, visit
from tests.fakes.counting_proxy import CountingProxy, counted
from tests.twins import Twin, start

VISITS = 3
REFRESHES = 2
FIRST_TARGET, REFRESH_TARGET = 4, 1
"""Times a blank page."""
JOBS = 40
EMPTY_APP = "pass\n"


def work(twin: Twin) -> None:
    """Some real jobs, so that the pages have something to draw; poison among them."""
    jobs = SmallJobs(twin)
    for _ in range(JOBS):
        twin.post(jobs.next(poison=0.1))
    time.sleep(3 * twin.state.period)  # for the meter to publish


def urls(address: str, query: str = "", pages: Sequence[str] = tuple(PAGES)) -> dict[str, str]:
    return {key: f"{address}/{'' if key == 'overview' else PAGES[key].address}{query}" for key in pages}


@dataclass(frozen=True)
class VisitTimes:
    """Milliseconds. ``very_first``: of the server's first visit to each page, which loads its modules and fills its caches
    and the browser's."""

    blank: float
    first_chart: dict[str, float]
    plotly_chart: dict[str, float]
    """Not of pages that draw none."""
    very_first: dict[str, float]


def time_visits(
    browser: BrowserContext,
    blank: str,
    ours: str,
    query: str = "",
    visits: int = VISITS,
    pages: Sequence[str] = tuple(PAGES),
) -> VisitTimes:
    """The blank page and each page, in turns. ``query``: behind the pages' addresses."""
    blanks: list[float] = []
    firsts: dict[str, list[float]] = {key: [] for key in pages}
    drawn: dict[str, list[float]] = {key: [] for key in pages if key not in OPENS_WITHOUT_CHART}
    very_first: dict[str, float] = {}
    for turn in range(visits + 1):
        for place, (key, url) in enumerate(urls(ours, query, pages).items()):
            if place % 2 == 0:  # as often on a quiet as on a busy machine: its median needs no visit beside each
                blanks += visit(browser, blank, IDLE)
            took = visit(browser, url, *((CHART, PLOTLY) if key in drawn else (CONTENT,)))
            firsts[key].append(took[0])
            if key in drawn:
                drawn[key].append(took[1])
            print(f"visit {turn} to {key}: {' and '.join(f'{ms:.0f}' for ms in took)} ms", file=sys.stderr, flush=True)
        if turn == 0:
            very_first = {key: seen[0] for key, seen in firsts.items()}
            blanks, firsts, drawn = [], {key: [] for key in firsts}, {key: [] for key in drawn}
    return VisitTimes(statistics.median(blanks), _medians(firsts), _medians(drawn), very_first)


def _medians(seen: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {key: statistics.median(times) for key, times in seen.items()}


@dataclass
class Refreshed:
    """By page: GetMetricData requests by press of "Refresh", how long a press took, and what axe-core found."""

    calls: dict[str, float] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)
    broken: dict[str, list[Violation]] = field(default_factory=dict)


def time_refreshes(
    browser: BrowserContext,
    address: str,
    proxy: CountingProxy,
    query: str = "?live=false",
    pages: Sequence[str] = tuple(PAGES),
    refreshes: int = REFRESHES,
    job: str = "",
    with_axe: bool = False,
) -> Refreshed:
    """``job``: that the page Trace shows. ``with_axe``: what axe-core finds on each page as it opens;
    tests/browser/test_accessibility.py has its other states."""
    found = Refreshed()
    for key, url in urls(address, query, pages).items():
        page = browser.new_page()
        page.add_init_script(NOTE_MESSAGES)
        page.goto(f"{url}{choice(key, job)}")
        expect(page.locator(".so-finding")).to_be_visible()
        expect(page.locator(".st-key-look-now button")).to_be_visible()
        wait_until(page, f"{IDLE} && {LISTED} && {DRAWN}")
        before = proxy.calls
        press = rerun if key in SAVED or (key == "trace" and not job) else refresh  # without a time of a report
        found.took[key] = statistics.median(press(page) for _ in range(refreshes))
        found.calls[key] = (proxy.calls - before) / refreshes
        print(f"refresh of {key}: {found.took[key]:.0f} ms, {found.calls[key]:g} calls", file=sys.stderr, flush=True)
        found.broken[key] = violations(page) if with_axe else []
        for each in found.broken[key]:
            print(f"{key}, {each.scheme}: {each.rule} at {each.selector}: {each.problem}", end="")
            print(" (excluded)" if each.excluded else "")
        page.close()
    return found


def calls_by_itself(
    browser: BrowserContext, address: str, proxy: CountingProxy, ticks: int = 2, period: int = 10
) -> float:
    """Calls by refresh while two people watch the same page."""
    watchers = [browser.new_page() for _ in range(2)]
    for page in watchers:
        page.goto(address)
    for page in watchers:
        expect(page.locator(".so-finding")).to_be_visible()
    time.sleep(period - time.time() % period + period / 2)  # the middle of a tick
    before = proxy.calls
    time.sleep(ticks * period)
    calls = (proxy.calls - before) / ticks
    for page in watchers:
        page.close()
    return calls


class Clock:
    """How long each part took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def done(self, part: str) -> None:
        now = time.monotonic()
        self.seconds[part] = round(now - self._since, 1)
        self._since = now
        print(f"{part}: {self.seconds[part]:.0f} s", file=sys.stderr, flush=True)


def measure(twin: Twin, asked: argparse.Namespace, clock: Clock) -> dict[str, object]:
    pages: tuple[str, ...] = tuple(asked.pages or PAGES)
    with counted(twin) as (proxy, folder), tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        empty, home = Path(scratch) / "streamlit_app.py", Path(scratch) / "home"
        empty.write_text(EMPTY_APP)
        save_measurements(twin, folder, home)
        environ = {
            "OPS_TWIN_DIR": str(folder),
            "OPS_HOME": str(home),
            "OPS_TARGET": "twin",
            "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
        }
        with (
            serving(str(empty), environ, Path(scratch) / "blank.log") as blank,
            serving("dashboard", environ, Path(scratch) / "dashboard.log") as ours,
        ):
            clock.done("servers and browser")
            visited = time_visits(browser, blank, ours, visits=asked.visits, pages=pages)
            clock.done("visits")
            refreshed = time_refreshes(
                browser, ours, proxy, pages=pages, refreshes=asked.refreshes, job=a_job(twin), with_axe=True
            )
            clock.done("refreshes and axe-core")
            together = calls_by_itself(browser, ours, proxy)
            clock.done("two watchers")
    print(f"two watchers: {together}", file=sys.stderr)
    return {**figures(visited, refreshed, together), "seconds": clock.seconds}


def figures(visited: VisitTimes, refreshed: Refreshed, together: float) -> dict[str, object]:
    """What is printed. ``together``: calls by refresh of the page that two people watch."""
    blank, first, took = visited.blank, visited.first_chart, refreshed.took
    excluded = {key: sum(each.excluded for each in broken) for key, broken in refreshed.broken.items()}
    found = {
        key: {
            "first_chart_ms": round(first[key]),
            "refresh_ms": round(took[key]),
            "metric_calls_per_refresh": refreshed.calls[key],
            "axe_violations": len(refreshed.broken[key]) - excluded[key],
            "first_ratio": round(first[key] / blank, 2),
            **_plotly(visited.plotly_chart.get(key), blank),
            "refresh_ratio": round(took[key] / blank, 2),
            **({"remark": REMARKS[key]} if key in REMARKS else {}),
        }
        for key in first
    }
    return {
        **({"first_chart_ms": round(first["overview"])} if "overview" in first else {}),
        "blank_page_ms": round(blank),
        **({"ratio": round(first["overview"] / blank, 2)} if "overview" in first else {}),
        **({"queue_chart_ms": round(first["queue"])} if "queue" in first else {}),
        "refresh_ms": round(statistics.median(took.values())),
        "metric_calls_per_refresh": max(*refreshed.calls.values(), together),
        "first_ratio": round(max(first.values()) / blank, 2),
        "plotly_ratio": round(max(visited.plotly_chart.values(), default=0) / blank, 2),
        "refresh_ratio": round(max(took.values()) / blank, 2),
        "axe_violations": sum(map(len, refreshed.broken.values())) - sum(excluded.values()),
        "axe_excluded": sum(excluded.values()),
        "missed": {key: beyond for key in first if (beyond := missed(found[key]))},
        "pages": found,
    }


def _plotly(ms: float | None, blank: float) -> dict[str, float]:
    return {} if ms is None else {"plotly_chart_ms": round(ms), "plotly_ratio": round(ms / blank, 2)}


def missed(page: Mapping[str, Any]) -> list[str]:
    """The figures of a page that that miss their target."""
    targets = {
        "first_ratio": FIRST_TARGET,
        "refresh_ratio": REFRESH_TARGET,
        "metric_calls_per_refresh": 1,
        "axe_violations": 0,
    }
    return [name for name, target in targets.items() if page[name] > target]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=at_least_one, default=VISITS, help="of each page, after a first one")
    parser.add_argument("--refreshes", type=at_least_one, default=REFRESHES, help="of each page")
    parser.add_argument("--page", dest="pages", action="append", choices=tuple(PAGES), help="this one only; repeatable")
    parser.add_argument("--running", action="store_true", help="use the running twin instead of starting one")
    asked, clock = parser.parse_args(), Clock()
    if asked.running:
        twin = twin_state.read()
        if twin is None:
            sys.exit("No twin is running.")
        print(json.dumps(measure(Twin(twin, twin_state.folder(), deploy.outputs(twin)), asked, clock)))
        return
    with tempfile.TemporaryDirectory() as folder, start(Path(folder)) as own:
        clock.done("twin")
        work(own)
        clock.done("jobs")
        print(json.dumps(measure(own, asked, clock)))


def at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


if __name__ == "__main__":
    main()
