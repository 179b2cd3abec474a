"""The ledger: one file a run, in which each letter's intent, sending and deletion is synced before the next step."""

from ops.deadletters.ledger.ledger import AcceptedMessage, Ledger

__all__ = ["AcceptedMessage", "Ledger"]
