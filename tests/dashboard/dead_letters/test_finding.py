"""The finding of the page when messages have arrived or left since the scan."""

from __future__ import annotations

from dashboard.app_pages.dead_letters.sections import finding_since_scan
from ops.insight.report_types import Finding, Level


def test_the_headline_has_the_current_count_too() -> None:
    """With an aside a finding has a headline of its own, which is what the page shows."""
    scanned = Finding(
        Level.CRITICAL, "Critical: 44 dead letters; deployed.", "", "Critical: 44 dead letters.", ("deployed",)
    )
    found = finding_since_scan(scanned, 46, whole=False)
    assert found.headline == "Critical: 46 dead letters now, 44 remaining from the last scan."
    assert found.text == "Critical: 46 dead letters now, 44 remaining from the last scan; deployed."


def test_the_causes_follow_the_count_of_the_scan() -> None:
    finding = Finding(Level.CRITICAL, "Critical: 1 dead letter: UnknownJob.")
    assert finding_since_scan(finding, 2, whole=True).text == (
        "Critical: 2 dead letters now, 1 at the last scan: UnknownJob."
    )
    some = Finding(
        Level.CRITICAL, "Critical: 19 of about 40 dead letters, 9 of one cause: dead letters (1 other cause)."
    )
    assert finding_since_scan(some, 45, whole=True).text == (
        "Critical: 45 dead letters now, 19 of about 40 at the last scan, 9 of one cause: dead letters (1 other cause)."
    )
