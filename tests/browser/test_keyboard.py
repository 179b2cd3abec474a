"""Everything on a page is reached with Tab, in the order in which it is read, and it is seen where the keyboard is."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard.pages import PAGES
from tests.browser.chromium import wait_until_unchanged

pytestmark = pytest.mark.browser

FOCUSED = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  const name = at.getAttribute('aria-label') || at.innerText || at.placeholder || '';
  const marked = e => {
    const style = getComputedStyle(e);
    return style.outlineStyle !== 'none' && style.outlineWidth !== '0px' || style.boxShadow !== 'none';
  };
  return {
    tag: at.tagName,
    name: name.replace(/^[a-z_]+\\n+/, '').split('\\n')[0].trim(),
    key: at.closest('[class*=st-key-]')?.className.match(/st-key-([\\w-]+)/)?.[1] ?? '',
    marked: at.tagName === 'INPUT' || marked(at),
    hidden: box.width === 0 || getComputedStyle(at).visibility === 'hidden' || getComputedStyle(at).opacity === '0',
  };
}"""
MAX_STOPS = 120


def tab_through(page: Page) -> list[dict[str, Any]]:
    """What has the focus after each press of Tab, until the page's end or the inside of a table."""
    stops: list[dict[str, Any]] = []
    while len(stops) < MAX_STOPS:
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop["tag"] == "BODY" or (stops and stop["tag"] == stops[-1]["tag"] == "CANVAS"):
            return stops
        stops.append(stop)
    return stops


def visit(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".so-finding")).to_be_visible()
    wait_until_unchanged(page)


def test_the_overview_is_reached_in_order(samples: str, page: Page) -> None:
    visit(page, f"{samples}/?live=false&stack=trouble")
    stops = tab_through(page)
    names = [stop["name"] for stop in stops]
    navigation = [names.index(entry.title) for entry in PAGES.values()]
    cards = [place for place, stop in enumerate(stops) if stop["key"].startswith("card-")]
    pipeline = [place for place, stop in enumerate(stops) if stop["key"].startswith("stop-")]
    runbooks = [place for place, name in enumerate(names) if name.startswith("runbooks/")]
    assert len(cards) == 6
    assert pipeline
    assert runbooks
    order = [*navigation, names.index("Refresh"), names.index("Open Dead letters"), *cards, *pipeline, *runbooks]
    assert order == sorted(order)
    unmarked = [stop for stop in stops if stop["tag"] in ("A", "BUTTON", "SUMMARY") and not stop["marked"]]
    assert not unmarked
    assert not [stop for stop in stops if stop["hidden"] and stop["tag"] in ("A", "BUTTON")]


def test_a_cause_is_chosen_with_the_keyboard(samples: str, page: Page) -> None:
    visit(page, f"{samples}/dead-letters?live=false&stack=trouble")
    for _ in range(MAX_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if "Messages of cause" in stop["name"]:
            break
    else:
        pytest.fail("no cause was reached")
    assert stop["marked"]
    page.keyboard.press("Enter")
    expect(page.locator("[class*=st-key-chosen-]")).to_be_visible()


def test_a_dialog_takes_the_focus_keeps_it_and_closes_with_escape(samples: str, page: Page) -> None:
    visit(page, f"{samples}/dead-letters?live=false&stack=trouble")
    page.locator(".st-key-look button").first.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    inside = "document.activeElement.closest('[role=dialog]') !== null"
    page.wait_for_function(inside)
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate(inside)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
