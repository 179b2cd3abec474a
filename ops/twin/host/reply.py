"""A runtime's reply to one invocation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """What the runtime answered. ``error_type`` is empty for a response. Times are ``clock.now()`` moments."""

    payload: bytes
    error_type: str
    first_byte: float
    last_byte: float
