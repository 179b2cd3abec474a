"""``ops doctor``: what of a workload's settings will go wrong, and the exact change."""

from ops.cli.doctor.command import doctor

__all__ = ["doctor"]
