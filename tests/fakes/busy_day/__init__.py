"""A workload with 1,000,000 invocations a day, as CloudWatch and CloudWatch Logs answer about it. Seeded; the same day
comes again each day, with other request IDs and the next version.

``traffic`` makes the day's numbers, ``metrics`` answers GetMetricData from them, ``log_lines`` writes the lines of a moment,
and ``insights`` answers Logs Insights queries; ``service`` puts them before a twin, which answers everything else.
"""

from tests.fakes.busy_day.service import BusyService
from tests.fakes.busy_day.traffic import BusyDay, Deployed

__all__ = ["BusyDay", "BusyService", "Deployed"]
