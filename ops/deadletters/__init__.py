"""Dead letters: what died and why. Read-only: a look leases letters and gives them back (see ``lease``)."""

from ops.deadletters.look import LIMIT, look

__all__ = ["LIMIT", "look"]
