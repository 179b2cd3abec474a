"""Debian's Chromium, driven by Playwright: no download, and no profile that stays.

``with chromium() as browser: page = browser.new_page(); page.goto(url); page.screenshot(path=path)``
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, Error, Page, TimeoutError, expect, sync_playwright

TIMEOUT_MS = 180_000
"""For whatever a page waits for: two shared cores may be busy with a twin."""

FLAGS = ("--disable-gpu", "--disable-quic", "--hide-scrollbars")

IDLE = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
"""Streamlit has carried out what was clicked: the page is as its script left it."""

LISTED = "!document.querySelector('[data-testid=stSidebar]')?.textContent.includes('Listing workloads…')"
"""The sidebar's list of workloads has come, after which the page is drawn once more: a click before that may be lost."""

UNCHANGED = """(() => {
  if (!window.__changed) {
    window.__changed = performance.now();
    const observer = new MutationObserver(() => { window.__changed = performance.now() });
    observer.observe(document.body, {childList: true, subtree: true, attributes: true, characterData: true});
  }
  const ends = e => e.playState === 'running' && isFinite(e.effect.getComputedTiming().endTime);
  return performance.now() - window.__changed > 500 && !document.getAnimations().some(ends);
})()"""
"""The page has not changed for half a second and its animations have ended; the first evaluation starts the watch."""


def find_chromium() -> str | None:
    """Where Chromium is on this machine, or None."""
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


@contextmanager
def chromium(width: int = 1440, height: int = 900) -> Iterator[BrowserContext]:
    """A browser with an empty profile, in Berlin, whose pages are as wide as a laptop; gone when the block ends.

    While it runs, the thread has a running event loop, so that asyncio.run fails. Raises Error without a Chromium.
    """
    path = find_chromium()
    if path is None:
        raise Error("There is no Chromium on this machine.")
    expect.set_options(timeout=TIMEOUT_MS)
    with (
        sync_playwright() as playwright,
        # Pages share a profile, which keeps compiled JavaScript; "" is a directory that Playwright makes and removes.
        playwright.chromium.launch_persistent_context(
            "",
            executable_path=path,
            args=FLAGS,
            viewport={"width": width, "height": height},
            timezone_id="Europe/Berlin",
            timeout=TIMEOUT_MS,
        ) as browser,
    ):
        browser.set_default_timeout(TIMEOUT_MS)
        yield browser


def wait_until(page: Page, condition: str, timeout_ms: float = TIMEOUT_MS) -> None:
    """Wait until a JavaScript expression is true in the page. Raises AssertionError with the page's text otherwise."""
    try:
        page.wait_for_function(condition, timeout=timeout_ms)
    except TimeoutError:
        text = page.inner_text("body")[:600]
        raise AssertionError(f"{condition} did not become true; the page shows {text!r}") from None


def wait_until_unchanged(page: Page) -> None:
    """Wait until Streamlit's script has ended, fonts and workloads are loaded, and nothing on the page changes any more."""
    wait_until(page, f"{IDLE} && {LISTED} && document.fonts.status === 'loaded' && {UNCHANGED}")
