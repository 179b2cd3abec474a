"""``ops status``: the workload on one screen."""

from ops.cli.status.command import status

__all__ = ["status"]
