"""Plans: made from the shelf, kept as files, refused when they are no longer true."""

from ops.deadletters.plans.build import MARGIN, make
from ops.deadletters.plans.return_targets import staying
from ops.deadletters.plans.staleness import MAX_AGE, check
from ops.deadletters.plans.store import load, save

__all__ = ["MARGIN", "MAX_AGE", "check", "load", "make", "save", "staying"]
