"""Cached queries of pages to their services: a click or a refresh loads only what it changes."""
