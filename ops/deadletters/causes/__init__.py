"""Why letters died: what they carry, what the logs know, which of them died of the same, and whether that is fixed."""

from ops.deadletters.causes.explain import Explained, explain
from ops.deadletters.causes.fix_status import FixedSince
from ops.deadletters.causes.logs.log_query import Budget
from ops.deadletters.causes.message_timeline import Moment, Timeline, timeline
from ops.deadletters.causes.report import CausesReport, cause_in_words, report
from ops.deadletters.fingerprints.fingerprint import fingerprint

__all__ = [
    "Budget",
    "CausesReport",
    "Explained",
    "FixedSince",
    "Moment",
    "Timeline",
    "cause_in_words",
    "explain",
    "fingerprint",
    "report",
    "timeline",
]
