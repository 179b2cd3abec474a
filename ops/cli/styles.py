"""How levels look on a terminal."""

LEVEL_STYLES = {"act": "bold red", "watch": "yellow", "ok": "green", "unknown": "dim"}
