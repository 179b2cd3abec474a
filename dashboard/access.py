"""Who may do what: looking at dead letters leaves a trace, and redriving and purging move them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ops.access import read_only


@dataclass(frozen=True)
class Access:
    """What this dashboard may do. ``why`` is the sentence that a disabled control shows."""

    read_only: bool
    why: str = ""

    @property
    def may_receive(self) -> bool:
        """Receive from a queue: it deletes nothing, but raises receive counts and hides messages for a while."""
        return not self.read_only

    @property
    def may_change(self) -> bool:
        """Redrive, cancel, resume, purge: messages are sent or deleted."""
        return not self.read_only


def access(environ: Mapping[str, str] = os.environ) -> Access:
    """``OPS_READ_ONLY=1`` takes away everything that leaves a trace in the workload; ``ops.access`` holds it, and a
    disabled control says so before."""
    if read_only(environ):
        return Access(True, "This dashboard is read-only (OPS_READ_ONLY is set).")
    return Access(False)
