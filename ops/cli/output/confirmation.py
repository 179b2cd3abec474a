"""Asks before something is changed."""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer

from ops.errors import UsageError


def _is_interactive() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()  # None: the shell closed it (<&-)


def confirm(question: str, yes: bool, otherwise: str, show: Callable[[], None]) -> None:
    """Shows what is to be confirmed and prompts. ``--yes`` is for scripts, and required without a terminal.

    Raises UsageError without a terminal, typer.Exit(1) when the answer is no.
    """
    if yes:
        return
    if not _is_interactive():
        raise UsageError("Confirmation required, but stdin is not a terminal.", otherwise)
    show()
    if not typer.confirm(question, err=True):
        typer.echo("Nothing was done.", err=True)
        raise typer.Exit(1)


def typed_confirmation(wanted: str, given: str | None) -> str:
    """The confirmation as typed, or as given by the option. Raises UsageError without a terminal."""
    if given is not None:
        return given
    if not _is_interactive():
        raise UsageError(
            "Confirmation required, but stdin is not a terminal.",
            f'Add --confirm "{wanted}".',
        )
    return str(typer.prompt(f'Type "{wanted}" to continue', default="", show_default=False, err=True))
