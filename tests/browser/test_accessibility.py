"""What axe-core finds in light and in dark: nothing at WCAG's levels A and AA, on no page and in none of its states."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from dashboard.pages import PAGES, START
from tests.browser.axe import violations
from tests.browser.chromium import wait_until_unchanged
from tests.fakes import runbook_states
from tests.fakes.runbook_service import RUN

pytestmark = pytest.mark.browser

STATES = (
    *((key, sample) for sample in ("trouble", "empty") for key in PAGES),
    ("overview", "fine"),
    *(("audit", f"audit-{sample}") for sample in ("empty", "huge", "damaged")),
    *((key, "heavy") for key in ("overview", "queue", "forecast")),
    ("concurrency", "one-point"),
    ("queue", "idle"),
    *((key, "denied") for key in ("overview", "dead_letters", "audit")),
    *(
        ("dead_letters", sample)
        for sample in ("no-dlq", "unscanned", "scanning", "scan-failed", "many-causes", "run-stopped")
    ),
)
ADDRESSES = {entry.key: entry.address for entry in (*PAGES.values(), START)} | {"overview": ""}


def visit(page: Page, address: str, key: str, sample: str) -> None:
    page.goto(f"{address}/{ADDRESSES[key]}?live=false&stack={sample}")
    expect(page.locator(".so-head")).to_be_visible()
    wait_until_unchanged(page)


def check(page: Page) -> None:
    assert not [each for each in violations(page) if not each.excluded]


@pytest.mark.parametrize(("key", "sample"), STATES, ids=["-".join(state) for state in STATES])
def test_a_page_breaks_no_rule(samples: str, page: Page, key: str, sample: str) -> None:
    visit(page, samples, key, sample)
    check(page)
    folded = page.locator("[data-testid=stExpander] details:not([open]) summary")
    if folded.count():
        for each in folded.all()[::-1]:  # those that are open are no longer in the list
            each.click()
        wait_until_unchanged(page)
        expect(folded).to_have_count(0)
        check(page)


@pytest.mark.parametrize("identifier", ["job-4", "unknown"])
def test_a_trace_breaks_no_rule(samples: str, page: Page, identifier: str) -> None:
    visit(page, samples, "trace", f"trouble&id={identifier}")
    page.locator(".st-key-find-trace button").click()
    expect(page.locator(".so-finding")).to_be_visible()
    wait_until_unchanged(page)
    check(page)


def test_the_choice_of_a_workload_breaks_no_rule(samples: str, page: Page) -> None:
    visit(page, samples, "start", "")
    expect(page.locator(".so-links")).to_be_visible()
    check(page)


@pytest.mark.parametrize("sample", ["trouble", *(name for name in runbook_states.STATES if name != "runbook-typed")])
def test_a_run_of_a_runbook_breaks_no_rule(samples: str, page: Page, sample: str) -> None:
    run = "" if sample == "runbook-elsewhere" else f"&run={RUN}"  # without it, a run that is over is not shown
    visit(page, samples, "runbooks", f"{sample}&runbook=stalled-consumer{run}")
    check(page)


PALE = """() => {
  const rgb = (text, canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true})) => {
    canvas.fillStyle = getComputedStyle(document.querySelector('.stApp')).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    if (text) { canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = color => color.map(part => part / 255)
    .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [.2126, .7152, .0722][place], 0);
  const contrast = (one, other) => (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
  return [...document.querySelectorAll('.main-svg text:not(.bartext-inside)')].filter(text => text.textContent.trim())
    .filter(text => contrast(light(rgb(getComputedStyle(text).fill)), light(rgb(''))) < 4.5)
    .map(text => `${text.getAttribute('class')}: ${text.textContent}`);
}"""
"""Text of charts with a contrast below 4.5:1, which axe-core does not look at in SVG."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("key", ["cost", "compare", "cold_starts", "failures"])
def test_text_of_charts_is_dark_enough(samples: str, page: Page, key: str, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    visit(page, samples, key, "trouble")
    expect(page.locator(".main-svg text").first).to_be_visible()
    wait_until_unchanged(page)
    assert page.evaluate(PALE) == []


def test_an_invalid_range_breaks_no_rule(samples: str, page: Page) -> None:
    page.goto(f"{samples}/queue?stack=fine&range=custom&from=2026-01-02T00:00&to=2026-01-01T00:00")
    expect(page.locator(".so-empty")).to_be_visible()
    check(page)


def test_what_is_done_with_messages_breaks_no_rule(samples: str, page: Page) -> None:
    visit(page, samples, "dead_letters", "trouble")
    for number in (1, 0):  # the tabs of one message, then those of the page, which replace them
        for tab in page.get_by_role("tablist").nth(number).get_by_role("tab").all():
            tab.click()
            wait_until_unchanged(page)
            check(page)


def test_a_dialog_breaks_no_rule(samples: str, page: Page) -> None:
    visit(page, samples, "dead_letters", "trouble&do=Redrive")
    page.locator(".st-key-look button").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator(".st-key-make-plan button").click()
    page.locator(".st-key-ask-redrive button").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    check(page)
