"""Who fills the queue: shares of message groups, senders, tenants or values of a body field, from a stated sample.

``tenants_report`` reads log lines or the dead-letter queue's snapshot, and touches no queue; ``peek`` receives live messages,
on request only.
"""

from ops.tenants.model import Grouping, Source, TenantReport, TenantShare
from ops.tenants.report import tenants_report

__all__ = ["Grouping", "Source", "TenantReport", "TenantShare", "tenants_report"]
