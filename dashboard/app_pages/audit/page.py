"""Audit: redrives, copies and purges of dead letters and runs of runbooks, with who, when, why and the result."""

from dashboard.app_pages.audit import view

view.section()
