"""Alarms of CloudWatch: what they would do, without CloudWatch."""
