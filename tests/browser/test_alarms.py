"""The page of alarms in a browser: a test of an alarm, and the way from the Overview to the settings."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.chromium import wait_until_unchanged

pytestmark = pytest.mark.browser


def test_a_test_needs_the_alarms_name_and_shows_what_arrived(samples: str, page: Page) -> None:
    page.goto(f"{samples}/alarms?live=false&stack=fine")
    expect(page.locator(".st-key-test-alarm button")).to_be_visible()
    wait_until_unchanged(page)  # a click on what is drawn again is lost
    page.locator(".st-key-test-alarm button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("That notifies, for real:")
    assert not [each for each in violations(page) if not each.excluded]
    words = page.locator(".st-key-test-words input")
    words.fill("another")
    words.press("Tab")
    page.locator(".st-key-test-confirmed button").click()
    expect(dialog).to_contain_text("The confirmation does not match.")
    words.fill("scilearn-dead-letters")
    words.press("Tab")
    page.locator(".st-key-test-confirmed button").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("Arrived from topic scilearn-alarms after 1.2 s.")).to_be_visible()


def test_a_row_is_selected_by_a_click_and_its_runbook_stays_a_link(samples: str, page: Page) -> None:
    page.goto(f"{samples}/alarms?live=false&stack=trouble")
    row = page.locator(".st-key-alarm-row-1")
    expect(row.get_by_role("link", name="Runbook")).to_have_attribute(
        "href", "/runbooks?stack=trouble&runbook=oldest-message-age&alarm=scilearn-oldest-message-age"
    )
    wait_until_unchanged(page)
    row.locator(".so-lane").click(force=True)
    expect(page.locator(".so-alarm-title")).to_contain_text("oldest-message-age")
    expect(page).to_have_url(re.compile("alarm=scilearn-oldest-message-age"))


def test_the_overview_leads_to_the_settings(samples: str, page: Page) -> None:
    page.goto(f"{samples}/?live=false&stack=trouble")
    expect(page.get_by_text("Show them on Alarms")).to_be_visible()
    wait_until_unchanged(page)
    page.get_by_text("Show them on Alarms").click()
    expect(page.locator("#settings")).to_be_in_viewport()
    wait_until_unchanged(page)
    expect(page.locator("#settings")).to_be_in_viewport()
