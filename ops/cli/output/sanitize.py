"""Untrusted text on a terminal: message bodies and error messages may hold escape sequences that move the cursor,
rewrite the screen or set the window's title. They are shown, not interpreted.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.target import Target
    from ops.workload import Workload

_SHOWN = {"\n": "↵", "\r": "␍", "\t": " ", "\x1b": "␛", "\x7f": "␡"}
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of invisible characters: controls, marks of direction (which reorder the text around them), zero-width
characters (which make different IDs look alike), lone surrogates, line and paragraph separators."""
_JOINERS = "\u200c\u200d"
"""Invisible too, but emoji and whole languages need them."""


def safe(text: str, limit: int = 0) -> str:
    """``text`` on one line with control characters made visible; cut to ``limit`` characters when that is not 0."""
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    return "".join(_visible(character) for character in text)


def place(workload: Workload, target: Target) -> str:
    """The workload and where it is, for the header of a command's output. The twin's account number has no meaning."""
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
