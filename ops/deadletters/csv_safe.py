"""Untrusted text in CSV files: a spreadsheet would evaluate a cell that starts like a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

_FORMULA = frozenset("=+-@\t\r\n|%＝＋－＠")
"""Characters that begin a formula in some spreadsheet (OWASP, CSV injection), also after spaces and quotes."""
_BREAKS_CELL = re.compile(r"([;\t\n][\s'\"\u00a0\ufeff]{0,8})([=+\-@|%＝＋－＠])")
"""Where a spreadsheet with another list separator would split a quoted cell, with a second part that starts like a
formula."""
_KEPT = "\n\t"


def safe_cell(value: object) -> str:
    """``value`` as text that stays text: a ``'`` before what could be a formula, control characters as ``\\x1b``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    text = "" if value is None else str(value)
    risky = text[:1] in _FORMULA or text.lstrip(" '\"\u00a0\ufeff")[:1] in _FORMULA
    shown = text if text.isprintable() else _escaped(text.replace("\r\n", "\n"))
    shown = _BREAKS_CELL.sub(r"\1'\2", shown)
    return f"'{shown}" if risky and text else shown


def csv_line(row: Iterable[object]) -> str:
    """One line with its end (RFC 4180); every cell goes through ``safe_cell``."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerow([safe_cell(value) for value in row])
    return out.getvalue()


def _escaped(text: str) -> str:
    return "".join(sign if sign.isprintable() or sign in _KEPT else ascii(sign)[1:-1] for sign in text)
