"""Plans: made from the shelf, kept as files, refused when they are no longer true."""

from ops.deadletters.plans.files import load, save
from ops.deadletters.plans.fresh import MAX_AGE, check
from ops.deadletters.plans.make import MARGIN, make
from ops.deadletters.plans.returns import staying

__all__ = ["MARGIN", "MAX_AGE", "check", "load", "make", "save", "staying"]
