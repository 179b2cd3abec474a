"""Pictures of the running product: every page on the running twin, and a redrive, as PNG files.

``.venv/bin/python -m tests.browser.screenshots FOLDER``; send the twin some traffic first (``ops twin traffic``). Right-sizing
and Compare are taken where ``ops rightsize`` and ``ops compare`` have measured; Trace is of a job that failed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from dashboard.pages import PAGES
from ops import twin_state
from tests.browser.chromium import IDLE, chromium, wait_until, wait_until_unchanged
from tests.browser.server import serving

DRAWN = (
    "!document.querySelector('[data-testid=stMain] [data-testid=stSkeleton]') &&"
    "document.querySelector('.st-key-pipeline, [data-testid=stPlotlyChart], .so-stats, .so-finding') &&"
    "[...document.querySelectorAll('[data-testid=stPlotlyChart]')].every(e => e.querySelector('.main-svg'))"
)

MEASURED = {"rightsize": "ops rightsize", "compare": "ops compare"}
"""Pages that show what a command measured last."""


def scan_dead_letter_queue(page: Page) -> None:
    """Read the dead letters, as a person would."""
    page.locator(".st-key-look button").first.click()
    page.locator(".st-key-look-confirmed button").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    wait_until(page, IDLE)  # now it is seen to go on, unless it is over
    wait_until(page, "document.querySelector('.st-key-causes') && !document.querySelector('.st-key-going-look')")
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")


def redrive_unknown_jobs(page: Page) -> None:
    """Redrive messages that no version of the function can process, as a person would; the canary aborts that."""
    cause = page.locator(".st-key-causes > *", has_text="UnknownJob")
    cause.get_by_role("button", name="Plan redrive").click()  # also after a redrive that was aborted before
    page.locator(".st-key-make-plan button").click()
    page.locator(".st-key-ask-redrive button").click()
    page.locator(".st-key-reason textarea").fill("cluster jobs are handled since version 8")
    page.locator(".st-key-redrive-confirmed button").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".st-key-run .so-badge:not(.so-live)")).to_be_visible()
    expect(page.get_by_test_id("stToast")).to_have_count(0)
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")


def unknown_job() -> str:
    """The ID of a job that no version of the function can process."""
    command = [sys.executable, "-m", "ops", "dlq", "list", "--cause", "UnknownJob", "--json"]
    listed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return str(json.loads(listed["letters"][0]["letter"]["body"])["job_id"])


def photograph(page: Page, path: Path) -> None:
    wait_until_unchanged(page)
    page.screenshot(path=path)
    print(path)


def take(folder: Path, width: int, height: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    environ = {"OPS_TWIN_DIR": str(twin_state.folder()), "OPS_TARGET": "twin"}
    with (
        tempfile.TemporaryDirectory() as scratch,
        serving("dashboard", environ, Path(scratch) / "log") as address,
        chromium(width, height) as browser,
    ):
        page = browser.new_page()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            for entry in PAGES.values():
                if entry.key == "trace":  # of a job that failed, at the end
                    continue
                page.goto(f"{address}/{'' if entry.key == 'overview' else entry.address}?live=false")
                expect(page.locator(".so-finding")).to_be_visible()
                if entry.key == "dead_letters":
                    scan_dead_letter_queue(page)
                wait_until(page, DRAWN)
                if entry.key in MEASURED and page.locator(".so-empty").count():
                    print(f"{entry.title}: nothing is measured; run {MEASURED[entry.key]} first", file=sys.stderr)
                    continue
                photograph(page, folder / f"{entry.address}-{scheme}.png")
        page.emulate_media(color_scheme="light")
        page.goto(f"{address}/{PAGES['dead_letters'].address}?live=false")
        trace = f"{address}/{PAGES['trace'].address}?live=false&id={unknown_job()}"
        redrive_unknown_jobs(page)
        photograph(page, folder / "redrive-light.png")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.goto(trace)
            expect(page.locator(".so-finding")).to_be_visible()
            photograph(page, folder / f"trace-{scheme}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="1440x900", help="of the window, in pixels")
    chosen = parser.parse_args()
    if twin_state.read() is None:
        sys.exit("No twin is running: ops twin up.")
    width, height = map(int, chosen.size.split("x"))
    take(chosen.folder, width, height)


if __name__ == "__main__":
    main()
