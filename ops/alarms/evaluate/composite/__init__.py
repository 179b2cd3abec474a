"""Composite alarms, and the rules that they combine other alarms with."""
