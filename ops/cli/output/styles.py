"""Terminal styles of the levels."""

LEVEL_STYLES = {"act": "bold red", "watch": "yellow", "ok": "green", "unknown": "dim"}
