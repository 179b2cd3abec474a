"""What a process may set otherwise before it moves letters (the chaos bench does)."""

from __future__ import annotations

LEASE_S = 30
"""How long a claimed letter is invisible: many times what its way takes, and short enough to wait for after a kill."""
