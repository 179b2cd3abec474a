"""A runbook in a browser: from an alarm's row to the report, on the real twin; and what any state of the page breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from handler import contract
from tests.browser.axe import violations
from tests.browser.chromium import wait_until_unchanged
from tests.browser.cut_text import CUT, OUTSIDE
from tests.browser.server import serving
from tests.twins import Twin, wait_for

pytestmark = pytest.mark.browser
DRAWN = ".so-do, .so-prose:visible"


class Mapping:
    """The twin's event source mapping of the job queue."""

    def __init__(self, twin: Twin) -> None:
        self._lambda = twin.client("lambda")
        queue = twin.outputs[contract.OUTPUT_QUEUE_URL].rsplit("/", 1)[-1]
        found = self._lambda.list_event_source_mappings()["EventSourceMappings"]
        alarms = twin.client("cloudwatch").describe_alarms()["MetricAlarms"]
        self.alarm = next(each["AlarmName"] for each in alarms if each["AlarmName"].endswith("-stalled"))
        self._uuid = next(each["UUID"] for each in found if each["EventSourceArn"].endswith(f":{queue}"))

    @property
    def state(self) -> str:
        return str(self._lambda.get_event_source_mapping(UUID=self._uuid)["State"])

    def turn(self, on: bool) -> None:
        self._lambda.update_event_source_mapping(UUID=self._uuid, Enabled=on)
        wait_for(lambda: self.state == ("Enabled" if on else "Disabled"), 60, "the mapping did not change")


@pytest.fixture
def stalled(twin: Twin) -> Iterator[Mapping]:
    mapping = Mapping(twin)
    mapping.turn(False)
    yield mapping
    if mapping.state != "Enabled":
        mapping.turn(True)


@pytest.mark.twin
@pytest.mark.slow
def test_an_alarms_row_leads_to_a_workload_that_reads_again(
    stalled: Mapping, twin: Twin, page: Page, tmp_path: Path
) -> None:
    environ = {"OPS_TWIN_DIR": str(twin.folder)}
    with serving("dashboard", environ, tmp_path / "log") as address:
        page.goto(f"{address}/alarms?live=false&alarm={stalled.alarm}")
        row = page.locator("[class*=st-key-chosen-alarm-]")
        page.goto(address + str(row.get_by_role("link", name="Runbook").get_attribute("href")))
        reason = page.locator(".st-key-start-reason input")
        expect(reason).to_have_value(re.compile("^alarm .*-stalled$"))
        reason.press("Tab")
        page.locator(".st-key-start-run-button button").click()
        now = page.locator("[class*=st-key-now-step-]")
        expect(now).to_contain_text("Did someone pause it on purpose")
        page.goto(f"{address}/runbooks?runbook=stalled")  # left, and found again where it was
        expect(now).to_contain_text("Did someone pause it on purpose")
        now.get_by_role("button", name="Answer").click()
        expect(now.locator(".so-diff del")).to_have_text("off")
        assert stalled.state == "Disabled", "a preview changes nothing"
        now.get_by_role("button", name="Run step").click()
        expect(now).to_contain_text("May this last longer")
        assert stalled.state == "Enabled"
        now.get_by_role("button", name="Answer").click()
        expect(page.locator(".st-key-run-bar .so-badge")).to_have_text("Done")
        with page.expect_download() as download:
            page.locator(".st-key-download-report button").click()
        report = Path(download.value.path()).read_text()
        assert "# Incident: Stalled" in report
        assert "off" in report


@pytest.mark.parametrize(
    ("sample", "query"),
    [
        ("trouble", "&runbook=stalled-consumer"),
        ("fine", "&runbook=stalled-consumer"),
        ("fine", "&runbook=dead-letters"),
    ],
    ids=["confirming", "reading", "paper"],
)
def test_a_document_breaks_no_rule_and_fits_a_phone(samples: str, page: Page, sample: str, query: str) -> None:
    page.goto(f"{samples}/runbooks?live=false&stack={sample}{query}")
    expect(page.locator(DRAWN).first).to_be_visible()
    wait_until_unchanged(page)
    assert not [each for each in violations(page) if not each.excluded]
    page.set_viewport_size({"width": 1280, "height": 800})
    wait_until_unchanged(page)
    assert page.evaluate(CUT) == []
    page.set_viewport_size({"width": 390, "height": 844})
    wait_until_unchanged(page)
    assert page.evaluate(OUTSIDE) == []


def test_hostile_text_is_shown_and_does_nothing(samples: str, page: Page) -> None:
    page.goto(f"{samples}/runbooks?live=false&stack=hostile&runbook=stalled-consumer")
    expect(page.locator(DRAWN).first).to_be_visible()
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text("<script>boom()</script>")
    expect(main.locator('img[src="x"]')).to_have_count(0)
    expect(main.locator('a[href^="https://example.com"]')).to_have_attribute("rel", "noopener noreferrer")
    assert "owned" not in page.title()


def test_what_cannot_be_undone_is_carried_out_only_for_the_words_typed(samples: str, page: Page) -> None:
    page.goto(f"{samples}/runbooks?live=false&stack=runbook-typed&runbook=dlq-redrive")
    now, badge = page.locator("[class*=st-key-now-step-]"), page.locator(".st-key-run-bar .so-badge")
    expect(now).to_contain_text("To confirm, type: redrive")
    now.get_by_label("Reason").fill("the table is there")
    now.get_by_label("Reason").press("Tab")
    typed, go = now.get_by_label("Confirmation"), now.get_by_role("button", name="Run step")
    typed.fill("redrives")
    typed.press("Tab")
    go.click()
    expect(now).to_contain_text("The confirmation does not match")
    expect(badge).to_have_text("Waits for an answer")
    typed.fill("redrive")
    typed.press("Tab")
    go.click()
    expect(badge).to_have_text("Done")
    expect(page.locator(".st-key-run-bar")).to_contain_text("Answered yes: the table is there.")


def test_the_current_step_is_a_click_away(samples: str, page: Page) -> None:
    page.goto(f"{samples}/runbooks?live=false&stack=trouble&runbook=stalled-consumer")
    page.get_by_role("link", name="Go to the step").click()
    expect(page.get_by_role("button", name="Run step")).to_be_in_viewport()
    bar, title = page.locator(".st-key-run-bar").bounding_box(), page.locator(".so-do.so-current").bounding_box()
    assert bar and title and title["y"] >= bar["y"] + bar["height"], "the bar that stays in view covers the step"
