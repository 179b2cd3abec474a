"""The command line as its parser has it: each command, loaded, with its full name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from ops.cli.app import app
from ops.cli.commands_base.lazy_group import LazyCommand


@cache
def root() -> TyperGroup:
    """The group ``ops``."""
    return cast(TyperGroup, typer.main.get_command(app))


def groups() -> dict[str, TyperGroup]:
    """``ops dlq``, ``ops twin`` … with what they contain, in the order of ``ops --help``."""
    commands = {f"ops {name}": loaded(command) for name, command in root().commands.items()}
    return {name: command for name, command in commands.items() if isinstance(command, TyperGroup)}


def every_command() -> Iterator[tuple[str, TyperCommand]]:
    """Each command with its name, ``ops status``, ``ops dlq scan`` …, in the order of the help."""
    for name, command in root().commands.items():
        found = loaded(command)
        if isinstance(found, TyperGroup):
            yield from (
                (f"ops {name} {each}", cast(TyperCommand, loaded(inner))) for each, inner in found.commands.items()
            )
        else:
            yield f"ops {name}", found


def loaded(command: Any) -> TyperCommand | TyperGroup:
    """A command of a group as it is when it runs."""
    return command.load() if isinstance(command, LazyCommand) else cast(TyperCommand, command)
