"""Time at which a falling number reaches a bound, as an interval from observed rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ops import formatting

MIN_SPAN_S = 20.0
"""A rate over a shorter time is noise."""
ABOUT_EQUAL = 1.2
"""Two estimates that differ by no more than this factor are one."""


@dataclass(frozen=True)
class DepthSample:
    """``at_s``: since the first one."""

    at_s: float
    value: float


@dataclass(frozen=True)
class DrainForecast:
    """Seconds until the bound is reached, if it goes on as in the last ``over_s``: from ``least_s`` to ``most_s``.
    ``least_s`` is None when the number does not fall; ``most_s`` is None when it has started to fall just now."""

    over_s: float
    least_s: float | None
    most_s: float | None = None

    @property
    def text(self) -> str:
        over = formatting.duration(round(self.over_s))
        if self.least_s is None:
            return f"not falling in the last {over}"
        least = formatting.duration(round(self.least_s))
        if self.most_s is None:
            return f"falling only since a short time: not before {least} from now at this rate"
        if self.most_s <= self.least_s * ABOUT_EQUAL:
            return f"about {formatting.duration(round(self.most_s))} more at the rate of the last {over}"
        return f"{least} to {formatting.duration(round(self.most_s))} more at the rates of the last {over}"


def forecast(samples: Sequence[DepthSample], bound: float) -> DrainForecast | None:
    """The forecast by the mean rate of all ``samples`` (oldest first) and that of their later half; None while they are
    too few."""
    if len(samples) < 2 or samples[-1].at_s - samples[0].at_s < MIN_SPAN_S:
        return None
    last = samples[-1]
    span = last.at_s - samples[0].at_s
    middle = next(sample for sample in samples if sample.at_s >= samples[0].at_s + span / 2)
    recent = middle if last.at_s - middle.at_s >= MIN_SPAN_S else samples[0]
    left = last.value - bound
    whole, late = (_time_s(left, first, last) for first in (samples[0], recent))
    if late is None:
        return DrainForecast(span if whole is None else last.at_s - recent.at_s, None)
    if whole is None:
        return DrainForecast(last.at_s - recent.at_s, late)
    return DrainForecast(span, min(whole, late), max(whole, late))


def _time_s(left: float, first: DepthSample, last: DepthSample) -> float | None:
    """None when the number did not fall from ``first`` to ``last``."""
    fallen = first.value - last.value
    return left * (last.at_s - first.at_s) / fallen if fallen > 0 else None
