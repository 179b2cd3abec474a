"""Audit: who did what to dead letters, when and why, and how it ended."""

from dashboard.app_pages.audit import view

view.section()
