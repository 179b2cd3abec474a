"""Reading single numbers off a report's frames. Missing stays missing: None, never a zero that nobody measured."""

from __future__ import annotations

import pandas as pd


def latest(frame: pd.DataFrame, column: str) -> float | None:
    """The last known value."""
    known = frame[column].dropna()
    return float(known.iloc[-1]) if len(known) else None


def total(frame: pd.DataFrame, column: str) -> float | None:
    """The sum of what is known."""
    known = frame[column].dropna()
    return float(known.sum()) if len(known) else None
