"""Groups of messages without a known cause, by the shape of their bodies."""
