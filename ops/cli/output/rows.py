"""``--output``: the same result as a table, as CSV for spreadsheets, as JSON or as YAML.

YAML is written here: of its kinds of text only double-quoted ones are used, which are JSON's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import typer

from ops.cli.output.formats import OutputFormat
from ops.cli.output.json_output import dumps, plain
from ops.deadletters import csv_safe


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
        yield f"{indent}{_yaml_scalar(value)}"


def _yaml_entry(head: str, item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, dict | list) and item:
        yield head
        yield from yaml_lines(item, f"{indent}  ")
    else:
        yield f"{head} {_yaml_scalar(item)}"


def _yaml_scalar(value: Any) -> str:
    """The value as JSON; a number with an exponent gets a decimal point, without which YAML 1.1 reads it as text."""
    text = json.dumps(value)
    return text.replace("e", ".0e") if isinstance(value, float) and "." not in text else text


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
