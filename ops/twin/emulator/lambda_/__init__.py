"""Invocations, event source mappings and destinations, as Lambda does them."""
