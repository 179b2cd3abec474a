"""One colour per meaning, on every page.

Every colour has a contrast of at least 3 : 1 on the light and the dark background (WCAG 2.2 §1.4.11, graphics), and
colours that share a chart are distinct for colour-blind readers: tests/dashboard/display/test_theme.py checks both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ops.insight.report_types import Level

VISIBLE: Final = "#2470c2"  # queued, and arriving
IN_FLIGHT: Final = "#3a9fb9"  # received, not yet processed
DELAYED: Final = "#8f7a62"
DEAD: Final = "#d8552b"  # dead letters and permanent failures
SUCCESS: Final = "#23946b"  # processed, succeeded
PROCESSED: Final = IN_FLIGHT  # what leaves the queue, beside what arrives in it
PROCESSED_DASH: Final = "6px,2px"
THROTTLED: Final = "#b8558c"
COLD: Final = "#8168d8"
WARM: Final = "#8a8f99"
NEUTRAL: Final = "#7d8694"  # limits, thresholds, totals, no meaning of its own
WARNING: Final = "#b67a00"
DANGER: Final = "#b83a14"  # buttons that delete: white text on it has a contrast of 4.5 : 1 (WCAG AA)
DANGER_CLASS: Final = "danger-"
"""The key of a container with such a button begins with it: the stylesheet colours it by that."""

ERROR_TYPES: Final = (DEAD, THROTTLED, COLD, DELAYED, VISIBLE, IN_FLIGHT, NEUTRAL)
"""Error types in one chart, which also differ by pattern."""

SERIES: Final = {
    "visible": VISIBLE,
    "in_flight": IN_FLIGHT,
    "delayed": DELAYED,
    "dead": DEAD,
    "processed": PROCESSED,
    "success": SUCCESS,
    "throttled": THROTTLED,
    "cold": COLD,
    "warm": WARM,
}
LEVEL_COLOUR: Final = {Level.OK: SUCCESS, Level.WARNING: WARNING, Level.CRITICAL: DEAD, Level.NO_DATA: NEUTRAL}
"""Always shown with the level's label: colour alone is not enough."""

STYLE: Final = Path(__file__).with_name("style.css")
SCRIPTS: Final = tuple(
    Path(__file__).with_name(name) for name in ("history.js", "crosshair.js", "scrolling.js", "trace_dots.js")
)
