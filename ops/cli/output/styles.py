"""Terminal styles of the levels."""

from ops.insight.report_types import Level

LEVEL_STYLES = {Level.CRITICAL: "bold red", Level.WARNING: "yellow", Level.OK: "green", Level.NO_DATA: "dim"}
