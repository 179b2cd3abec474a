"""Untrusted text on a terminal: message bodies and error messages may hold escape sequences that move the cursor,
rewrite the screen or set the window's title. They are shown, not obeyed.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.target import Target
    from ops.workload import Workload

_SHOWN = {"\n": "↵", "\r": "␍", "\t": " ", "\x1b": "␛", "\x7f": "␡"}
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of what has no shape: controls, marks of direction (which reorder the text around them) and what takes no
room (in which two ids that differ look alike), lone surrogates, breaks of lines and paragraphs."""
_JOINERS = "\u200c\u200d"
"""Of no shape either, but emoji and whole languages are written with them."""


def safe(text: str, limit: int = 0) -> str:
    """``text`` on one line with control characters made visible; cut to ``limit`` characters when that is not 0."""
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    return "".join(_visible(character) for character in text)


def place(workload: Workload, target: Target) -> str:
    """What was looked at and where, for the head of a command's answer. The twin's account number would say nothing."""
    where = "local twin" if target.is_twin else f"account {workload.account}"
    return safe(f"{workload.name} · {workload.region} · {where}")


def _visible(character: str) -> str:
    if character in _SHOWN:
        return _SHOWN[character]
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)  # the control pictures: ␀ … ␟
    if unicodedata.category(character) in _UNSEEN and character not in _JOINERS:
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character
