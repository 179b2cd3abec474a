"""Plans: created from the snapshot, stored as files, refused when stale."""

from ops.deadletters.plans.build import DEFAULT_MARGIN, make_plan
from ops.deadletters.plans.return_targets import remaining_sentence
from ops.deadletters.plans.staleness import MAX_PLAN_AGE, ensure_current
from ops.deadletters.plans.store import load_plan, save_plan

__all__ = [
    "DEFAULT_MARGIN",
    "MAX_PLAN_AGE",
    "ensure_current",
    "load_plan",
    "make_plan",
    "remaining_sentence",
    "save_plan",
]
