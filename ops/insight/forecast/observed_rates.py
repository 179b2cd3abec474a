"""What was observed of arrivals and of the time for one message, with how sure that is: a bootstrap over the periods."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ops.insight.forecast.drain_model import Array

if TYPE_CHECKING:
    from ops.insight.sources.metrics import Readings

SAMPLES = 100
LEAST_PERIODS = 8
"""Fewer periods say too little of how the rates vary."""
SEED = 20_261_129
"""Fixed, so that the same metrics give the same interval at each refresh."""


@dataclass(frozen=True)
class ObservedRates:
    """``seconds_per_message``: one environment's time for one receive, with INIT left out. ``receives_per_message``: of
    one that was deleted, at least 1. The samples are resampled means of the same length; empty where there were fewer
    than ``LEAST_PERIODS`` periods."""

    arrivals_per_min: float | None
    seconds_per_message: float | None
    receives_per_message: float
    messages_per_batch: float | None
    arrival_samples: Array
    second_samples: Array


def observe(readings: Readings, in_flight: float) -> ObservedRates:
    """Over all finished periods of the range. Needs the columns sent, received, deleted, invoked, invocations and
    duration_ms."""
    periods = _spoken(readings)
    given_name = "invoked" if readings.has("invoked") else "received"
    sent, given, received, deleted, invocations, busy_ms = (
        np.array(readings.counts(name, periods))
        for name in ("sent", given_name, "received", "deleted", "invocations", "duration_ms")
    )
    minutes = readings.window.period / 60
    done, handed, ran = float(deleted.sum()), float(given.sum()), float(invocations.sum())
    seconds = float(busy_ms.sum()) / 1000 / handed if handed and busy_ms.any() else None
    repeated = (float(received.sum()) - in_flight) / done if done else 1.0
    arrival_samples = second_samples = np.empty(0)
    if len(periods) >= LEAST_PERIODS and seconds is not None:
        rows = _resampled(len(periods))
        arrival_samples = sent[rows].mean(axis=1) / minutes
        handed_then = given[rows].sum(axis=1)
        ratio = np.divide(busy_ms[rows].sum(axis=1) / 1000, handed_then, out=np.zeros(SAMPLES), where=handed_then > 0)
        second_samples = np.where(ratio > 0, ratio, seconds)
    return ObservedRates(
        arrivals_per_min=float(sent.mean()) / minutes if len(periods) and readings.has("sent") else None,
        seconds_per_message=seconds,
        receives_per_message=max(1.0, repeated),
        messages_per_batch=handed / ran if handed and ran else None,
        arrival_samples=arrival_samples,
        second_samples=second_samples,
    )


def _spoken(readings: Readings) -> range:
    """The finished periods from the first to the last with a point: before them there was no workload, after them the
    metrics are late."""
    spoken = [at for at in readings.published(("sent", "received", "deleted")) if at in readings.finished]
    return range(spoken[0], spoken[-1] + 1) if spoken else range(0)


def _resampled(periods: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Indices of blocks of neighbouring periods, as long together as the range: neighbours are alike, so that single
    periods would look more certain than they are. (Block length: the cube root, the usual choice.)"""
    length = max(1, round(periods ** (1 / 3)))
    blocks = math.ceil(periods / length)
    starts = np.random.default_rng(SEED).integers(0, periods - length + 1, size=(SAMPLES, blocks))
    rows = (starts[:, :, None] + np.arange(length)).reshape(SAMPLES, -1)
    return rows[:, :periods]
