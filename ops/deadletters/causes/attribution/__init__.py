"""Which logged failure belongs to which message."""
