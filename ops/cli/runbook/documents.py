"""``ops runbook list``, ``show`` and ``actions``: the runbooks and actions that exist."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops.cli import options
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.json_output import dumps
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.runbooks import action_reference, library
from ops.runbooks.actions import ACTIONS
from ops.runbooks.model import Runbook

Name = Annotated[str, typer.Argument(metavar="NAME", help="A runbook's name, or a file.")]
COLUMNS = ("name", "title", "severity", "alarms", "steps", "problems")
ACTION_COLUMNS = ("name", "summary", "effect", "inputs", "outputs", "permissions")
WIDTH_WITH_TITLES = 110
"""Columns of a terminal from which on the title stands beside the name, which mostly says the same."""


def list_(output: options.Output = OutputFormat.TABLE, as_json: options.Json = False) -> None:
    """List the runbooks.

    One without steps is complete on paper and cannot be run.
    """
    rows = []
    for name in library.names():
        document, problems = library.read_file(library.find(name))
        rows.append({**row_of(document), "problems": len(problems)})
    if print_as(chosen_format(output, as_json), rows, COLUMNS, rows):
        return
    console = Console(highlight=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    titles = ("RUNBOOK", "SEVERITY", "STEPS", "ALARMS") + ("TITLE",) * (console.width >= WIDTH_WITH_TITLES)
    for title in titles:
        table.add_column(title, overflow="fold", no_wrap=title != "TITLE")
    for row in rows:
        steps = str(row["steps"] or "on paper")
        steps = f"{row['problems']} problems" if row["problems"] else steps
        alarms = "\n".join(map(safe, row["alarms"]))
        cells = [safe(row["name"]), safe(row["severity"] or "–"), steps, alarms or "–", safe(row["title"])]
        table.add_row(*map(Text, cells[: len(titles)]))
    console.print(table)
    console.print(Text("Run one: ops runbook run NAME", style="dim"))


def show(
    name: Name,
    policy: Annotated[bool, typer.Option("--policy", help="Show the IAM policy that running it needs.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show a runbook as a document.

    Markdown, with the commands to type where there is no ops.
    """
    document = library.load(name)
    if policy:
        typer.echo(dumps(action_reference.policy(ACTIONS[step.action] for step in document.steps)))
        return
    if print_as(chosen_format(OutputFormat.TABLE, as_json), _with_steps(document), (), ()):
        return
    for line in document.text.split("\n"):
        typer.echo(safe(line))


def actions(output: options.Output = OutputFormat.TABLE, as_json: options.Json = False) -> None:
    """List the actions that a step may name.

    Each with its inputs, its effect and the IAM permissions that it needs.
    """
    rows = [
        {
            "name": action.name,
            "summary": action.summary,
            "effect": action.effect.value,
            "inputs": list(action.inputs.__struct_encode_fields__),
            "outputs": list(action.outputs),
            "permissions": sorted(set(action.permissions)),
        }
        for action in ACTIONS.values()
    ]
    if print_as(chosen_format(output, as_json), rows, ACTION_COLUMNS, rows):
        return
    console = Console(highlight=False)
    for row in rows:
        head = Text(str(row["name"]), style="bold").append(f"  {', '.join(row['inputs'])}", style="")
        console.print(head.append(f"  {row['effect']}", style="dim"))
        console.print(f"  {row['summary']}.", markup=False)
        console.print(Text(f"  needs {', '.join(row['permissions']) or 'no permission'}", style="dim"))


def row_of(document: Runbook) -> dict[str, Any]:
    front = document.front
    return {
        "name": document.name,
        "title": document.title,
        "severity": front.severity if front else None,
        "alarms": list(front.alarms) if front else [],
        "steps": len(document.steps),
    }


def _with_steps(document: Runbook) -> dict[str, Any]:
    steps = [
        {
            "id": step.id,
            "action": step.action,
            "check": step.is_check,
            "effect": ACTIONS[step.action].effect.value,
            "when": step.when or None,
            "expect": step.expect or None,
            "otherwise": step.otherwise or None,
            "line": step.line,
        }
        for step in document.steps
    ]
    return {**row_of(document), "file": document.file, "steps": steps, "text": document.text}
