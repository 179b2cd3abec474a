"""The values of ``--output``, and what a command line asks for. Imports little: every command line is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from ops.errors import UsageError


class OutputFormat(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    YAML = "yaml"


def chosen_format(output: OutputFormat, as_json: bool) -> OutputFormat:
    """``--json`` is short for ``--output json``. Raises UsageError when both are given and differ."""
    if as_json and output not in (OutputFormat.TABLE, OutputFormat.JSON):
        raise UsageError(f"--json and --output {output} exclude each other.", "Omit one of them.")
    return OutputFormat.JSON if as_json else output


def wants_json_errors(arguments: Sequence[str]) -> bool:
    """Whether a command line's errors are for a program, too: its output is JSON or YAML."""
    formats = (OutputFormat.JSON, OutputFormat.YAML)
    named = {"--json", *(f"--output={form}" for form in formats)}
    pairs = pairwise(arguments)
    return not named.isdisjoint(arguments) or any(word == "--output" and value in formats for word, value in pairs)
