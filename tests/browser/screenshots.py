"""Pictures of the running product: every page on the running twin, as PNG files.

``.venv/bin/python -m tests.browser.screenshots FOLDER``; send the twin some traffic first (``ops twin traffic``).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from dashboard.pages import PAGES
from ops import twin_state
from tests.browser.chromium import IDLE, Chromium, Page
from tests.browser.server import serving

DRAWN = (
    "!document.querySelector('[data-testid=stMain] [data-testid=stSkeleton]') &&"
    "document.querySelector('.so-path, [data-testid=stPlotlyChart], .so-stats') &&"
    "[...document.querySelectorAll('[data-testid=stPlotlyChart]')].every(e => e.querySelector('.main-svg'))"
)


def look(page: Page) -> None:
    """Read the dead letters, as a person would."""
    page.click(".st-key-look button")
    page.wait(".st-key-look-confirmed button")
    page.click(".st-key-look-confirmed button")
    page.wait_for("!document.querySelector('[role=dialog]')", 60)
    page.wait_for(IDLE)  # now it is seen to go on, unless it is over
    page.wait_for("document.querySelector('.st-key-causes') && !document.querySelector('.st-key-going-look')", 120)
    page.js("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")


def take(folder: Path, width: int, height: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    environ = {"OPS_TWIN_DIR": str(twin_state.folder()), "OPS_TARGET": "twin"}
    with (
        tempfile.TemporaryDirectory() as scratch,
        serving("dashboard", environ, Path(scratch) / "log") as address,
        Chromium() as browser,
    ):
        for scheme in ("light", "dark"):
            page = browser.page(width, height)
            page.prefer(scheme)
            for entry in PAGES.values():
                page.open(f"{address}/{'' if entry.key == 'overview' else entry.address}?live=false")
                page.wait(".so-finding", 60)
                if entry.key == "dead_letters":
                    look(page)
                page.wait_for(DRAWN, 60)
                page.wait_for(f"{IDLE} && document.fonts.status === 'loaded'")
                time.sleep(1.5)  # the last chart's animation
                page.screenshot(folder / f"{entry.address}-{scheme}.png")
                print(folder / f"{entry.address}-{scheme}.png")


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
