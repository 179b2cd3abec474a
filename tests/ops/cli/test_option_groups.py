"""Options that several commands share as one argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from ops.cli.commands_base.option_groups import OptionGroup, with_groups


@dataclass(frozen=True)
class Where(OptionGroup):
    place: Annotated[str | None, typer.Option("--place", help="Where.")] = None
    often: Annotated[list[int] | None, typer.Option("--often")] = None


@with_groups
def command(where: Where, name: Annotated[str, typer.Argument()], loud: bool = False) -> None:
    """Say it."""
    typer.echo(f"{where} {name} {loud}")


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (["x"], "Where(place=None, often=None) x False"),
        (
            ["--place", "here", "--often", "1", "--often", "2", "--loud", "x"],
            "Where(place='here', often=[1, 2]) x True",
        ),
    ],
)
def test_a_group_is_put_together_from_its_options(arguments: list[str], printed: str) -> None:
    app = typer.Typer()
    app.command()(command)
    assert CliRunner().invoke(app, arguments).output.strip() == printed


def test_the_help_has_the_options_of_the_group() -> None:
    app = typer.Typer()
    app.command()(command)
    text = CliRunner().invoke(app, ["--help"]).output
    assert "--place" in text and "Say it." in text and "--where" not in text
