"""Failure causes: what messages carry, what the logs show, which share a cause, and whether that is fixed."""

from ops.deadletters.causes.explain import Explanation, explain_causes
from ops.deadletters.causes.fix_status import FixStatus
from ops.deadletters.causes.logs.log_query import NO_SEARCH, Budget
from ops.deadletters.causes.message_timeline import Timeline, TimelineEvent, build_timeline
from ops.deadletters.causes.report import CausesReport, cause_in_words, report_causes
from ops.fingerprints.fingerprint import fingerprint

__all__ = [
    "NO_SEARCH",
    "Budget",
    "CausesReport",
    "Explanation",
    "FixStatus",
    "Timeline",
    "TimelineEvent",
    "build_timeline",
    "cause_in_words",
    "explain_causes",
    "fingerprint",
    "report_causes",
]
