"""The ledger: one file per run, in which each message's intent, sending and deletion is synced before the next step."""

from ops.deadletters.ledger.ledger import AcceptedMessage, Ledger

__all__ = ["AcceptedMessage", "Ledger"]
