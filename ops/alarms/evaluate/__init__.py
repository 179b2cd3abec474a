"""CloudWatch's alarms, evaluated as CloudWatch does, as pure functions on a virtual clock.

``metric_alarm`` reads a definition, ``metric_states`` says when it changes state over recorded points. The modules below
are the parts: ``threshold`` decides over one window, ``statistics`` measures one period. What is not modeled is refused
with an AlarmError, never guessed.
"""

from __future__ import annotations

from ops.alarms.evaluate.errors import AlarmError
from ops.alarms.evaluate.metric_alarm import MetricAlarm, MetricStat, metric_alarm
from ops.alarms.evaluate.metric_states import Transition, metric_states
from ops.alarms.evaluate.points import Metric, Metrics, Point, dimensions_of, point

__all__ = [
    "AlarmError",
    "Metric",
    "MetricAlarm",
    "MetricStat",
    "Metrics",
    "Point",
    "Transition",
    "dimensions_of",
    "metric_alarm",
    "metric_states",
    "point",
]
