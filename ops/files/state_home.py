"""The folder in which this machine keeps what ``ops`` has read and done."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ops.errors import OpsError


def path(environ: Mapping[str, str] = os.environ) -> Path:
    """``$OPS_HOME``, else ``$XDG_STATE_HOME/scilearn-ops``, else ``~/.local/state/scilearn-ops``. Raises OpsError for a
    ``~`` that has no home folder."""
    own = environ.get("OPS_HOME")
    wanted = Path(own) if own else Path(environ.get("XDG_STATE_HOME") or "~/.local/state") / "scilearn-ops"
    try:
        return wanted.expanduser()
    except RuntimeError:  # taken literally, it would be in the current folder
        raise OpsError(
            f"{wanted} cannot be used: no such home.",
            "Set OPS_HOME to a writable folder (on the twin, OPS_TWIN_DIR).",
        ) from None
