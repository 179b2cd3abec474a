"""``ops alarms rehearse``: which alarms would have paged in published incidents, and when."""
