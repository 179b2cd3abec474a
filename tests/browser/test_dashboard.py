"""What only a browser shows: that charts are drawn, that nothing moves on refresh, that foreign text stays text."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from dashboard.pages import PAGES, Entry
from tests.browser.chromium import IDLE, Page
from tests.browser.cut_text import CHARTS_DRAWN, CUT
from tests.browser.motion import WATCH
from tests.browser.server import REPOSITORY, serving
from tests.dashboard.samples import HOSTILE
from tests.twins import Twin

pytestmark = pytest.mark.browser
SLOW = 180  # seconds: two shared cores may be busy with a twin
STAMP = "document.querySelector('.so-head > span')?.title"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on hand-made reports full of markup."""
    environ = {"SAMPLE": "hostile", "OPS_STACK": "scilearn", "OPS_TARGET": "aws"}
    target = str(REPOSITORY / "tests" / "dashboard" / "sample_app.py")
    with serving(
        target, environ, tmp_path_factory.mktemp("hostile") / "log", "--browser.gatherUsageStats=false"
    ) as address:
        yield address


@pytest.fixture(scope="module")
def on_twin(twin: Twin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`streamlit run dashboard`, as a user types it, on the twin."""
    log = tmp_path_factory.mktemp("dashboard") / "log"
    with serving("dashboard", {"OPS_TWIN_DIR": str(twin.folder)}, log) as address:
        yield address


def test_a_hostile_letter_is_shown_and_does_nothing(hostile: str, page: Page) -> None:
    page.open(f"{hostile}/dead-letters")
    page.click(".st-key-causes > :nth-child(2) button")
    page.wait_for("document.body.innerText.includes('Message details')", SLOW)
    page.wait(".js-plotly-plot .main-svg", SLOW)
    assert "owned" not in page.js("document.title")
    assert not page.js("document.querySelector('[data-testid=stMain] img[src=\"x\"]')")
    assert not page.js("document.querySelector('[data-testid=stMain] a[href*=\"example.com\"]')")
    assert HOSTILE in page.text(".st-key-causes"), "markup is shown as it was written"
    page.click(".st-key-look button")
    page.wait(".st-key-look-confirmed button", SLOW)
    assert "Each message's receive count rises by one" in page.text('[role="dialog"]')
    assert not page.errors


def test_a_redrive_is_planned_and_needs_a_reason(hostile: str, page: Page) -> None:
    page.open(f"{hostile}/dead-letters?do=Redrive")
    page.click(".st-key-make-plan button")
    page.click(".st-key-ask-redrive button")
    page.click(".st-key-redrive-confirmed button")
    page.wait_for("document.querySelector('[role=\"dialog\"]')?.innerText.includes('A reason is required')", SLOW)
    page.click(".st-key-reason textarea")
    page.send("Input.insertText", text="deployed version 8")
    page.click(".st-key-redrive-confirmed button")
    page.wait_for("!document.querySelector('[role=\"dialog\"]')", SLOW)
    page.wait_for("document.body.innerText.includes('Starting the redrive')", SLOW)
    assert not page.errors


def test_a_custom_range_is_in_the_address_and_shows_a_colleague_the_same(hostile: str, page: Page) -> None:
    choice = (
        "[...document.querySelectorAll('.st-key-range button, .st-key-range label')].find(e => e.innerText == 'custom')"
    )
    page.open(hostile)
    page.wait_for(f"!!{choice}", SLOW)
    page.js(f"{choice}.click()")
    page.wait_for("location.search.includes('from=') && location.search.includes('to=')", SLOW)
    address = str(page.js("location.href"))
    page.open(address)
    page.wait(".so-finding", SLOW)
    page.wait_for(IDLE, SLOW)
    assert page.js("location.href") == address


def test_a_range_dragged_in_one_chart_is_the_pages(hostile: str, page: Page) -> None:
    """In the address, in every chart, through a refresh and for a colleague, until it is reset."""
    axes = "[...document.querySelectorAll('.js-plotly-plot')].map(e => e.layout.xaxis.range?.join(' to ')).join('; ')"
    page.open(f"{hostile}/queue?range=6h")
    page.wait(".js-plotly-plot .nsewdrag", SLOW)
    page.wait_for(IDLE, SLOW)
    x, y, width, height = page.still(".js-plotly-plot .nsewdrag")
    page.drag((x + width * 0.6, y + height * 0.4), (x + width * 0.3, y + height * 0.7))
    page.wait_for("location.search.includes('zoomed_from=6h')", SLOW)
    page.wait_for(IDLE, SLOW)
    address = str(page.js("location.href"))
    query = parse_qs(urlsplit(address).query)
    start, end = (datetime.fromisoformat(query[key][0]) for key in ("from", "to"))
    assert query["range"] == ["custom"]
    assert timedelta(minutes=15) < end - start < timedelta(minutes=25)
    zoomed = "; ".join([f"{start:%Y-%m-%dT%H:%M:%S} to {end:%Y-%m-%dT%H:%M:%S}"] * 4)
    shown = f"{axes}.replaceAll(/[.]0+/g, '') === {zoomed!r}"
    page.wait_for(shown, SLOW)
    assert not page.js("document.querySelector('.js-plotly-plot .selectionlayer path')"), "the box is gone"
    before = page.js(STAMP)
    time.sleep(1.1)  # the moment is shown in seconds, and the next one shall be another
    page.click(".st-key-look-now button")
    page.wait_for(f"{STAMP} !== {before!r}", SLOW)
    page.wait_for(IDLE, SLOW)
    time.sleep(1)  # the chart is drawn after the script has ended
    assert page.js(shown)
    page.open(address)
    page.wait_for(shown, SLOW)
    page.wait_for(IDLE, SLOW)
    assert page.js("location.href") == address
    page.click(".st-key-zoom-reset button")
    page.wait_for("location.search.includes('range=6h') && !/from|to=/.test(location.search)", SLOW)
    page.wait_for(f"!{axes}.includes({zoomed[:16]!r})", SLOW)
    assert not page.errors


@pytest.mark.parametrize("width", [1440, 1280, 390])
def test_nothing_is_cut_at_any_width(hostile: str, page: Page, width: int) -> None:
    """On the samples with the longest names; what a tooltip completes may be shortened."""
    page.size(width, 900)
    for entry in PAGES.values():
        page.open(f"{hostile}/{'' if entry.key == 'overview' else entry.address}?live=false")
        page.wait(".so-finding", SLOW)
        page.wait_for(f"{IDLE} && document.fonts.status === 'loaded'", SLOW)
        page.wait_for("!document.querySelector('[data-testid=stMain] [data-testid=stSkeleton]')", SLOW)
        page.wait_for(CHARTS_DRAWN, SLOW)
        assert page.js(CUT) == [], f"{entry.title} at {width} px"


@pytest.mark.twin
@pytest.mark.parametrize("entry", PAGES.values(), ids=list(PAGES))
def test_every_page_is_drawn_on_the_twin(on_twin: str, page: Page, entry: Entry) -> None:
    page.prefer("dark")
    page.open(f"{on_twin}/{'' if entry.key == 'overview' else entry.address}")
    page.wait(".so-finding", SLOW)
    drawn = {"overview": ".so-card img", "audit": ".so-stats, .st-key-trouble"}
    page.wait(drawn.get(entry.key, ".js-plotly-plot .main-svg"), SLOW)
    assert not page.errors
    colour = page.js("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
    assert colour == "rgb(15, 20, 27)", "dark, where the reader's system is"
    assert page.js("document.querySelectorAll('[data-testid=stAppDeployButton]').length") == 0


@pytest.mark.twin
def test_a_refresh_moves_nothing(on_twin: str, page: Page) -> None:
    page.open(on_twin)
    page.wait(".so-card img", SLOW)
    page.wait(".so-node", SLOW)
    page.wait_for(IDLE, SLOW)
    # At the start, placeholders stand until the code that draws links is loaded, and another font until the page's is.
    page.wait_for("document.fonts.status === 'loaded' && !document.querySelector('[data-testid=stSkeleton]')", SLOW)
    page.js(f"window.__watch = {WATCH}; 0")
    for _ in range(2):
        before = page.js(STAMP)
        page.wait_for(f"{STAMP} && {STAMP} !== {before!r}", SLOW)
    page.wait_for(IDLE, SLOW)
    page.wait_for(f"__watch.frames > {page.js('__watch.frames')}", SLOW)  # the last answer has been painted
    assert page.js("__watch.lost") == 0, "nothing was out of sight, not for one frame"
    assert page.js("__watch.sketched") == 0, "no placeholder stands where an answer stood"
    first, *later = page.js("__watch.seen")
    for now in later:
        assert now["cards"] == first["cards"]
        if now["finding"] == first["finding"]:
            assert now["top"] == first["top"]
        if now["words"] == first["words"]:
            assert now["nodes"] == first["nodes"], "another number moves no box"
