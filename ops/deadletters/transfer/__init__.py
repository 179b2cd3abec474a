"""The engine that moves letters, with the ledger written ahead of each step."""

from ops.deadletters.transfer.engine import LEASE_S, Moved, Transfer

__all__ = ["LEASE_S", "Moved", "Transfer"]
