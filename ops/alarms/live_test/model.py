"""A test of an alarm before and after."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from ops.alarms.delivery import AlarmDelivery
from ops.aws.cloudwatch import AlarmActionRecord


@dataclass(frozen=True)
class AlarmTestPlan:
    """``topics``: ARNs of those that a subscriber is made for. ``not_watched``: topics that are notified unwatched, in
    words. ``other_actions``: actions that notify no topic, but may stop, scale or run something. ``subscribers``: who gets
    this page besides (``email oncall@example.com``). ``blocked``: why nothing can arrive; then nothing is done.
    ``returns``: CloudWatch sets it back by itself: not a composite alarm, and not an alarm that keeps its state while data
    is missing."""

    alarm: str
    arn: str
    state: str
    returns: bool
    topics: tuple[str, ...]
    not_watched: tuple[str, ...]
    subscribers: tuple[str, ...]
    blocked: str
    delivery: AlarmDelivery
    other_actions: tuple[str, ...] = ()

    @property
    def refusal(self) -> tuple[str, str]:
        """Why its other actions keep it from being tested, and what next."""
        what = f"A test of {self.alarm} would also carry out, for real: {', '.join(self.other_actions)}."
        return what, f"If that is wanted: ops alarms test {shlex.quote(self.alarm)} --other-actions"

    @property
    def ending(self) -> str:
        """A sentence about how the alarm's state returns to normal."""
        if self.returns:
            return "CloudWatch sets the state back at its next evaluation."
        return f"The state is set back to {self.state} afterwards, unless the alarm is in ALARM in earnest by then."


@dataclass(frozen=True)
class TopicArrival:
    """``after_s``: seconds from the change of state; None: nothing came."""

    topic: str
    after_s: float | None


@dataclass(frozen=True)
class AlarmTestResult:
    """``failures``: CloudWatch's failed actions of this test. ``afterwards``: a sentence on the alarm's state.
    ``leftovers``: what could not be removed, in words. ``stopped``: it was interrupted before the time limit."""

    plan: AlarmTestPlan
    arrivals: tuple[TopicArrival, ...]
    passed: bool
    waited_s: float
    failures: tuple[AlarmActionRecord, ...] = ()
    afterwards: str = ""
    leftovers: tuple[str, ...] = ()
    stopped: bool = False
