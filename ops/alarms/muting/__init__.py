"""Alarms muted while something is done on purpose that would trip them."""

from ops.alarms.muting.choosing import MuteChoice, RedriveParts, tripped_alarms
from ops.alarms.muting.muting import end, lift, lift_overdue, mute, of_place, rule_name
from ops.alarms.muting.records import ACTIONS, RULE, MuteRecord
from ops.alarms.muting.renewing import WINDOW_S, MutingRenewal

__all__ = [
    "ACTIONS",
    "RULE",
    "WINDOW_S",
    "MuteChoice",
    "MuteRecord",
    "MutingRenewal",
    "RedriveParts",
    "end",
    "lift",
    "lift_overdue",
    "mute",
    "of_place",
    "rule_name",
    "tripped_alarms",
]
