"""Groups whose commands are imported when they are run, so that ``ops --help`` imports none of them.

This is Click's recipe for lazy groups, passed to Typer through ``cls=``. The help of a group shows what is declared
here; the help of a command shows its docstring, of which the declared text is the first sentence.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup


class LazyCommand(TyperCommand):
    """A command, or a group of them, that is imported when it is run.

    ``target`` is ``module:name`` of the command's function, or of a group's ``typer.Typer``.
    """

    def __init__(self, name: str, target: str, help: str, panel: str | None = None, *, group: bool = False) -> None:
        super().__init__(name, help=help, rich_help_panel=panel)
        self.target = target
        self.is_group = group

    def load(self) -> TyperCommand | TyperGroup:
        """The command itself. Raises ImportError and AttributeError for a target that does not exist."""
        module, _, attribute = self.target.partition(":")
        found = getattr(import_module(module), attribute)
        if self.is_group:
            app = found
        else:
            app = typer.Typer(add_completion=False)
            app.command(self.name)(found)
        command: Any = typer.main.get_command(app)
        loaded: TyperCommand | TyperGroup = command
        loaded.help = _unwrapped(loaded.help or "")
        return loaded

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Called first both when a command is run and when a shell completes its options."""
        context = self.load().make_context(*args, **extra)
        for name, value in context.params.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise typer.BadParameter(f"{value} is not a finite number.", param_hint=f"--{name.replace('_', '-')}")
        return context


def _unwrapped(docstring: str) -> str:
    """Each paragraph as one line: the source's line breaks are not the terminal's, and Typer keeps them."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in docstring.split("\n\n"))


class LazyGroup(TyperGroup):
    """A subclass declares its commands, in the order of its help; Typer makes the instance."""

    declared: ClassVar[tuple[LazyCommand, ...]] = ()

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {str(command.name): command for command in self.declared} | {**self.commands}


def command_group(help: str, *commands: LazyCommand) -> typer.Typer:
    """A group of ``ops`` with these commands, in the order of its help."""
    app = typer.Typer(
        cls=type("CommandGroup", (LazyGroup,), {"declared": commands}),
        help=help,
        no_args_is_help=True,
        add_completion=False,
    )
    app.callback()(_nothing_shared)
    return app


def _nothing_shared() -> None:
    """The options of a group: none. With a callback, Typer makes a group of any number of commands."""
