"""Output of results: on a terminal, safe from untrusted text, or for programs."""
