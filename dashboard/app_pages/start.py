"""Start: what to look at, when nothing is chosen yet."""

from dashboard import starting

starting.show()
