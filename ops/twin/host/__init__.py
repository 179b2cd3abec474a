"""The twin's Lambda host."""
