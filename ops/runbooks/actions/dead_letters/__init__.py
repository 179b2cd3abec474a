"""Actions on dead letters: scan and explain, export and delete, redrive, move to a quarantine queue."""

from ops.runbooks.actions.dead_letters.archive import Export, Purge
from ops.runbooks.actions.dead_letters.quarantine import PlanQuarantine, Quarantine
from ops.runbooks.actions.dead_letters.redrive import Cancel, Redrive
from ops.runbooks.actions.dead_letters.scan_and_plan import Explain, MakePlan, Scan, ScanAndExplain
from ops.runbooks.actions.dead_letters.undelivered import PlanUndelivered, RedriveUndelivered, ScanUndelivered

__all__ = [
    "Cancel",
    "Explain",
    "Export",
    "MakePlan",
    "PlanQuarantine",
    "PlanUndelivered",
    "Purge",
    "Quarantine",
    "Redrive",
    "RedriveUndelivered",
    "Scan",
    "ScanAndExplain",
    "ScanUndelivered",
]
