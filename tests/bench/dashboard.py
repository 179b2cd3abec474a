"""The dashboard in a real browser, on a twin with real work: how soon the first chart, what a refresh costs.

Prints JSON on its last line. Milliseconds are medians, measured inside the page from the start of its navigation:

- ``first_chart_ms``: the landing page (Overview) until its first chart is drawn with live data;
- ``blank_page_ms``: an empty Streamlit app (``pass``) until its run has ended, in the same browser and run;
- ``ratio``: the first by the second (the reach is 4);
- ``queue_chart_ms``: the same for the first interactive (Plotly) chart of the Queue page;
- ``refresh_ms``: from "Look now" until the new answer is drawn;
- ``metric_calls_per_refresh``: GetMetricData requests that reached the endpoint, by refresh: the worst page, counted by
  a proxy in between, and by the page that two people watch refresh by itself.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, expect

from dashboard.pages import PAGES
from ops import twin_state
from ops.twin import deploy
from ops.twin.workload import model
from ops.twin.workload.jobs import JobMaker, Shares
from tests.browser.chromium import IDLE, chromium, wait_until
from tests.browser.server import serving
from tests.twins import Twin, start

VISITS = 7
JOBS = 40
EMPTY_APP = "pass\n"
CARD_DRAWN = "document.querySelector('.so-card img')?.complete"
PLOT_DRAWN = "!!document.querySelector('.js-plotly-plot .scatterlayer path')"
STAMP = "document.querySelector('.so-head > span')?.title ?? ''"


class Counter:
    """A proxy on loopback before the twin's endpoint that counts GetMetricData requests."""

    def __init__(self, endpoint: str) -> None:
        self.calls = 0
        counter, target = self, urlsplit(endpoint)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = f"{self.path} {self.headers.get('X-Amz-Target', '')}".encode() + body[:200]
                counter.calls += b"GetMetricData" in asked
                upstream = HTTPConnection(target.hostname or "", target.port, timeout=60)
                upstream.request(self.command, self.path, body, dict(self.headers))  # Host stays: it is signed
                answer = upstream.getresponse()
                payload = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)
                upstream.close()

            do_GET = do_PUT = do_DELETE = do_HEAD = do_POST

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def counted(twin: Twin) -> Iterator[tuple[Counter, Path]]:
    """A twin's folder whose recorded endpoint is the counting proxy."""
    counter = Counter(twin.state.endpoint)
    with tempfile.TemporaryDirectory() as scratch:
        recorded = Path(scratch) / "state.json"
        recorded.write_text(json.dumps(vars(replace(twin.state, endpoint=counter.endpoint))))
        yield counter, Path(scratch)
    counter.close()


def work(twin: Twin) -> None:
    """Some real jobs, so that the pages have something to draw; poison among them."""
    address = model.ensure(twin.state, lambda step: print(step, file=sys.stderr))
    assert address is not None  # only a stop gives none
    maker = JobMaker(address, Shares(poison=0.1, slow=0.0, repeated=0.0), seed=7, prefix="look")
    for _ in range(JOBS):
        twin.post(maker.next().body)
    time.sleep(3 * twin.state.period)  # for the meter to publish


def visit(browser: BrowserContext, url: str, drawn: str) -> float:
    """Milliseconds from the start of the navigation until ``drawn`` is true, by the page's own clock."""
    page = browser.new_page()
    page.add_init_script(
        f"setInterval(() => {{ if (!window.__drawn && ({drawn})) window.__drawn = performance.now() }}, 5)"
    )
    page.goto(url)
    took = read_when_set(page, "window.__drawn")
    page.close()
    return took


def read_when_set(page: Page, variable: str) -> float:
    """The page's number, once it is there; asked for seldom, so that the asking takes no time from the page."""
    page.wait_for_function(variable, polling=200)
    return float(page.evaluate(variable))


def refresh(page: Page) -> float:
    """Milliseconds from pressing "Refresh" until the page shows a new report."""
    page.wait_for_timeout(1_200)  # the shown moment has seconds
    page.evaluate(
        f"window.__seen = {STAMP}; window.__took = 0; window.__from = performance.now();"
        "document.querySelector('.st-key-look-now button').click();"
        f"window.__timer = setInterval(() => {{ if (({STAMP}) !== window.__seen) {{"
        "window.__took = performance.now() - window.__from; clearInterval(window.__timer) }}, 5); 0"
    )
    return read_when_set(page, "window.__took")


def calls_by_hand(browser: BrowserContext, address: str, counter: Counter) -> tuple[dict[str, float], list[float]]:
    """For each page, calls by press of "Refresh"; and how long each press took."""
    calls, took = {}, []
    for entry in PAGES.values():
        page = browser.new_page()
        where = "" if entry.key == "overview" else entry.address
        page.goto(f"{address}/{where}?live=false")
        expect(page.locator(".so-finding")).to_be_visible()
        expect(page.locator(".st-key-look-now button")).to_be_visible()
        wait_until(page, IDLE)
        before = counter.calls
        took += [refresh(page) for _ in range(2)]
        calls[entry.key] = (counter.calls - before) / 2
        page.close()
    return calls, took


def calls_by_itself(browser: BrowserContext, address: str, counter: Counter, ticks: int = 2, period: int = 10) -> float:
    """Calls by refresh while two people watch the same page."""
    watchers = [browser.new_page() for _ in range(2)]
    for page in watchers:
        page.goto(address)
    for page in watchers:
        expect(page.locator(".so-finding")).to_be_visible()
    time.sleep(period - time.time() % period + period / 2)  # the middle of a tick
    before = counter.calls
    time.sleep(ticks * period)
    return (counter.calls - before) / ticks


def measure(twin: Twin) -> dict[str, object]:
    with counted(twin) as (counter, folder), tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        empty = Path(scratch) / "streamlit_app.py"
        empty.write_text(EMPTY_APP)
        environ = {"OPS_TWIN_DIR": str(folder), "OPS_TARGET": "twin", "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}
        with (
            serving(str(empty), environ, Path(scratch) / "blank.log") as blank,
            serving("dashboard", environ, Path(scratch) / "dashboard.log") as ours,
        ):
            times: dict[str, list[float]] = {"blank": [], "first": [], "queue": []}
            for _ in range(
                VISITS + 1
            ):  # the first visit of each loads the server's modules and fills the browser's cache
                times["blank"].append(visit(browser, blank, IDLE))
                times["first"].append(visit(browser, ours, CARD_DRAWN))
                times["queue"].append(visit(browser, f"{ours}/queue", PLOT_DRAWN))
            cold = {name: seen.pop(0) for name, seen in times.items()}
            middle = {name: statistics.median(seen) for name, seen in times.items()}
            calls, took = calls_by_hand(browser, ours, counter)
            together = calls_by_itself(browser, ours, counter)
    print(f"very first visit: {cold}; calls by page: {calls}; two watchers: {together}", file=sys.stderr)
    return {
        "first_chart_ms": round(middle["first"]),
        "blank_page_ms": round(middle["blank"]),
        "ratio": round(middle["first"] / middle["blank"], 2),
        "queue_chart_ms": round(middle["queue"]),
        "refresh_ms": round(statistics.median(took)),
        "metric_calls_per_refresh": max(*calls.values(), together),
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
