"""``ops alarms diff``, ``apply`` and ``remove``: the recommended alarms in an account."""

from ops.cli.alarms.applying.commands import apply, diff, remove

__all__ = ["apply", "diff", "remove"]
