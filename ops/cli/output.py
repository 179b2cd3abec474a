"""``--output``: the same answer as a table, as CSV for spreadsheets, as JSON or as YAML.

YAML is written here: of its kinds of text only double-quoted ones are used, which are JSON's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import typer

from ops.cli.json_output import dumps, plain
from ops.deadletters import csv_safe
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
    formats = {OutputFormat.JSON, OutputFormat.YAML}
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return any(
        word == "--json" or (word == "--output" and value in formats) or word.removeprefix("--output=") in formats
        for word, value in pairs
    )


def print_as(output: OutputFormat, value: Any, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bool:
    """Prints ``value`` as JSON or YAML, or the ``columns`` of ``rows`` as CSV. False: the command shows its own table."""
    if output is OutputFormat.JSON:
        typer.echo(dumps(value))
    elif output is OutputFormat.YAML:
        typer.echo("\n".join(yaml_lines(plain(value))))
    elif output is OutputFormat.CSV:
        typer.echo("".join(csv_lines(columns, rows)), nl=False)
    return output is not OutputFormat.TABLE


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A line of names, then one for each row; nothing that a spreadsheet takes for a formula."""
    yield csv_safe.csv_line(columns)
    for row in rows:
        yield csv_line(columns, row)


def csv_line(columns: Sequence[str], row: Mapping[str, Any]) -> str:
    return csv_safe.csv_line(_cell(plain(row.get(column))) for column in columns)


def yaml_lines(value: Any, indent: str = "") -> Iterator[str]:
    """A value of JSON's types as YAML 1.2 in block style."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _yaml_entry(f"{indent}{_yaml_key(key)}:", item, indent)
    elif isinstance(value, list) and value:
        for item in value:
            yield from _yaml_entry(f"{indent}-", item, indent)
    else:
        yield f"{indent}{json.dumps(value)}"


def _yaml_entry(head: str, item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, dict | list) and item:
        yield head
        yield from yaml_lines(item, f"{indent}  ")
    else:
        yield f"{head} {json.dumps(item)}"


def _yaml_key(key: str) -> str:
    """Names of fields as they are, but for those that YAML 1.1 takes for true or false; anything else in quotes."""
    is_name = (
        key.isascii()
        and key.isidentifier()
        and key.lower() not in ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
    )
    return key if is_name else json.dumps(key)


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value
