"""Reading single numbers off a report's frames. Missing stays missing: None, never a zero that nobody measured."""

from __future__ import annotations

from datetime import datetime, tzinfo

import pandas as pd

from dashboard.formatting import zone_name


def latest(frame: pd.DataFrame, column: str) -> float | None:
    """The last known value."""
    known = frame[column].dropna()
    return float(known.iloc[-1]) if len(known) else None


def total(frame: pd.DataFrame, column: str) -> float | None:
    """The sum of what is known."""
    known = frame[column].dropna()
    return float(known.sum()) if len(known) else None


SMALL = 0.25
"""Share of a range below which its data is drawn alone: it would be a sliver at the right end."""


def begun_late(known: pd.Series, start: datetime, end: datetime) -> datetime | None:
    """When the data begins, where it covers only a small part at the end of the range; None where it covers more.

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
