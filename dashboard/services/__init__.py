"""The interface between pages and `ops`, with its caches."""
