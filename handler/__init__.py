"""The SciLearn service: what ships in the container image. It imports nothing of ``ops`` or ``dashboard``."""
