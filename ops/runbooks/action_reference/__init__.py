"""What is generated from the registry of actions: their reference, and the IAM policies that they need."""

from ops.runbooks.action_reference.rendering import policy, with_reference

__all__ = ["policy", "with_reference"]
