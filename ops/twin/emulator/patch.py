"""A patch: one named attribute of MiniStack, and its replacement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Patch:
    module: str  # below ministack, e.g. services.sqs
    attribute: str
    make: Callable[[Any], Any]  # the original in, the replacement out
    why: str  # the AWS behavior that the replacement brings
