"""Audit: who did what to dead letters, when and why, and how it ended."""

from dashboard.parts import audit

audit.section()
