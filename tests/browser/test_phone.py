"""On a phone, 390 by 844: no page scrolls sideways, cards stand in twos, and nothing is below the sidebar's button."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from dashboard.pages import PAGES
from tests.browser.chromium import IDLE, wait_until, wait_until_unchanged
from tests.browser.cut_text import OUTSIDE

pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 390, 844
PAGE_COLOURS = {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 20, 27)"}
"""Of the theme in .streamlit/config.toml, as a browser writes them."""


@pytest.fixture
def phone(page: Page) -> Iterator[Page]:
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    yield page


def visit(page: Page, samples: str, key: str, sample: str) -> None:
    page.goto(f"{samples}/{'' if key == 'overview' else PAGES[key].address}?live=false&stack={sample}")
    expect(page.locator(".so-finding")).to_be_visible()
    wait_until(page, f"{IDLE} && !document.querySelector('[data-testid=stMain] [data-testid=stSkeleton]')")


@pytest.mark.parametrize("sample", ["trouble", "huge"])
@pytest.mark.parametrize("key", PAGES)
def test_no_page_scrolls_sideways(samples: str, phone: Page, key: str, sample: str) -> None:
    """Nor does one with the longest names: tests/browser/test_dashboard.py."""
    visit(phone, samples, key, sample)
    assert phone.evaluate(OUTSIDE) == []


def test_buttons_of_a_table_cover_no_text(samples: str, phone: Page) -> None:
    """A touch screen always shows them."""
    devtools = phone.context.new_cdp_session(phone)
    devtools.send("Emulation.setEmulatedMedia", {"features": [{"name": "hover", "value": "none"}]})
    visit(phone, samples, "failures", "one-point")
    remark = phone.get_by_text("the newest of those whose log lines were read").bounding_box()
    buttons = phone.locator(
        "[class*=st-key-table-failed-invocations] [data-testid=stElementToolbar]"
    ).last.bounding_box()
    assert remark
    assert buttons
    assert buttons["y"] >= remark["y"] + remark["height"] - 1


@pytest.mark.parametrize("identifier", ["job-4", "huge"])
def test_no_trace_scrolls_sideways(samples: str, phone: Page, identifier: str) -> None:
    phone.goto(f"{samples}/{PAGES['trace'].address}?live=false&stack=trouble&id={identifier}")
    phone.locator(".st-key-find-trace button").click()
    expect(phone.locator(".so-finding")).to_be_visible()
    wait_until_unchanged(phone)
    assert phone.evaluate(OUTSIDE) == []


def test_why_an_attempt_failed_has_the_width_of_the_waterfall(samples: str, phone: Page) -> None:
    """Beside the names and times, a bar has a third of it."""
    phone.goto(f"{samples}/{PAGES['trace'].address}?live=false&stack=trouble&id=job-4")
    phone.locator(".st-key-find-trace button").click()
    failure, whole = phone.locator(".so-why em").first, phone.locator(".so-falls tbody").first
    expect(failure).to_contain_text("Sandbox.Timedout")
    boxes = failure.bounding_box(), whole.bounding_box()
    assert boxes[0] and boxes[1]
    assert boxes[0]["width"] > 0.85 * boxes[1]["width"]
    times = [time.bounding_box() for time in phone.locator(".so-axis i:visible").all()]
    edges = [(box["x"], box["x"] + box["width"]) for box in times if box]
    assert len(edges) == 2 and edges[0][1] < edges[1][0], "times below each other's end cannot be read"


def test_cards_stand_in_twos_below_the_sidebars_button(samples: str, phone: Page) -> None:
    visit(phone, samples, "overview", "trouble")
    cards = [card.bounding_box() for card in phone.locator("[class*=st-key-card-]").all()]
    assert len({round(card["y"]) for card in cards if card}) == 3
    opener = phone.get_by_test_id("stExpandSidebarButton").bounding_box()
    bar = phone.locator(".so-where").bounding_box()
    assert opener
    assert bar
    assert bar["y"] >= opener["y"] + opener["height"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_that_scrolls_below_the_buttons_on_top_is_covered(samples: str, phone: Page, scheme: str) -> None:
    phone.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    visit(phone, samples, "queue", "trouble")
    header, bar = phone.get_by_test_id("stHeader"), phone.locator(".so-where").bounding_box()
    box = header.bounding_box()
    assert box
    assert bar
    assert bar["y"] >= box["y"] + box["height"], "nothing is covered before the page is scrolled"
    expect(header).to_have_css("background-color", PAGE_COLOURS[scheme])


def test_the_steps_of_a_redrive_stay_below_the_buttons_on_top(samples: str, phone: Page) -> None:
    visit(phone, samples, "dead_letters", "run-settling")
    steps, header = phone.locator(".st-key-steps"), phone.get_by_test_id("stHeader")
    phone.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 600)")
    expect(phone.locator(".so-finding")).not_to_be_in_viewport()
    box, top = steps.bounding_box(), header.bounding_box()
    assert box
    assert top
    assert top["y"] + top["height"] - 1 <= box["y"] <= top["height"] + 20
