"""Receiving, sending, dead-lettering and move tasks, as SQS does them."""
