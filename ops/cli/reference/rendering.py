"""The reference as Markdown: what a command does, its exit codes other than 0, and its options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from typer.core import TyperCommand

from ops.cli.reference.command_tree import every_command, groups

BEGIN = "<!-- commands: .venv/bin/python -m ops.cli.reference writes what follows -->\n"
SHARED = ("--stack", "--queue", "--function", "--profile", "--region", "--json", "--output", "--help")
"""Explained once, above the mark."""


def with_reference(text: str) -> str:
    """The text with what follows the mark made again."""
    return f"{text.partition(BEGIN)[0]}{BEGIN}" + "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    group = ""
    for name, command in every_command():
        if (now := name.rpartition(" ")[0]) != group:
            group = now
            yield from (
                ("", f"## {group}", "", groups()[group].help or "")
                if group in groups()
                else ("", "## Commands without a group")
            )
        yield from ("", *_command(name, command))


def _command(name: str, command: TyperCommand) -> Iterator[str]:
    context = command.make_context(name, [], resilient_parsing=True)
    rows = [(parameter, record[1]) for parameter in command.params if (record := parameter.get_help_record(context))]
    arguments = [_argument(parameter) for parameter, _ in rows if parameter.param_type_name == "argument"]
    yield f"### {' '.join([name, *arguments])}"
    for paragraph in str(command.help).split("\n\n"):
        yield from ("", _text(paragraph))
    if own := [_row(parameter, help) for parameter, help in rows if not {*parameter.opts} & {*SHARED}]:
        yield from ("", *own)
    if shared := [option for option in SHARED for parameter, _ in rows if option in parameter.opts]:
        yield from ("", f"Shared: {', '.join(f'`{option}`' for option in shared)}.")


def _row(option: Any, help: str) -> str:
    if option.param_type_name == "argument":
        return f"- `{_argument(option)}`: {_text(help)}"
    value = f" {option.metavar}" if option.metavar else ""
    return f"- {', '.join(f'`{name}{value}`' for name in (*option.opts, *option.secondary_opts))}: {_text(help)}"


def _argument(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper()).strip("{}")


def _text(text: str) -> str:
    """The text on one line, with characters escaped that Markdown would take for HTML or emphasis."""
    return " ".join(re.sub(r"<(?=[A-Za-z/!])|\*", r"\\\g<0>", text).split())
