"""Jobs and traffic for the twin."""
