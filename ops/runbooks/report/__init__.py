"""The incident report of a run: its record with what the account and the audit log show about the same time.

``build(record, target)`` reads, ``markdown(report)`` writes it as text, ``pictures.draw(report, path)`` as a picture.
"""

from ops.runbooks.report.build import build
from ops.runbooks.report.markdown import markdown
from ops.runbooks.report.model import EntryKind, IncidentReport, TimelineEntry

__all__ = ["EntryKind", "IncidentReport", "TimelineEntry", "build", "markdown"]
