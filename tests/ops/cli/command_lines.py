"""The command line as its parser has it: for tests of what documents and hints call."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import typer
from typer.core import TyperCommand, TyperGroup

from ops.cli.app import app
from ops.cli.commands_base.lazy_group import LazyCommand


@cache
def root() -> TyperGroup:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def every_command() -> Iterator[tuple[str, TyperCommand]]:
    """Each command as it is run, with its name: ``ops status``, ``ops dlq scan`` …"""
    for name, command in root().commands.items():
        assert isinstance(command, LazyCommand)
        found = command.load()
        if isinstance(found, TyperGroup):
            for each, inner in found.commands.items():
                loaded = inner.load() if isinstance(inner, LazyCommand) else inner
                assert isinstance(loaded, TyperCommand)
                yield f"ops {name} {each}", loaded
        else:
            yield f"ops {name}", found


def groups() -> set[str]:
    """As they are named in prose: ``ops dlq``, ``ops twin`` …"""
    return {name.rpartition(" ")[0] for name, _ in every_command() if name.count(" ") == 2}


def problems(words: list[str]) -> list[str]:
    """What the parser would refuse of a command line in words, ``ops`` first: a command or an option that is not there."""
    command: TyperCommand | TyperGroup = root()
    rest = words[1:]
    while isinstance(command, TyperGroup) and not (rest and rest[0].startswith("-")):
        if not rest or rest[0] not in command.commands:
            return ["no such command"]
        found = command.commands[rest.pop(0)]
        loaded = found.load() if isinstance(found, LazyCommand) else found
        assert isinstance(loaded, TyperCommand | TyperGroup)
        command = loaded
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    given = {word.partition("=")[0] for word in rest if word.startswith("-")}
    return [f"no option {option}" for option in sorted(given - options - {"--help"})]
