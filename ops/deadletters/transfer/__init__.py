"""The engine that moves letters, with the ledger written ahead of each step."""

from ops.deadletters.transfer.engine import Moved, Transfer

__all__ = ["Moved", "Transfer"]
