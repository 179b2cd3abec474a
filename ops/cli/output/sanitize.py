"""Sanitizing of untrusted text for a terminal (``safe``), and the header that names the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.untrusted_text import safe

if TYPE_CHECKING:
    from ops.target import Target
    from ops.workload import Workload

__all__ = ["place", "safe"]


def place(workload: Workload, target: Target) -> str:
    """The workload and where it is, for the header of a command's output. The twin's account number has no meaning."""
    where = "local twin" if target.is_twin else f"account {workload.account}"
    return safe(f"{workload.name} · {workload.region} · {where}")
