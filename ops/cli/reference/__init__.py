"""The reference of every command, generated from the command line itself."""

from ops.cli.reference.command_tree import every_command, groups, root
from ops.cli.reference.rendering import with_reference

__all__ = ["every_command", "groups", "root", "with_reference"]
