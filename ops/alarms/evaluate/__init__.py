"""CloudWatch's alarms, evaluated as CloudWatch does, as pure functions on a virtual clock.

``simulate`` takes metric and composite alarms, recorded points and mute rules, and answers every change of state and every
action. The modules below are its parts: ``metric_alarm`` reads a ``definition``, ``metric_states`` runs it over time,
``threshold`` decides over one window, ``statistics`` measures one period, ``metric_math`` combines metrics, ``composite``
combines alarms. What is not modeled is refused with an AlarmError, never guessed; what AWS does not publish, and was chosen
here, is marked ⚠.
"""

from __future__ import annotations

from ops.alarms.evaluate.actions import AlarmAction
from ops.alarms.evaluate.composite.composite_alarm import CompositeDefinition, composite_alarm
from ops.alarms.evaluate.errors import AlarmError
from ops.alarms.evaluate.metric_alarm import MetricAlarm, MetricStat, metric_alarm
from ops.alarms.evaluate.metric_states import Transition, metric_states
from ops.alarms.evaluate.points import Metric, Metrics, Point, dimensions_of, point
from ops.alarms.evaluate.quotas import NO_QUOTAS, Quotas, account_quotas
from ops.alarms.evaluate.simulation import Simulation, simulate

__all__ = [
    "NO_QUOTAS",
    "AlarmAction",
    "AlarmError",
    "CompositeDefinition",
    "Metric",
    "MetricAlarm",
    "MetricStat",
    "Metrics",
    "Point",
    "Quotas",
    "Simulation",
    "Transition",
    "account_quotas",
    "composite_alarm",
    "dimensions_of",
    "metric_alarm",
    "metric_states",
    "point",
    "simulate",
]
