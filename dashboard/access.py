"""What this dashboard may do: a scan of a dead-letter queue raises receive counts, a redrive or purge moves messages."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ops.access import read_only


@dataclass(frozen=True)
class Access:
    """``why``: the sentence that a disabled control shows."""

    read_only: bool
    why: str = ""

    @property
    def may_receive(self) -> bool:
        """Receive messages: deletes nothing, but raises receive counts and hides messages for a while."""
        return not self.read_only

    @property
    def may_change(self) -> bool:
        """Redrive, cancel, resume, purge: messages are sent or deleted."""
        return not self.read_only


def access(environ: Mapping[str, str] = os.environ) -> Access:
    """``OPS_READ_ONLY=1`` disables everything that changes the workload. ``ops.access`` enforces it; here the controls
    are disabled, with the reason shown."""
    if read_only(environ):
        return Access(True, "This dashboard is read-only (OPS_READ_ONLY is set).")
    return Access(False)
