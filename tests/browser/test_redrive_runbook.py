"""Dead letters in a browser, on the real twin: from the alarm's row by previews, a canary and a typed confirmation until the
alarm clears, and to the report."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from handler import contract
from tests.browser.server import serving
from tests.twins import Twin, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.twin, pytest.mark.slow]
ROWS = b"age,gift\n20,1.0\n30,2.5\n40,3.0\n50,4.5\n"
JOBS = 7
"""More than the canary, which is of five."""
STEP_MS = 120_000


@pytest.fixture
def lost_table(twin: Twin) -> tuple[str, list[str]]:
    """Jobs whose table is not there, once they are dead letters and the alarm has fired: its key, and their IDs."""
    twin.no_dead_letters()
    alarm = f"{twin.state.stack}-dead-letters"
    wait_for(lambda: twin.alarm_state(alarm) != "ALARM", 120, "the alarm of an earlier test stays")
    key, ids = f"inputs/{uuid.uuid4().hex}.csv", [uuid.uuid4().hex for _ in range(JOBS)]
    table = f"s3://{twin.outputs[contract.OUTPUT_BUCKET]}/{key}"
    for job_id in ids:
        job = {"schema": contract.JOB_SCHEMA, "job_id": job_id, "kind": "describe", "data": table}
        assert twin.post(job).status == 202
    wait_for(lambda: twin.dead_letters() >= JOBS, 180, "the jobs did not fail")
    wait_for(lambda: twin.alarm_state(alarm) == "ALARM", 120, "the alarm did not fire")
    return key, ids


def _press(now: Locator, button: str, then: str) -> None:
    """Carry out the step that waits, until the one that has ``then`` in it waits."""
    now.get_by_role("button", name=button).click()
    expect(now).to_contain_text(then, timeout=STEP_MS)


def test_from_the_alarm_to_a_queue_without_dead_letters(
    lost_table: tuple[str, list[str]], twin: Twin, page: Page, tmp_path: Path
) -> None:
    key, ids = lost_table
    alarm = f"{twin.state.stack}-dead-letters"
    with serving("dashboard", {"OPS_TWIN_DIR": str(twin.folder)}, tmp_path / "log") as address:
        page.goto(f"{address}/alarms?live=false&alarm={alarm}")
        row = page.locator("[class*=st-key-chosen-alarm-]")
        page.goto(address + str(row.get_by_role("link", name="Runbook").get_attribute("href")))
        short_way = page.get_by_test_id("stMain").get_by_role("link", name="dlq-redrive").first
        page.goto(f"{address}/runbooks{short_way.get_attribute('href')}")
        reason = page.locator(".st-key-start-reason input")
        expect(reason).to_have_value(f"alarm {alarm}")
        reason.press("Tab")
        page.locator(".st-key-start-run-button button").click()

        now, badge = page.locator("[class*=st-key-now-step-]"), page.locator(".st-key-run-bar .so-badge")
        expect(now).to_contain_text("Each receive count rises by one", timeout=STEP_MS)
        _press(now, "Run step", "Logs Insights queries are billed")
        _press(now, "Run step", "Is the largest cause fixed")
        twin.client("s3").put_object(Bucket=twin.outputs[contract.OUTPUT_BUCKET], Key=key, Body=ROWS)
        now.get_by_role("combobox").click()
        page.get_by_role("option", name="yes").click()
        _press(now, "Answer", f"{JOBS} messages: DataNotFound")
        assert twin.dead_letters() == JOBS, "nothing is sent by what came so far"

        _press(now, "Run step", "To confirm, type: redrive")
        expect(now.locator(".so-diff ins")).to_have_text(str(JOBS))
        now.get_by_label("Reason").fill("the table is there")
        now.get_by_label("Reason").press("Tab")
        now.get_by_label("Confirmation").fill("redrive")
        now.get_by_label("Confirmation").press("Tab")
        now.get_by_role("button", name="Run step").click()
        expect(badge).to_have_text("Done", timeout=2 * STEP_MS)
        assert (twin.dead_letters(), twin.alarm_state(alarm)) == (0, "OK")
        for job_id in ids:
            assert twin.result(job_id)

        with page.expect_download() as download:
            page.locator(".st-key-download-report button").click()
        report = Path(download.value.path()).read_text()
        assert f"{JOBS} sent, {JOBS} succeeded" in report
        assert re.search(rf"Alarm: {alarm} \| ALARM → OK", report), report
