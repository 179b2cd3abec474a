"""How results are printed: on a terminal, which untrusted text must not control, or for programs."""
