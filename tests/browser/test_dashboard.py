"""What only a browser shows: charts are drawn, nothing moves on refresh, and untrusted text stays text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from dashboard.pages import PAGES, Entry
from tests.browser.chromium import IDLE, wait_until, wait_until_unchanged
from tests.browser.cut_text import CHARTS_DRAWN, CUT, OUTSIDE
from tests.browser.motion import WATCH
from tests.browser.server import REPOSITORY, serving, serving_sample
from tests.dashboard.samples import HOSTILE
from tests.twins import Twin

pytestmark = pytest.mark.browser
HEIGHT = "document.querySelector('[data-testid=stMain]').scrollHeight"
STAMP = "document.querySelector('.so-head > span')?.title"


@pytest.fixture(scope="module")
def trouble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_sample("trouble", tmp_path_factory.mktemp("trouble") / "log") as address:
        yield address


@pytest.fixture(scope="module")
def on_twin(twin: Twin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`streamlit run dashboard`, as a user types it, on the twin."""
    log = tmp_path_factory.mktemp("dashboard") / "log"
    with serving("dashboard", {"OPS_TWIN_DIR": str(twin.folder)}, log) as address:
        yield address


def test_a_hostile_message_is_shown_and_does_nothing(hostile: str, page: Page) -> None:
    page.goto(f"{hostile}/dead-letters")
    page.locator(".st-key-causes > :nth-child(2) [class*=st-key-choose-] button").click()
    expect(page.locator("body")).to_contain_text("Message details", use_inner_text=True)
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    assert "owned" not in page.title()
    main = page.get_by_test_id("stMain")
    expect(main.locator('img[src="x"]')).to_have_count(0)
    expect(main.locator('a[href*="example.com"]')).to_have_count(0)
    assert HOSTILE in page.inner_text(".st-key-causes"), "markup is shown as it was written"
    page.locator(".st-key-look button").click()
    expect(page.locator(".st-key-look-confirmed button")).to_be_visible()
    expect(page.get_by_role("dialog")).to_contain_text("Each message's receive count rises by one")


def test_a_redrive_is_planned_and_needs_a_reason(hostile: str, page: Page) -> None:
    page.goto(f"{hostile}/dead-letters?do=Redrive")
    page.locator(".st-key-make-plan button").click()
    page.locator(".st-key-ask-redrive button").click()
    page.locator(".st-key-redrive-confirmed button").click()
    expect(page.get_by_role("dialog")).to_contain_text("A reason is required")
    page.locator(".st-key-reason textarea").fill("deployed version 8")
    page.locator(".st-key-redrive-confirmed button").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("body")).to_contain_text("Starting the redrive", use_inner_text=True)


def test_the_chart_takes_the_place_of_its_preview(page: Page, tmp_path: Path) -> None:
    held: list[Route] = []
    page.route("**/PlotlyChart.*.js", lambda route: held.append(route))  # Playwright sets an attribute of the function
    served = str(REPOSITORY / "tests" / "dashboard" / "served_sample.py")
    with serving(served, {"OPS_STACK": "", "OPS_TARGET": "aws"}, tmp_path / "log") as address:
        page.goto(f"{address}/queue?stack=trouble&live=false")
        first = page.locator("[class*=st-key-titled-]").first
        preview = first.locator(".so-preview-plot img")
        expect(preview).to_have_css("position", "absolute")  # the page has its style
        place, height = preview.bounding_box(), page.evaluate(HEIGHT)
        for waiting in held:
            waiting.continue_()
        plot = first.locator(".js-plotly-plot .nsewdrag")
        expect(plot).to_be_attached()
        expect(preview).to_be_hidden()
        assert plot.bounding_box() == pytest.approx(place, abs=2)
        assert page.evaluate(HEIGHT) >= height, "nothing below it moves up"
        expect(page.locator(".js-plotly-plot .nsewdrag")).to_have_count(4)
        expect(page.locator(".so-preview:visible")).to_have_count(0)


def test_a_custom_range_is_in_the_address_and_shows_a_colleague_the_same(hostile: str, page: Page) -> None:
    page.goto(hostile)
    page.locator(".st-key-range").get_by_text("custom", exact=True).click()
    wait_until(page, "location.search.includes('from=') && location.search.includes('to=')")
    address = page.url
    page.goto(address)
    expect(page.locator(".so-finding")).to_be_visible()
    wait_until_unchanged(page)
    assert page.url == address


def test_a_range_dragged_in_one_chart_is_the_pages(hostile: str, page: Page) -> None:
    """In the address, in every chart, through a refresh and for a colleague, until it is reset."""
    ranges = (
        "[...document.querySelectorAll('.js-plotly-plot')].map(e => e.layout?.xaxis?.range?.join(' to ')).join('; ')"
    )
    page.goto(f"{hostile}/queue?range=6h")
    plot = page.locator(".js-plotly-plot .nsewdrag").first
    expect(plot).to_be_visible()
    wait_until_unchanged(page)
    plot.scroll_into_view_if_needed()
    area = plot.bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] * 0.6, area["y"] + area["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.3, area["y"] + area["height"] * 0.7, steps=3)
    page.mouse.up()
    wait_until(page, "location.search.includes('zoomed_from=6h')")
    wait_until(page, IDLE)
    address = page.url
    query = parse_qs(urlsplit(address).query)
    start, end = (datetime.fromisoformat(query[key][0]) for key in ("from", "to"))
    assert query["range"] == ["custom"]
    assert timedelta(minutes=15) < end - start < timedelta(minutes=25)
    zoomed = "; ".join([f"{start:%Y-%m-%dT%H:%M:%S} to {end:%Y-%m-%dT%H:%M:%S}"] * 4)
    shown = f"{ranges}.replaceAll(/[.]0+/g, '') === {zoomed!r}"
    wait_until(page, shown)
    expect(page.locator(".js-plotly-plot .selectionlayer path")).to_have_count(0)  # the box is gone
    before = page.evaluate(STAMP)
    page.wait_for_timeout(1_100)  # the moment is shown in seconds, and the next one shall be another
    page.locator(".st-key-look-now button").click()
    wait_until(page, f"{STAMP} !== {before!r}")
    wait_until_unchanged(page)  # a chart is drawn after the script has ended
    assert page.evaluate(shown)
    page.goto(address)
    wait_until(page, shown)
    wait_until_unchanged(page)
    assert page.url == address
    page.locator(".st-key-zoom-reset button").first.click()
    wait_until(page, "location.search.includes('range=6h') && !/from|to=/.test(location.search)")
    wait_until(page, f"!{ranges}.includes({zoomed[:16]!r})")


@pytest.mark.parametrize("widths", [(1440, 1280), (390,)])
def test_nothing_is_cut_at_any_width(hostile: str, page: Page, widths: tuple[int, ...]) -> None:
    """On the samples with the longest names; what a tooltip completes may be shortened."""
    for entry in PAGES.values():
        page.set_viewport_size({"width": widths[0], "height": 900})
        page.goto(f"{hostile}/{'' if entry.key == 'overview' else entry.address}?live=false")
        expect(page.locator(".so-finding")).to_be_visible()
        wait_until(page, f"{IDLE} && !document.querySelector('[data-testid=stMain] [data-testid=stSkeleton]')")
        wait_until(page, CHARTS_DRAWN)
        wait_until_unchanged(page)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate("window.__changed = performance.now()")  # it may be some time until the charts are as wide
            wait_until_unchanged(page)
            assert page.evaluate(CUT) == [], f"{entry.title} at {width} px"
            assert page.evaluate(OUTSIDE) == [], f"{entry.title} at {width} px"


@pytest.mark.twin
@pytest.mark.parametrize("entry", PAGES.values(), ids=list(PAGES))
def test_every_page_is_drawn_on_the_twin(on_twin: str, page: Page, entry: Entry) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(f"{on_twin}/{'' if entry.key == 'overview' else entry.address}")
    expect(page.locator(".so-finding")).to_be_visible()
    drawn = {
        "overview": ".so-card img",
        "audit": ".so-stats, .so-empty, .st-key-trouble",  # nothing was done yet
        "trace": ".st-key-trace-search",
        "runbooks": ".so-book",
        **dict.fromkeys(("compare", "rightsize"), ".js-plotly-plot .main-svg, .so-empty"),  # nothing was measured yet
        "forecast": ".js-plotly-plot .main-svg, .so-zero, .so-empty",  # without work it has no time per message
    }
    expect(page.locator(drawn.get(entry.key, ".js-plotly-plot .main-svg, .so-zero")).first).to_be_visible()
    # Dark, where the reader's system is.
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(15, 20, 27)")
    expect(page.get_by_test_id("stAppDeployButton")).to_have_count(0)


def near(boxes: list[list[float]], others: list[list[float]]) -> bool:
    """Whether nothing moved by as much as half a pixel, which is the least that can be seen."""
    pairs = zip(boxes, others, strict=True)
    return all(abs(one - other) < 0.5 for box, before in pairs for one, other in zip(box, before, strict=True))


GROWN = """(() => {
  const boxes = () => [...document.querySelectorAll('.so-node')].map(node => {
    const {x, y, width, height} = node.getBoundingClientRect();
    return [x, y, width, height];
  });
  const before = boxes();
  const walker = document.createTreeWalker(document.querySelector('.st-key-pipeline'), NodeFilter.SHOW_TEXT);
  let grown = 0;
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (!text.parentElement.closest('.so-node i, .so-node em') || !/\\d/.test(text.data)) continue;
    text.data = text.data.replace(/\\d[\\d.,]*k?/, '1,234');
    grown++;
  }
  return [grown, before, boxes()];
})()"""


def test_a_number_of_more_digits_moves_no_box_of_the_pipeline(trouble: str, page: Page) -> None:
    page.goto(f"{trouble}/?live=false")
    expect(page.locator(".so-node").first).to_be_visible()
    wait_until_unchanged(page)
    grown, before, after = page.evaluate(GROWN)
    assert grown == 4, "queued, in flight, failed a minute, dead letters"
    assert near(after, before)


CUT_IN_BOXES = """[...document.querySelectorAll('.so-node')].filter(node => {
  const right = node.getBoundingClientRect().right, name = node.querySelector('b');
  const range = document.createRange();
  range.selectNodeContents(node);
  const beyond = [...range.getClientRects()].some(box => box.right > right + 1);
  return beyond || name.scrollHeight > name.clientHeight + 1 || name.scrollWidth > name.clientWidth + 1;
}).map(node => node.innerText)"""


@pytest.mark.parametrize("width", [1280, 1100, 1000, 390])
def test_all_of_the_pipeline_can_be_read(trouble: str, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{trouble}/?live=false")
    expect(page.locator(".so-node").first).to_be_visible()
    wait_until_unchanged(page)
    assert page.evaluate(CUT_IN_BOXES) == []


@pytest.mark.twin
def test_a_refresh_moves_nothing(twin: Twin, on_twin: str, page: Page) -> None:
    # Where nothing was sent yet, the page offers sample traffic above the cards until the first message is counted.
    twin.post({"schema": 1, "job_id": "moves-nothing", "kind": "describe", "data": {"columns": {"gift": [1, 2, 3]}}})
    page.goto(on_twin)
    expect(page.locator(".so-card img").first).to_be_visible()
    expect(page.locator(".so-node").first).to_be_visible()
    # At the start, placeholders stand until the code that draws links is loaded, and another font until the page's is.
    ready = "document.fonts.status === 'loaded' && !document.querySelector('[data-testid=stSkeleton]')"
    offered = "document.querySelector('.st-key-sample-traffic')"
    wait_until(page, f"{IDLE} && {ready} && !{offered}")
    page.evaluate(f"window.__watch = {WATCH}; 0")
    for _ in range(2):
        before = page.evaluate(STAMP)
        wait_until(page, f"{STAMP} && {STAMP} !== {before!r}")
    wait_until(page, IDLE)
    wait_until(page, f"__watch.frames > {page.evaluate('__watch.frames')}")  # the last answer has been painted
    assert page.evaluate("__watch.lost") == 0, "nothing was out of sight, not for one frame"
    assert page.evaluate("__watch.sketched") == 0, "no placeholder stands where an answer stood"
    first, *later = page.evaluate("__watch.seen")
    for now in later:
        assert now["cards"] == first["cards"]
        if now["finding"] == first["finding"]:
            assert near([now["top"]], [first["top"]])
        if now["words"] == first["words"]:
            assert now["nodes"] == first["nodes"], "another number moves no box"
