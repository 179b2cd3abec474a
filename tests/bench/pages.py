"""Each page of the dashboard with a day of 1,000,000 invocations behind it, in a real browser: how soon its first chart is
there, and how long a refresh takes.

A proxy before a twin answers GetMetricData and Logs Insights from a seeded day (tests/fakes/busy_day); settings, alarms,
queues and dead-letter messages are the twin's. It answers as fast as it can: the time that AWS takes to answer, above all
for a Logs Insights query, comes on top. Prints JSON on its last line; milliseconds are medians, as in the bench
``dashboard``:

- ``first_chart_ms`` and ``refresh_ms`` of the slowest page, with ``slowest_first`` and ``slowest_refresh``, its name;
- ``blank_page_ms``, an empty Streamlit app in the same browser and run;
- ``first_ratio``, ``plotly_ratio`` and ``refresh_ratio``, by ``blank_page_ms`` (the targets of the first and the last are 4
  and 1);
- ``pages``: the times of each page, and ``very_first_ms``, its first chart on the server's first visit to it;
- ``fake_s``: how long the fake took over its answers, of all visits and refreshes.

    .venv/bin/python -m tests.bench.pages [--visits 3] [--page cold_starts ...] [--no-extension] [--no-insights] [--serve]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dashboard.pages import PAGES
from handler import contract
from ops.twin.stop_signals import interrupted_by_signals
from tests.bench.dashboard import EMPTY_APP, VISITS, at_least_one, time_refreshes, time_visits
from tests.browser.chromium import chromium
from tests.browser.server import serving
from tests.fakes.busy_day import BusyDay, BusyService, Deployed
from tests.fakes.counting_proxy import CountingProxy, counted
from tests.twins import Twin, start

DEAD_LETTERS = 40
ROOM = {"MaximumConcurrency": "60"}
"""More environments than the day's busiest minute needs."""
RANGE = "?range=1d"


def busy_day(twin: Twin, extension: bool) -> BusyDay:
    """Of the twin's function and queues."""
    function = twin.outputs[contract.OUTPUT_FUNCTION]
    found = twin.client("lambda").get_function_configuration(FunctionName=function)
    queue, dlq = (
        twin.outputs[name].rsplit("/", 1)[-1] for name in (contract.OUTPUT_QUEUE_URL, contract.OUTPUT_DLQ_URL)
    )
    group = found["LoggingConfig"]["LogGroup"]
    deployed = Deployed(function, queue, dlq, group, found["MemorySize"], found["Timeout"], extension)
    return BusyDay(deployed, dead_letters=DEAD_LETTERS)


def fill_dead_letters(twin: Twin) -> None:
    """As many messages as the day's metrics have in the dead-letter queue at its end."""
    sqs, url = twin.client("sqs"), twin.outputs[contract.OUTPUT_DLQ_URL]
    for number in range(DEAD_LETTERS):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"schema": 1, "job_id": f"busy-{number}"}))


@contextmanager
def dashboard(twin: Twin, service: BusyService, scratch: Path) -> Iterator[tuple[CountingProxy, str, str]]:
    """The proxy, and the addresses of the blank app and of the dashboard."""
    with counted(twin, service.respond) as (proxy, folder):
        empty = scratch / "streamlit_app.py"
        empty.write_text(EMPTY_APP)
        environ = {"OPS_TWIN_DIR": str(folder), "OPS_TARGET": "twin", "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}
        with (
            serving(str(empty), environ, scratch / "blank.log") as blank,
            serving("dashboard", environ, scratch / "dashboard.log") as ours,
        ):
            yield proxy, blank, ours


def measure(proxy: CountingProxy, blank: str, ours: str, visits: int, pages: Sequence[str]) -> dict[str, object]:
    with chromium() as browser:
        visited = time_visits(browser, blank, ours, RANGE, visits, pages)
        blank_ms, first, drawn = visited.blank, visited.first_chart, visited.plotly_chart
        took = time_refreshes(browser, ours, proxy, f"{RANGE}&live=false", pages).took
        print(f"blank {blank_ms:.0f}, first {first}, refresh {took}", file=sys.stderr)
    slowest, slowest_refresh = (max(times, key=lambda key: times[key]) for times in (first, took))
    return {
        "first_chart_ms": round(first[slowest]),
        "refresh_ms": round(took[slowest_refresh]),
        "blank_page_ms": round(blank_ms),
        "first_ratio": round(first[slowest] / blank_ms, 2),
        "plotly_ratio": round(max(drawn.values(), default=0) / blank_ms, 2),
        "refresh_ratio": round(took[slowest_refresh] / blank_ms, 2),
        "slowest_first": slowest,
        "slowest_refresh": slowest_refresh,
        "pages": {
            key: {
                "first_chart_ms": round(first[key]),
                **({"plotly_chart_ms": round(drawn[key])} if key in drawn else {}),
                "refresh_ms": round(took[key]),
                "very_first_ms": round(visited.very_first[key]),
            }
            for key in first
        },
    }


def run(twin: Twin, asked: argparse.Namespace) -> None:
    fill_dead_letters(twin)
    day = busy_day(twin, not asked.no_extension)
    service = BusyService(day, refused=frozenset({"StartQuery"} if asked.no_insights else ()))
    with tempfile.TemporaryDirectory() as scratch, dashboard(twin, service, Path(scratch)) as (proxy, blank, ours):
        if asked.serve:
            print(f"{ours}/{RANGE}", flush=True)
            while True:
                time.sleep(1)
        figures = measure(proxy, blank, ours, asked.visits, asked.pages)
    print(json.dumps({"invocations": day.invocations, "fake_s": round(service.busy_s, 1), **figures}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=at_least_one, default=VISITS, help="of each page")
    parser.add_argument("--page", dest="pages", action="append", choices=tuple(PAGES), help="this one only; repeatable")
    parser.add_argument("--no-extension", action="store_true", help="of a function with REPORT lines only")
    parser.add_argument("--no-insights", action="store_true", help="where the role may not query logs")
    parser.add_argument("--serve", action="store_true", help="print the dashboard's address and wait, to look at it")
    asked = parser.parse_args()
    asked.pages = asked.pages or tuple(PAGES)
    # TERM ends --serve as Ctrl-C does, which what a script starts in the background does not hear.
    with interrupted_by_signals(), tempfile.TemporaryDirectory() as folder, start(Path(folder), ROOM) as own:
        run(own, asked)


if __name__ == "__main__":
    main()
