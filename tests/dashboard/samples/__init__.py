"""Hand-made reports for the pages' tests: a workload that is fine, in trouble, unused, or hostile.

They have the shapes of ops.insight.report_types and no other source; the numbers are made up by a seeded generator.
"""

from tests.dashboard.samples.sample import Sample
from tests.dashboard.samples.series import HOSTILE, frame

__all__ = ["HOSTILE", "Sample", "frame"]
