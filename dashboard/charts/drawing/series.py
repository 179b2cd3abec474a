"""Single numbers from a report's frames. Missing stays missing: None, never a zero that was not measured."""

from __future__ import annotations

from datetime import datetime, tzinfo

import pandas as pd

from dashboard.formatting import duration, zone_name


def latest(frame: pd.DataFrame, column: str) -> float | None:
    """The last known value."""
    values = frame[column].dropna()
    return float(values.iloc[-1]) if len(values) else None


def total(frame: pd.DataFrame, column: str) -> float | None:
    """The sum of what is known."""
    values = frame[column].dropna()
    return float(values.sum()) if len(values) else None


def period(frame: pd.DataFrame) -> str:
    """The length of the frame's periods, ``10 s``; "" when it has too few rows."""
    return duration((frame.index[1] - frame.index[0]).total_seconds()) if len(frame) > 1 else ""


SMALL = 0.25
"""Share of a range below which its data is drawn alone: it would only be a sliver at the right end."""


def late_start(known: pd.Series, start: datetime, end: datetime) -> datetime | None:
    """The start of data that covers only a small part at the end of the range; None when it covers more.

    ``known``: whether there is a value, indexed by time.
    """
    times = known.index[known.to_numpy(dtype=bool)]
    if not len(times) or end <= start:
        return None
    first: datetime = times[0].to_pydatetime()
    return first if (end - first) / (end - start) <= SMALL else None


def since(first: datetime, viewer: tzinfo) -> str:
    local_time = first.astimezone(viewer)
    today = datetime.now(viewer).date() == local_time.date()
    return f"data since {local_time:%H:%M}{'' if today else local_time.strftime(' on %d %b')} {zone_name(viewer)}"
