"""What fits into the function's memory, by estimates on the safe side.

A job that needs more than there is kills its environment. So what a job names is measured before it is parsed, and a
table before a job works on it. What a job multiplies it by (resamples, an indicator a category) is not limited here.
"""

from __future__ import annotations

import os

from handler.errors import TableTooLarge

MEGABYTE = 1 << 20
DEFAULT_MEMORY = 1024 * MEGABYTE
"""Assumed outside Lambda, which sets the variable: in the container, per worker."""
BASE_BYTES = 256 * MEGABYTE
"""Python with NumPy, SciPy and scikit-learn, rounded up (measured 2026-11: 190 MB)."""
CELL_BYTES = 160
"""Bytes a cell of a table may need, with its share of what a job makes of it (measured 2026-11: ``describe`` of five
million distinct strings 150, ``prepare`` of as many numbers 70)."""
VALUE_BYTES, CONTAINER_BYTES, TEXT_BYTES = 80, 160, 5
"""Bytes that a value of JSON, a list or object in it, and a byte of the text itself may need once it is parsed."""


def memory() -> int:
    """Bytes that the function has."""
    megabytes = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    return int(megabytes) * MEGABYTE if megabytes else DEFAULT_MEMORY


def data_memory() -> int:
    """Bytes of it for a job's data."""
    return max(memory() - BASE_BYTES, memory() // 4)


def max_object_bytes() -> int:
    """The size of one object or file. A smaller one may still be too large once it is parsed."""
    return memory() // 16


def max_cells() -> int:
    return data_memory() // CELL_BYTES


def check_cells(cells: int) -> None:
    if cells > (most := max_cells()):
        raise TableTooLarge(f"more than {most} cells, the most for {memory() // MEGABYTE} MB of memory")


def check_json(name: str, content: bytes) -> None:
    """``content`` is what would be parsed. Counting is a thousandth of the work of parsing."""
    values = VALUE_BYTES * content.count(b",") + CONTAINER_BYTES * (content.count(b"[") + content.count(b"{"))
    if values + TEXT_BYTES * len(content) > data_memory():
        raise TableTooLarge(
            f"{name} is too large to be parsed in {memory() // MEGABYTE} MB of memory; a table may be larger as CSV"
        )
