"""Observed arrival rate and time per message, with their uncertainty from a bootstrap over the periods."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ops.insight.forecast.chance import SAMPLES, SEED, Array

if TYPE_CHECKING:
    from ops.insight.sources.metrics import Readings

Indices = npt.NDArray[np.int64]

MIN_PERIODS = 8
"""Fewer periods say too little of how the rates vary."""
AROUND, MIN_STEADY_PERIODS = 2, 4
RARE, OF_NORMAL = 0.05, 0.759
"""The share of differences that are left out, and the mean square that a normal distribution keeps without them."""
MIN_BATCHES = 6
"""Of an environment: with fewer, a batch at either end of the periods looks like a gap."""


@dataclass(frozen=True)
class ObservedRates:
    """``seconds_per_message``: one environment's time for one receive, with INIT and the gap left out. ``gap_s``: how long
    an environment is idle for each message although messages wait, until its next batch is there; 0 where that cannot be
    told. ``throttled_gap_s``: the same of periods with throttles, after which pollers wait; None without such periods.
    ``receives_per_message``: of one that was deleted, at least 1. The samples are resampled means of the same length;
    empty where there were fewer than ``MIN_PERIODS`` periods. ``backlogged``: whether the time is that of periods in which
    messages waited all the time: batches were full then."""

    arrivals_per_min: float | None
    seconds_per_message: float | None
    receives_per_message: float
    messages_per_batch: float | None
    arrival_samples: Array
    second_samples: Array
    gap_s: float = 0.0
    backlogged: bool = False
    throttled_gap_s: float | None = None
    arrival_chance: float = 1.0
    work_chance: float = 0.0
    """Variance over mean of the number of messages that arrive, at least 1, and that are done, in a stretch of time."""


def observe(readings: Readings, in_flight: float, batch_size: int = 1, alone: bool = True) -> ObservedRates:
    """Over all finished periods of the range. Needs the columns visible, sent, received, deleted, invoked, invocations,
    duration_ms, throttles and concurrency. ``alone``: whether the function has no other work than this queue's."""
    periods = _spoken(readings)
    sent, received, deleted, invoked, invocations, busy_ms = (
        np.array(readings.counts(name, periods))
        for name in ("sent", "received", "deleted", "invoked", "invocations", "duration_ms")
    )
    given = invoked if readings.has("invoked") else received
    minutes = readings.window.period / 60
    done = float(deleted.sum())
    repeated = (float(received.sum()) - in_flight) / done if done else 1.0
    kept = _share(float(given.sum()), float(received.sum()) - in_flight)
    waited = _waited(np.array(readings.counts("visible", periods)), received, batch_size)
    backlogged = len(waited) >= MIN_PERIODS and bool(busy_ms[waited].any())
    if backlogged:
        # An invocation's duration and its receive are counted when it starts, the messages that it was given when it ends.
        given, invocations, busy_ms = received[waited] * kept, invocations[waited], busy_ms[waited]
    handed, ran = float(given.sum()), float(invocations.sum())
    seconds = float(busy_ms.sum()) / 1000 / handed if handed and busy_ms.any() else None
    arrival_samples = second_samples = np.empty(0)
    if len(periods) >= MIN_PERIODS and seconds is not None:
        arrival_samples = sent[_resampled(len(sent))].mean(axis=1) / minutes
        rows = _resampled(len(given))
        handed_then = given[rows].sum(axis=1)
        ratio = np.divide(busy_ms[rows].sum(axis=1) / 1000, handed_then, out=np.zeros(SAMPLES), where=handed_then > 0)
        second_samples = np.where(ratio > 0, ratio, seconds)
    arrival_chance = max(1.0, _short_term_dispersion(sent)) if arrival_samples.size else 1.0
    work_chance = _dispersion(second_samples, handed)
    gap_s, throttled_gap_s = 0.0, None
    if backlogged and alone:
        throttled = _near(np.array(readings.counts("throttles", periods)) > 0)
        shares = (kept, max(1.0, repeated))
        gap_s = _gap_s(readings, periods, waited[~throttled[waited]], shares) or 0.0
        throttled_gap_s = _gap_s(readings, periods, waited[throttled[waited]], shares)
    return ObservedRates(
        arrivals_per_min=float(sent.mean()) / minutes if len(periods) and readings.has("sent") else None,
        seconds_per_message=seconds,
        receives_per_message=max(1.0, repeated),
        messages_per_batch=handed / ran if handed and ran else None,
        arrival_samples=arrival_samples,
        second_samples=second_samples,
        gap_s=gap_s,
        backlogged=backlogged,
        throttled_gap_s=throttled_gap_s,
        arrival_chance=arrival_chance,
        work_chance=work_chance,
    )


def _short_term_dispersion(counts: Array) -> float:
    """The variance over the mean of a count, by the differences of neighboring periods. A rate that changes slowly, as over a
    day, is not chance; nor is a rare burst, so the largest of the differences are left out."""
    squares = np.sort(np.diff(counts) ** 2)
    squares = squares[: math.ceil(len(squares) * (1 - RARE))]
    mean = float(counts.mean())
    return float(squares.mean()) / OF_NORMAL / 2 / mean if squares.size and mean > 0 else 0.0


def _dispersion(means: Array, messages: float) -> float:
    """The variance over the mean of a number of messages, by resampled means of what so many were of."""
    mean = float(means.mean()) if means.size else 0.0
    return float(means.var()) / mean**2 * messages if mean > 0 else 0.0


def _waited(visible: Array, received: Array, batch_size: int) -> Indices:
    """The periods in which something was received, with a full batch visible at their beginning and at their end: no poller
    had to wait for one. (What was received says nothing of that: periods would be chosen by their speed.)"""
    full = visible >= batch_size
    return np.flatnonzero((received > 0) & full & np.concatenate(([False], full[:-1])))


def _near(throttled: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The periods around a throttle, too: a poller that was throttled waits for longer than a short period."""
    if not len(throttled):
        return throttled
    return np.asarray(np.convolve(throttled, np.ones(2 * AROUND + 1))[AROUND:-AROUND] > 0)


def _gap_s(readings: Readings, periods: range, waited: Indices, shares: tuple[float, float]) -> float | None:
    """Seconds between two batches of an environment; None with too few observations. Where concurrency equals that of
    the previous period, each environment existed for the whole period, so the time outside invocations is the gap.
    INIT does not count: a new environment raises concurrency.

    ``shares``: of received messages, those that the function was given; and receives for each deleted message. Messages that
    were started are too many by what was at work at the end of the periods, those that were finished by what was at work at their
    beginning: their mean is right.
    """
    kept, repeated = shares
    columns = ("concurrency", "received", "invoked", "deleted", "duration_ms", "invocations")
    running, received, invoked, deleted, busy_ms, ran = (np.array(readings.counts(name, periods)) for name in columns)
    steady = np.array([at for at in waited if at and running[at] == running[at - 1] > 0], dtype=np.int64)
    started, there = float(received[steady].sum()) * kept, float(running[steady].sum())
    ended = float(invoked[steady].sum()) if readings.has("invoked") else float(deleted[steady].sum()) * repeated
    if len(steady) < MIN_STEADY_PERIODS or not started or ran[steady].sum() < MIN_BATCHES * running[steady].max():
        return None
    whole_s = there * readings.window.period / ((started + ended) / 2)
    return max(0.0, whole_s - float(busy_ms[steady].sum()) / 1000 / started)


def _share(given: float, received: float) -> float:
    """Share of received messages that the function was invoked with. Filters drop the rest."""
    return min(1.0, given / received) if given and received > 0 else 1.0


def _spoken(readings: Readings) -> range:
    """The finished periods from the first to the last with a point: before them there was no workload, after them the
    metrics are late."""
    spoken = [at for at in readings.published(("sent", "received", "deleted")) if at in readings.finished]
    return range(spoken[0], spoken[-1] + 1) if spoken else range(0)


def _resampled(periods: int) -> Indices:
    """Indices of blocks of neighboring periods, as long together as the range: neighbors are alike, so that single
    periods would look more certain than they are. (Block length: the cube root, the usual choice.)"""
    length = max(1, round(periods ** (1 / 3)))
    blocks = math.ceil(periods / length)
    starts = np.random.default_rng(SEED).integers(0, periods - length + 1, size=(SAMPLES, blocks))
    rows = (starts[:, :, None] + np.arange(length)).reshape(SAMPLES, -1)
    return rows[:, :periods]
