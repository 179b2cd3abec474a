"""How long a page takes, in milliseconds of the page's own clock."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page

from tests.browser.chromium import IDLE, wait_until

_LAYERS = ", ".join(f".{kind}layer" for kind in ("scatter", "bar", "heatmap", "box", "violin"))
_PLOT = f"document.querySelector('.js-plotly-plot :is({_LAYERS}) :is(path, rect, image)')"
_WEBGL = "document.querySelector('.js-plotly-plot .gl-container canvas')"
_NONE = f"({IDLE} && !document.querySelector('.js-plotly-plot') && !!document.querySelector('.so-empty'))"
"""The page is complete and has a note in place of charts."""
PLOTLY = f"!!{_PLOT} || !!{_WEBGL} || {_NONE}"
"""A page's first chart as Plotly draws it, with tooltips, or what stands in place of one: a note beside or before a chart is
none."""
_PREVIEW = "[...document.querySelectorAll('.so-preview img, .so-card img')].some(image => image.complete)"
CHART = f"{_PREVIEW} || !!document.querySelector('.so-preview s') || {PLOTLY}"
"""A page's first chart with its data: as Plotly draws it, as its preview, or on a card."""
DRAWN = "[...document.querySelectorAll('[data-testid=stPlotlyChart]')].every(chart => chart.querySelector('.main-svg'))"
"""All of the page's charts, as Plotly draws them."""
CONTENT = "!!document.querySelector('.so-finding')"
"""The first content of a page that draws no chart."""

STAMP = "document.querySelector('.so-head > span')?.title ?? ''"
"""When the report on the page was loaded, to the second."""
NOTE_MESSAGES = """window.WebSocket = class extends window.WebSocket {
    constructor(...given) { super(...given); this.addEventListener('message', () => { window.__message = performance.now() }) } }"""
"""For a page before it is opened: notes when the server last sent it something."""
_QUIET_MS = 200


def visit(browser: BrowserContext, url: str, *drawn: str) -> list[float]:
    """From the start of the navigation until each of ``drawn`` is true, in the frame that shows it."""
    page = browser.new_page()
    for place, condition in enumerate(drawn):
        page.add_init_script(
            f"setInterval(() => {{ if (!window.__seen{place} && ({condition})) {{ window.__seen{place} = true; "
            f"requestAnimationFrame(() => {{ window.__drawn{place} = performance.now() }}) }} }}, 5)"
        )
    page.goto(url)
    took = [_read_when_set(page, f"window.__drawn{place}") for place in range(len(drawn))]
    page.close()
    return took


def refresh(page: Page) -> float:
    """From pressing "Refresh" until a new report is on the page and the script has ended. A press before Plotly is loaded, in
    the first second of a visit, waits for that: let the page be ``DRAWN`` first."""
    wait_until(page, f"Date.now() >= 1_000 + (Date.parse(({STAMP}).replace(' UTC', 'Z').replace(' ', 'T')) || 0)")
    return _press(page, f"window.__seen = {STAMP}", f"({STAMP}) !== window.__seen && {IDLE}")


def rerun(page: Page) -> float:
    """From pressing "Refresh" until the last message of the script's run: of a page whose report is not loaded again, and that
    had ``NOTE_MESSAGES``. A short run is over before the page shows that it runs."""
    over = f"window.__message && performance.now() > window.__message + {_QUIET_MS} && {IDLE}"
    return _press(page, "window.__message = 0", over, "window.__message")


def _press(page: Page, before: str, over: str, end: str = "performance.now()") -> float:
    page.evaluate(
        f"{before}; window.__took = 0; window.__from = performance.now();"
        "document.querySelector('.st-key-look-now button').click();"
        f"window.__timer = setInterval(() => {{ if ({over}) {{"
        f"window.__took = {end} - window.__from; clearInterval(window.__timer) }}}}, 5); 0"
    )
    return _read_when_set(page, "window.__took")


def _read_when_set(page: Page, variable: str) -> float:
    """The page's number, once it is there; asked for seldom, so that the asking takes no time from the page."""
    page.wait_for_function(variable, polling=200)
    return float(page.evaluate(variable))
