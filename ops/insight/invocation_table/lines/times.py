"""Times of many log lines at once, as ``ops.invocation_log.moment`` reads them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from ops.insight.invocation_table.lines.columns import ticks
from ops.invocation_log import moment
from ops.invocation_log.values import YEARS

Ticks = npt.NDArray[np.int64]

UNKNOWN = np.iinfo(np.int64).min
_FORM = "2026-11-23 19:00:00.123"
"""The form in which Logs Insights writes times, which are UTC. The extension writes a T between date and time, and a Z
at the end."""
_DIGITS = [place for place, character in enumerate(_FORM) if character.isdigit()]
_MARKS = [place for place, character in enumerate(_FORM) if character in "-:."]
_MARK_BYTES = np.frombuffer(_FORM.encode(), dtype=np.uint8)[_MARKS]
_BETWEEN = _FORM.index(" ")
_FIRST, _PAST = (ticks(datetime(year, 1, 1, tzinfo=UTC)) for year in (YEARS.start, YEARS.stop))


def moments(texts: Sequence[str]) -> Ticks:
    """Microseconds since 1970; ``UNKNOWN`` for what is not a time, or out of all bounds."""
    if "" in texts:
        every = np.full(len(texts), UNKNOWN, dtype=np.int64)
        every[[text != "" for text in texts]] = moments([text for text in texts if text])
        return every
    if (written := _written(texts)) is not None:
        try:
            found = written.astype("datetime64[us]").astype(np.int64)
        except ValueError:  # such as the 31st of a month of 30 days
            pass
        else:
            return np.where((found >= _FIRST) & (found < _PAST), found, UNKNOWN)
    read = [moment(text) for text in texts]
    return np.array([UNKNOWN if moment_read is None else ticks(moment_read) for moment_read in read], dtype=np.int64)


def _written(texts: Sequence[str]) -> npt.NDArray[np.bytes_] | None:
    """The times as bytes without the Z, if all are written in one of the usual forms, and in the same one."""
    joined = "\n".join((*texts, ""))
    width = len(joined) // len(texts) if texts else 0
    if not joined.isascii() or len(joined) != width * len(texts) or width not in (len(_FORM) + 1, len(_FORM) + 2):
        return None
    table = np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(len(texts), width)
    digits, between = table[:, _DIGITS], table[:, _BETWEEN]
    regular = (
        np.all((digits >= ord("0")) & (digits <= ord("9")))
        and np.all(table[:, _MARKS] == _MARK_BYTES)
        and np.all((between == ord(" ")) | (between == ord("T")))
        and np.all(table[:, -1] == ord("\n"))
        and (width == len(_FORM) + 1 or np.all(table[:, -2] == ord("Z")))
    )
    return np.ascontiguousarray(table[:, : len(_FORM)]).view(f"S{len(_FORM)}").ravel() if regular else None


def lasting(milliseconds: npt.NDArray[np.float64]) -> Ticks:
    """The duration in ticks, rounded as ``timedelta(milliseconds=…)`` does; 0 for NaN."""
    known = np.nan_to_num(milliseconds)
    whole = np.trunc(known)
    found: Ticks = (whole * 1000 + np.rint((known - whole) * 1000)).astype(np.int64)
    return found
