"""CloudWatch: metrics, alarms and their history."""

from ops.aws.cloudwatch.alarm_changes import disable_alarm_actions, enable_alarm_actions, set_alarm_state
from ops.aws.cloudwatch.alarm_history import AlarmActionRecord, StateChange, alarm_actions, alarm_state_changes
from ops.aws.cloudwatch.alarms import (
    Alarm,
    AlarmMetric,
    CompositeAlarm,
    alarm_definitions,
    alarm_of,
    composite_alarms,
    describe_alarms,
    find_alarm,
    find_alarms_on,
    firing_alarms,
    log_alarms,
)
from ops.aws.cloudwatch.metrics import MetricData, MetricQuery, Points, get_metric_data
from ops.aws.cloudwatch.mute_rules import (
    AlarmMuteRule,
    active_mute_rules,
    delete_mute_rule,
    get_mute_rule,
    put_mute_rule,
)

__all__ = [
    "Alarm",
    "AlarmActionRecord",
    "AlarmMetric",
    "AlarmMuteRule",
    "CompositeAlarm",
    "MetricData",
    "MetricQuery",
    "Points",
    "StateChange",
    "active_mute_rules",
    "alarm_actions",
    "alarm_definitions",
    "alarm_of",
    "alarm_state_changes",
    "composite_alarms",
    "delete_mute_rule",
    "describe_alarms",
    "disable_alarm_actions",
    "enable_alarm_actions",
    "find_alarm",
    "find_alarms_on",
    "firing_alarms",
    "get_metric_data",
    "get_mute_rule",
    "log_alarms",
    "put_mute_rule",
    "set_alarm_state",
]
