"""Tasks of the server besides drawing pages."""
