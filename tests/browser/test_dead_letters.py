"""A redrive on the Dead letters page, from its cause to its result, on one screen: no scrolling is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import IDLE, wait_until, wait_until_unchanged
from tests.browser.server import serving_sample

pytestmark = pytest.mark.browser

IN_VIEW = """(selector => {
  const element = document.querySelector(selector);
  if (!element) return false;
  const box = element.getBoundingClientRect();
  const column = element.closest('.st-key-causes-column, .st-key-work-column')?.getBoundingClientRect();
  const top = Math.max(0, column?.top ?? 0), bottom = Math.min(innerHeight, column?.bottom ?? innerHeight);
  return box.width > 0 && box.height > 0 && box.top >= top - 1 && box.bottom <= bottom + 1
    && box.left >= 0 && box.right <= innerWidth;
})"""
"""Whether all of an element is inside the window and inside its column."""

TO_TOP = """() => document.querySelectorAll('[data-testid=stMain], .st-key-causes-column, .st-key-work-column')
  .forEach(element => element.scrollTo(0, 0))"""
"""Undoes all scrolling, so that what is in view is in view for someone who did not scroll."""


def assert_in_view(page: Page, *selectors: str) -> None:
    for selector in selectors:
        expect(page.locator(selector).first).to_be_visible()
    wait_until_unchanged(page)
    page.evaluate(TO_TOP)  # Playwright scrolls to what it clicks while a busy page is longer than the window
    for selector in selectors:
        wait_until(page, f"{IN_VIEW}({selector!r})", 10_000)


@pytest.fixture
def page_1440(page: Page) -> Page:
    page.set_viewport_size({"width": 1440, "height": 900})
    return page


def test_a_firing_alarm_leads_to_the_cause_without_scrolling(page_1440: Page, samples: str) -> None:
    page = page_1440
    page.goto(f"{samples}/alarms?live=false&stack=trouble")
    row = ".st-key-chosen-alarm-0"
    expect(page.locator(row)).to_contain_text("dead-letters")
    assert_in_view(page, ".so-finding", row, ".st-key-opening [data-testid=stPageLink]")
    page.locator(".st-key-opening").get_by_role("link", name="Open Dead letters").click()
    expect(page.locator(".st-key-causes")).to_be_visible()
    cause = ".st-key-causes [class*=st-key-choose-] button"
    assert_in_view(page, ".so-finding", ".st-key-stepper", cause)
    page.locator(cause).first.click()
    expect(page.locator(".so-scope")).to_contain_text("cause")
    assert_in_view(page, ".st-key-stepper", "[class*=st-key-chosen-]")


def test_a_redrive_is_planned_and_started_without_scrolling(page_1440: Page, tmp_path: Path) -> None:
    page = page_1440
    with serving_sample("trouble", tmp_path / "log") as address:
        page.goto(f"{address}/dead-letters?live=false")
        expect(page.locator(".st-key-causes")).to_be_visible()
        assert_in_view(page, ".st-key-stepper", ".so-finding", ".so-plot")
        page.locator(".st-key-causes [class*=st-key-choose-] button").first.click()
        expect(page.locator(".so-scope")).to_contain_text("cause")
        assert_in_view(page, ".st-key-stepper", "[class*=st-key-chosen-]")
        page.locator("[class*=st-key-chosen-]").get_by_role("button", name="Plan redrive").click()
        page.locator(".st-key-make-plan button").click()
        expect(page.locator(".st-key-ask-redrive button")).to_be_visible()
        expect(page.locator(".st-key-step-plan .so-current")).to_be_visible()
        assert_in_view(page, ".st-key-stepper", "[class*=st-key-chosen-]", ".st-key-ask-redrive button")
        page.locator(".st-key-ask-redrive button").click()
        page.locator(".st-key-reason textarea").fill("deployed version 8")
        page.locator(".st-key-redrive-confirmed button").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator(".st-key-step-run .so-current")).to_contain_text("Starting")
        assert_in_view(page, ".st-key-stepper", "[class*=st-key-chosen-]", ".st-key-run-starting")


def test_a_result_is_in_view_and_leads_to_the_plan_and_the_audit_log(page_1440: Page, tmp_path: Path) -> None:
    page = page_1440
    with serving_sample("run-stopped", tmp_path / "log") as address:
        page.goto(f"{address}/dead-letters?live=false")
        expect(page.locator(".st-key-run .so-settled")).to_contain_text("Every outcome is known.")
        result = (
            ".st-key-run .so-run",
            ".st-key-run .so-settled",
            ".st-key-run-resume button",
            ".st-key-run .so-bar",
        )
        assert_in_view(page, ".st-key-stepper", *result)
        page.locator(".st-key-go-plan button").click()
        expect(page.locator(".st-key-preview")).to_contain_text("Plan: redrive 2,000 messages")
        assert_in_view(page, ".st-key-stepper", ".st-key-preview .so-title")
        page.locator(".st-key-go-result button").click()
        page.get_by_role("link", name="Audit entry").click()
        wait_until(page, "location.pathname.endsWith('/audit') && location.search.includes('audit-find=')")
        wait_until(page, IDLE)
        assert page.get_by_label("Search").input_value().endswith("-3f9a")


def test_a_phone_shows_the_steps_above_everything(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    with serving_sample("run-running", tmp_path / "log") as address:
        page.goto(f"{address}/dead-letters?live=false")
        expect(page.locator(".st-key-run")).to_be_visible()
        wait_until_unchanged_but_for_progress = f"{IDLE} && document.fonts.status === 'loaded'"
        wait_until(page, wait_until_unchanged_but_for_progress)
        page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, main.scrollHeight)")
        assert page.evaluate(f"{IN_VIEW}('.st-key-stepper')")
        expect(page.locator(".st-key-step-run .so-current")).to_contain_text("160 of 2,000")
