"""A set of alarms made true in an account: the difference first, then put or removed, touching only what is tagged as ours."""

from ops.alarms.applying import remembered_options
from ops.alarms.applying.applying import apply, difference, remove
from ops.alarms.applying.for_workload import OwnRecommendation, recommend_for
from ops.alarms.applying.live_alarms import LiveAlarms, read
from ops.alarms.applying.model import (
    OWNER_TAG,
    AlarmChange,
    AlarmDifference,
    AlarmFieldChange,
    ApplyResult,
    ChangeKind,
)
from ops.alarms.applying.own_log_alarm import own_log_alarm

__all__ = [
    "OWNER_TAG",
    "AlarmChange",
    "AlarmDifference",
    "AlarmFieldChange",
    "ApplyResult",
    "ChangeKind",
    "LiveAlarms",
    "OwnRecommendation",
    "apply",
    "difference",
    "own_log_alarm",
    "read",
    "recommend_for",
    "remembered_options",
    "remove",
]
