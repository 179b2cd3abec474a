"""What the parser would refuse of a command line: for tests of what documents and hints call."""

from __future__ import annotations

from typer.core import TyperCommand, TyperGroup

from ops.cli.reference import root
from ops.cli.reference.command_tree import loaded


def problems(words: list[str]) -> list[str]:
    """What the parser would refuse of a command line in words, ``ops`` first: a command or an option that is not there."""
    command: TyperCommand | TyperGroup = root()
    rest = words[1:]
    while isinstance(command, TyperGroup) and not (rest and rest[0].startswith("-")):
        if not rest or rest[0] not in command.commands:
            return ["no such command"]
        command = loaded(command.commands[rest.pop(0)])
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    given = {word.partition("=")[0] for word in rest if word.startswith("-")}
    return [f"no option {option}" for option in sorted(given - options - {"--help"})]
