"""``ops doctor``: settings of a workload that will cause problems, and the exact change."""

from ops.cli.doctor.command import doctor

__all__ = ["doctor"]
