"""Failure causes: what messages carry, what the logs show, which share a cause, and whether that is fixed."""

from ops.deadletters.causes.explain import Explanation, explain
from ops.deadletters.causes.fix_status import FixedSince
from ops.deadletters.causes.logs.log_query import Budget
from ops.deadletters.causes.message_timeline import Timeline, TimelineEvent, timeline
from ops.deadletters.causes.report import CausesReport, cause_in_words, report
from ops.deadletters.fingerprints.fingerprint import fingerprint

__all__ = [
    "Budget",
    "CausesReport",
    "Explanation",
    "FixedSince",
    "Timeline",
    "TimelineEvent",
    "cause_in_words",
    "explain",
    "fingerprint",
    "report",
    "timeline",
]
