"""A scan needs a confirmation and runs in the background; the finding follows the newer of scan and count."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboard.pages import PAGES
from tests.dashboard.app import App

Visit = Callable[[str], App]
PAGE = PAGES["dead_letters"]


def test_a_scan_needs_a_confirmation(sample: Visit) -> None:
    app = sample("unscanned").open(PAGE)
    assert "Not scanned yet" in app.text
    app.at.button(key="look").click().run()
    assert "Each message's receive count rises by one" in app.text


def test_a_scan_runs_in_the_background(sample: Visit) -> None:
    app = sample("scanning").open(PAGE)
    assert not app.at.exception
    assert app.at.button(key="look").disabled, "one at a time"
    assert app.at.button(key="stop-look")
    label = app.at.get("progress")[0].proto.text
    assert label.startswith("Scan: 4,200 of 10,000 · ")
    assert label.endswith("left")


def test_the_messages_are_counted_again_when_a_scan_ends(sample: Visit) -> None:
    """The number above is else of before the scan, which the finding is not."""
    assert "_pressed" not in sample("fine").open(PAGE).at.session_state
    app = sample("scan-ending").open(PAGE)
    assert not app.at.exception
    assert app.at.session_state["_pressed"] > 0, "as by Refresh"


def test_a_failed_scan_shows_its_error(sample: Visit) -> None:
    app = sample("scan-failed").open(PAGE)
    assert not app.at.exception
    assert "may not call sqs:ReceiveMessage" in app.text
    assert "Allow sqs:ReceiveMessage." in app.text


def test_two_errors_are_both_shown(sample: Visit) -> None:
    app = sample("scan-failed-again").open(PAGE, where="body.params[")
    assert not app.at.exception
    assert "Scan failed" in app.text
    assert "may not call sqs:ReceiveMessage" in app.text
    assert "JMESPath" in app.text


def test_one_error_is_shown_once_and_keeps_its_place(sample: Visit) -> None:
    app = sample("denied").open(PAGE)
    for _ in range(2):
        assert not app.at.exception
        assert app.text.count("may not call cloudwatch:GetMetricData") == 1
        app.at.run()
    assert not app.at.get("skeleton"), "nothing is pushed down by a reload"


def test_numbers_disappear_with_their_report(sample: Visit) -> None:
    app = sample("lost").open(PAGE)
    assert "In the DLQ" in app.text
    app.at.button(key="look-now").click().run()
    assert not app.at.exception
    assert "AWS does not answer." in app.text
    assert "In the DLQ" not in app.text
    assert "Failure causes" in app.text, "the snapshot is still shown"


def test_an_unreadable_snapshot_is_an_error_with_a_next_step(sample: Visit) -> None:
    app = sample("broken-snapshot").open(PAGE)
    assert not app.at.exception
    assert "is damaged" in app.text
    assert "scan again" in app.text


def test_a_read_only_dashboard_cannot_scan(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    app = sample("trouble").open(PAGE)
    assert app.at.button(key="look").disabled
    assert "This dashboard is read-only" in app.text


def test_causes_come_first(sample: Visit) -> None:
    app = sample("trouble").open(PAGE)
    assert not app.at.exception
    assert "54 dead letters, 33 of one cause: Sandbox.Timedout" in app.text
    texts = ("Sandbox.Timedout", "Succeeding since", "BadData", "Not fixed", "No cause found")
    listed = app.html[app.html.index('class="so-cause"') :]
    places = [listed.find(text) for text in texts]
    assert -1 not in places
    assert places == sorted(places), "most messages first"
    assert "3 min" in app.text, "the snapshot's age is beside its numbers"


def test_messages_since_the_scan_do_not_hide_its_finding(sample: Visit) -> None:
    app = sample("messages-since-scan").open(PAGE)
    assert not app.at.exception
    assert "54 dead letters now, 50 at the last scan, 31 of one cause: Sandbox.Timedout" in app.text
    assert "The queue has 54 now: scan again before acting." in app.text


def test_the_finding_is_the_scans_where_it_is_newer_than_the_count(sample: Visit) -> None:
    app = sample("scan-since-report").open(PAGE)
    assert not app.at.exception
    assert "50 dead letters, 31 of one cause: Sandbox.Timedout" in app.text
    assert "last scan:" not in app.text


def test_a_scan_is_the_act_to_take_when_it_is_long_ago_unless_a_redrive_runs(sample: Visit) -> None:
    assert sample("scanned-long-ago").open(PAGE).at.button(key="look").proto.type == "primary"
    assert sample("redriving-long-after-scan").open(PAGE).at.button(key="look").proto.type == "secondary"


@pytest.mark.parametrize("name", ["messages-since-scan", "some-redriven"])
def test_a_scan_is_the_act_to_take_where_the_page_asks_for_it(sample: Visit, name: str) -> None:
    app = sample(name).open(PAGE)
    assert "scan again before acting" in app.text
    assert app.at.button(key="look").proto.type == "primary"
