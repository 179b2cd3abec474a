"""The engine that moves messages, with the ledger written ahead of each step."""

from ops.deadletters.transfer.engine import Transfer, TransferResult

__all__ = ["Transfer", "TransferResult"]
