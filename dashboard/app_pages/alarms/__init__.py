"""Alarms: what fires, who is notified, and would it page?"""
