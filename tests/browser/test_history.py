"""The browser's Back undoes one act of the reader at once, whatever parts of the address it changed."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import wait_until, wait_until_unchanged
from tests.browser.server import serving_sample


@pytest.fixture(scope="module")
def trouble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_sample("trouble", tmp_path_factory.mktemp("trouble") / "log") as address:
        yield address


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_stack_and_its_queue_are_one_step_back(trouble: str, page: Page) -> None:
    page.goto(f"{trouble}/queue?live=false")
    expect(page.locator(".so-finding")).to_be_visible()
    wait_until_unchanged(page)
    before, entries = asked(page), page.evaluate("history.length")
    page.locator(".st-key-workload input").first.click()
    page.get_by_role("option", name="orders-import").first.click()
    wait_until(page, "location.search.includes('queue=orders-import')")
    wait_until_unchanged(page)
    assert asked(page) == {**before, "stack": ["orders"], "queue": ["orders-import"]}
    assert page.evaluate("history.length") == entries + 1
    page.go_back()
    wait_until(page, "document.querySelector('.st-key-workload input').value.includes('scilearn')")
    wait_until_unchanged(page)
    assert asked(page) == before


def test_another_page_and_a_custom_range_are_a_step_each(trouble: str, page: Page) -> None:
    page.goto(f"{trouble}/queue?live=false")
    expect(page.locator(".so-finding")).to_be_visible()
    wait_until_unchanged(page)
    entries = page.evaluate("history.length")
    page.locator(".st-key-range").get_by_text("custom", exact=True).click()
    wait_until(page, "location.search.includes('from=') && location.search.includes('to=')")
    wait_until_unchanged(page)
    custom = page.url
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Concurrency").click()
    wait_until(page, "location.pathname.endsWith('/concurrency')")
    wait_until_unchanged(page)
    assert page.evaluate("history.length") == entries + 2
    page.go_back()
    wait_until(page, f"location.href === {custom!r}")
