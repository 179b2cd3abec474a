"""The dashboard in a real browser, on a twin with real work: how soon each page is there, what a refresh costs, and
what axe-core finds on it.

Prints JSON on its last line, and above it each violation. Milliseconds are medians, measured inside the page:

- ``pages``, for each page: ``first_chart_ms`` from the start of its navigation until its first chart is drawn with live
  data (where it draws none, its first content); ``refresh_ms`` from "Refresh" until a new report is on the page and the
  script has ended; ``metric_calls_per_refresh``, GetMetricData requests that reached the endpoint, counted by a proxy;
- ``blank_page_ms``: an empty Streamlit app (``pass``) until its run has ended, in the same browser and run;
- ``first_ratio`` and ``refresh_ratio``: the slowest page's by ``blank_page_ms`` (the reach is 4 and 1);
- ``first_chart_ms`` and ``ratio`` of the Overview, ``queue_chart_ms``, and ``refresh_ms`` of all pages together;
- ``metric_calls_per_refresh``: the worst page, and the page that two people watch refresh by itself (the reach is 1);
- ``axe_violations``: elements that break a rule of WCAG 2.2 at level A or AA, in light and dark (the reach is 0), and
  ``axe_excluded``, those of Streamlit's own that are listed in tests/browser/axe.py.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from dashboard.pages import PAGES
from ops import twin_state
from ops.twin import deploy
from ops.twin.workload import model
from ops.twin.workload.jobs import JobMaker, Shares
from tests.browser.axe import Violation, violations
from tests.browser.chromium import IDLE, chromium, wait_until
from tests.browser.server import serving
from tests.browser.timing import CHART, CONTENT, refresh, visit
from tests.fakes.counting_proxy import CountingProxy, counted
from tests.twins import Twin, start

VISITS = 5
REFRESHES = 3
JOBS = 40
EMPTY_APP = "pass\n"


def work(twin: Twin) -> None:
    """Some real jobs, so that the pages have something to draw; poison among them."""
    address = model.ensure(twin.state, lambda step: print(step, file=sys.stderr))
    assert address is not None  # only a stop gives none
    maker = JobMaker(address, Shares(poison=0.1, slow=0.0, repeated=0.0), seed=7, prefix="look")
    for _ in range(JOBS):
        twin.post(maker.next().body)
    time.sleep(3 * twin.state.period)  # for the meter to publish


def urls(address: str, query: str = "", pages: Sequence[str] = tuple(PAGES)) -> dict[str, str]:
    return {key: f"{address}/{'' if key == 'overview' else PAGES[key].address}{query}" for key in pages}


@dataclass(frozen=True)
class VisitTimes:
    """Milliseconds. ``very_first``: of the server's first visit to each page, which loads its modules and fills its caches
    and the browser's."""

    blank: float
    first_chart: dict[str, float]
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
    very_first: dict[str, float] = {}
    for turn in range(visits + 1):
        for key, url in urls(ours, query, pages).items():
            blanks.append(visit(browser, blank, IDLE))
            firsts[key].append(visit(browser, url, CONTENT if key in ("audit", "runbooks", "trace") else CHART))
        if turn == 0:
            print(f"very first visits: {blanks[0]:.0f}, {firsts}", file=sys.stderr)
            very_first = {key: seen[0] for key, seen in firsts.items()}
            blanks, firsts = [], {key: [] for key in pages}
    medians = {key: statistics.median(seen) for key, seen in firsts.items()}
    return VisitTimes(statistics.median(blanks), medians, very_first)


def time_refreshes(
    browser: BrowserContext,
    address: str,
    proxy: CountingProxy,
    query: str = "?live=false",
    pages: Sequence[str] = tuple(PAGES),
) -> tuple[dict[str, float], dict[str, float]]:
    """By page: calls by press of "Refresh", and how long a press took."""
    calls, took = {}, {}
    for key, url in urls(address, query, pages).items():
        page = browser.new_page()
        page.goto(url)
        expect(page.locator(".so-finding")).to_be_visible()
        expect(page.locator(".st-key-look-now button")).to_be_visible()
        wait_until(page, IDLE)
        before = proxy.calls
        took[key] = statistics.median(refresh(page) for _ in range(REFRESHES))
        calls[key] = (proxy.calls - before) / REFRESHES
        page.close()
    return calls, took


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


def rules_broken(browser: BrowserContext, address: str) -> list[Violation]:
    """On every page as it opens; tests/browser/test_accessibility.py has its other states."""
    broken = []
    page = browser.new_page()
    for key, url in urls(address).items():
        page.goto(f"{url}?live=false")
        expect(page.locator(".so-finding")).to_be_visible()
        for each in violations(page):
            print(f"{key}, {each.scheme}: {each.rule} at {each.selector}: {each.problem}", end="")
            print(" (excluded)" if each.excluded else "")
            broken.append(each)
    page.close()
    return broken


def measure(twin: Twin) -> dict[str, object]:
    with counted(twin) as (proxy, folder), tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        empty = Path(scratch) / "streamlit_app.py"
        empty.write_text(EMPTY_APP)
        environ = {"OPS_TWIN_DIR": str(folder), "OPS_TARGET": "twin", "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}
        with (
            serving(str(empty), environ, Path(scratch) / "blank.log") as blank,
            serving("dashboard", environ, Path(scratch) / "dashboard.log") as ours,
        ):
            visited = time_visits(browser, blank, ours)
            blank_ms, first = visited.blank, visited.first_chart
            calls, took = time_refreshes(browser, ours, proxy)
            together = calls_by_itself(browser, ours, proxy)
            print(f"blank {blank_ms:.0f}, first {first}, refresh {took}, calls {calls}", file=sys.stderr)
            broken = rules_broken(browser, ours)
    print(f"two watchers: {together}", file=sys.stderr)
    excluded = sum(each.excluded for each in broken)
    return {
        "first_chart_ms": round(first["overview"]),
        "blank_page_ms": round(blank_ms),
        "ratio": round(first["overview"] / blank_ms, 2),
        "queue_chart_ms": round(first["queue"]),
        "refresh_ms": round(statistics.median(took.values())),
        "metric_calls_per_refresh": max(*calls.values(), together),
        "first_ratio": round(max(first.values()) / blank_ms, 2),
        "refresh_ratio": round(max(took.values()) / blank_ms, 2),
        "axe_violations": len(broken) - excluded,
        "axe_excluded": excluded,
        "pages": {
            key: {
                "first_chart_ms": round(first[key]),
                "refresh_ms": round(took[key]),
                "metric_calls_per_refresh": calls[key],
            }
            for key in PAGES
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--running", action="store_true", help="use the running twin instead of starting one")
    if parser.parse_args().running:
        twin = twin_state.read()
        if twin is None:
            sys.exit("No twin is running.")
        print(json.dumps(measure(Twin(twin, twin_state.folder(), deploy.outputs(twin)))))
        return
    with tempfile.TemporaryDirectory() as folder, start(Path(folder)) as own:
        work(own)
        print(json.dumps(measure(own)))


if __name__ == "__main__":
    main()
