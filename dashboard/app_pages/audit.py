"""Audit: who did what to dead letters, when and why, and how it ended."""

from dashboard.components import audit_view

audit_view.section()
