"""Text from strangers in a CSV file, which spreadsheets open: a cell that begins like a formula would be one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

_FORMULA = frozenset("=+-@\t\r\n|%＝＋－＠")
"""Signs that begin a formula in some spreadsheet (OWASP, CSV injection), also after spaces and quotes."""
_SHOWN = "\n\t"


def cell(value: object) -> str:
    """``value`` as text that stays text: a ``'`` before what could be a formula, control characters as ``\\x1b``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    text = "" if value is None else str(value)
    risky = text[:1] in _FORMULA or text.lstrip(" '\"\u00a0\ufeff")[:1] in _FORMULA
    shown = "".join(
        sign if sign.isprintable() or sign in _SHOWN else ascii(sign)[1:-1] for sign in text.replace("\r\n", "\n")
    )
    return f"'{shown}" if risky and text else shown


def lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The file line by line, each with its end (RFC 4180)."""
    yield _line(columns)
    for row in rows:
        yield _line([cell(value) for value in row])


def _line(row: Sequence[object]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerow(row)
    return out.getvalue()
