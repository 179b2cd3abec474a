"""The finding of the page when messages have arrived or left since the scan."""

from __future__ import annotations

from dashboard.app_pages.dead_letters.sections import finding_since_scan
from ops.insight.report_types import Finding, Level


def test_the_headline_has_the_current_count_too() -> None:
    """With an aside a finding has a headline of its own, which is what the page shows."""
    scanned = Finding(
        Level.ACT, "Critical: 44 dead letters; deployed.", "", "Critical: 44 dead letters.", ("deployed",)
    )
    found = finding_since_scan(scanned, 46, whole=False)
    assert found.headline == "Critical: 46 dead letters now; remaining from the last scan: 44 dead letters."
    assert found.text == "Critical: 46 dead letters now; remaining from the last scan: 44 dead letters; deployed."
