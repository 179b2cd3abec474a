"""Single numbers from a report's frames. Missing stays missing: None, never a zero that was not measured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

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


def hover(values: pd.Series, unit: str, write: Callable[[float], str] | None = None) -> dict[str, Any]:
    """What a trace shows of a value below the pointer: by ``write``, or with about as many digits as figures on the page
    have, which ``values``, its highest one, decide for all."""
    if write is not None:
        return {"customdata": [write(value) for value in values], "hovertemplate": "%{customdata}"}
    return {"hovertemplate": f"%{{y:{_digits(values.abs().max())}}} {unit}".rstrip()}


def _digits(highest: float) -> str:
    """A number format in d3's notation: ``0.43`` and ``37`` below 100, ``120`` below 1,000, and ``1,204`` and ``0.4``
    above."""
    return ",.1~f" if highest >= 1_000 else f",.{3 if highest >= 100 else 2}~r"


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
