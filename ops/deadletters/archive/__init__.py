"""Exports and imports of messages, and the audit log."""
