"""``ops runbook check``: what is wrong with runbooks, each with file and line; nothing is run."""

from __future__ import annotations

from typing import Annotated

import typer

from ops import formatting
from ops.cli import options
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.files import atomic_file
from ops.runbooks import library, paper, validate
from ops.runbooks.model import DocumentProblem

COLUMNS = ("file", "line", "text")


def check(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Runbooks or files. Default: all.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the commands on paper that the steps stand for.")
    ] = False,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Check runbooks without running anything.

    Every problem with its file and line. Exits with 1 when there is one.
    """
    form = chosen_format(output, as_json)
    chosen = names or list(library.names())
    problems = [
        problem for name in chosen for problem in (_write(name) if write else library.read_file(library.find(name))[1])
    ]
    rows = [vars(problem) for problem in problems]
    if not print_as(form, rows, COLUMNS, rows):
        for problem in problems:
            typer.echo(safe(str(problem)))
        checked = formatting.count(len(chosen), "runbook")
        typer.echo(f"{checked} checked, {formatting.count(len(problems), 'problem') if problems else 'no problems'}.")
    if problems:
        raise typer.Exit(1)


def _write(name: str) -> tuple[DocumentProblem, ...]:
    """Writes the document's commands where nothing else is wrong with it."""
    path = library.find(name)
    document, _ = library.read_file(path)
    _, problems = validate.read(document.name, document.file, document.text, with_paper=False)
    if problems:
        return problems
    text = paper.written(document)
    if text != document.text:
        with atomic_file.atomic_write(path, replace=True) as stream:
            stream.write(text.encode())
        path.chmod(0o644)
    return library.read_file(path)[1]
