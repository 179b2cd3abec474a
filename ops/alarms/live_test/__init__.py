"""``ops alarms test``: an alarm driven through to a temporary subscriber, so that its delivery is known, not inferred."""

from ops.alarms.live_test.driving import DEFAULT_WAIT_S, MAX_WAIT_S, plan_test, run_test
from ops.alarms.live_test.leftovers import remove as remove_leftovers
from ops.alarms.live_test.model import AlarmTestPlan, AlarmTestResult, TopicArrival

__all__ = [
    "DEFAULT_WAIT_S",
    "MAX_WAIT_S",
    "AlarmTestPlan",
    "AlarmTestResult",
    "TopicArrival",
    "plan_test",
    "remove_leftovers",
    "run_test",
]
