"""Errors as they stand in logs: type, message, place in the code and what wrapped them, by a record or by a stack trace."""
