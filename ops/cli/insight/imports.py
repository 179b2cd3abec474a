"""``ops imports``: what the handler imports in INIT, and what its modules create there."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting, workload
from ops.aws import Aws
from ops.cli import options
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.errors import UsageError
from ops.files import atomic_file
from ops.insight.imports import init_statements, measure, model, parse, store
from ops.insight.imports.model import ImportRecord

COLUMNS = ("module", "total_ms", "self_ms", "depth")
MAX_BYTES = 50_000_000


def imports(
    module: Annotated[
        str | None, typer.Option("--module", help="The handler's module: imported here, its code runs on this machine.")
    ] = None,
    importtime: Annotated[
        Path | None,
        typer.Option("--importtime", metavar="FILE", help="Read a log of python -X importtime instead."),
    ] = None,
    folder: Annotated[
        Path, typer.Option("--folder", help="The folder that the module is in; its source is read, too.")
    ] = Path(),
    python: Annotated[
        str, typer.Option("--python", help="The Python that has the handler's packages.", show_default="that of ops")
    ] = sys.executable,
    variable: Annotated[
        list[str] | None,
        typer.Option("--variable", metavar="NAME=VALUE", help="Set a variable of the environment for the import."),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, max=200, help="How many modules to show.")] = 25,
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show what a cold start spends on imports, and record it for ops coldstarts.

    With --module or --importtime it is recorded; with neither, what was recorded last is shown. Of the source it reads
    what init makes that environments restored from a snapshot would share: seeds, IDs, clients, temporary files.
    """
    form = chosen_format(output, as_json)
    target = options.target(stack, queue, function, profile, region)
    described = workload.describe(Aws(target), target)
    if described.function is None:
        raise UsageError("The workload has no function.", "Choose another one with --function.")
    if importtime is not None:
        found: ImportRecord | None = _read(importtime, module or "", folder)
    elif module is not None:
        values = options.parameters(variable or [])
        found = measure.measure(module, folder, python, values, described.function.variables)
        found = _with_source(found, module, folder)
    else:
        found = store.load(target, described.function)
    if found is None:
        raise UsageError(
            f"The imports of {described.function.name} are not recorded.",
            "Record them: ops imports --module MODULE --folder DIR, or --importtime FILE.",
        )
    if importtime is not None or module is not None:
        store.save(target, described.function, found)
    rows = [_row(found, place) for place in model.heaviest(found, 0.0, top)]
    if not print_as(
        form, {"record": replace(found, modules=()), "modules": rows, "packages": model.packages(found)}, COLUMNS, rows
    ):
        _show(Console(highlight=False), described.function.name, found, rows)


def _read(path: Path, module: str, folder: Path) -> ImportRecord:
    atomic_file.ensure_regular(path)
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
        recorded = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Name a log of python -X importtime.") from error
    if len(text) > MAX_BYTES:
        raise UsageError(f"{path} is too large for a log of imports.", "Record one import alone.")
    modules = parse.parse(text.decode("utf-8", "replace"), str(path))
    found = ImportRecord(modules, recorded, f"the log {path.name}", module=module)
    return _with_source(found, module, folder) if module else found


def _with_source(found: ImportRecord, module: str, folder: Path) -> ImportRecord:
    return replace(found, statements=init_statements.read_statements(module, folder), source=str(folder.absolute()))


def _row(found: ImportRecord, place: int) -> dict[str, Any]:
    module, depth, parent = found.modules[place], 0, found.modules[place].parent
    while parent is not None:
        depth, parent = depth + 1, found.modules[parent].parent
    return {"module": module.name, "total_ms": module.total_us / 1000, "self_ms": module.self_us / 1000, "depth": depth}


def _show(console: Console, function: str, found: ImportRecord, rows: list[dict[str, Any]]) -> None:
    taken = formatting.latency(found.total_ms)
    console.print(
        Text(f"{function} imports {formatting.count(len(found.modules), 'module')} in {taken}.", style="bold")
    )
    about = ", ".join(filter(None, [found.how, found.machine]))
    console.print(Text(safe(f"{about} · {found.recorded_at:%Y-%m-%d %H:%M} UTC · not on Lambda"), style="dim"))
    table = Table(box=None, padding=(0, 1))
    table.add_column("With its imports", justify="right", no_wrap=True)
    table.add_column("Itself", justify="right", no_wrap=True)
    table.add_column("Module", no_wrap=True, overflow="ellipsis")
    for row in rows:
        total, own = formatting.latency(row["total_ms"]), formatting.latency(row["self_ms"])
        table.add_row(total, own, Text("  " * row["depth"] + safe(row["module"])))
    console.print()
    console.print(table)
    console.print()
    if not found.source:
        console.print(Text("The source was not read: name the module and its folder.", style="dim"))
    elif not found.statements:
        console.print(Text("In the source, nothing was found that init makes and a snapshot would share.", style="dim"))
    for statement in found.statements:
        console.print(Text(safe(f"{statement.file}:{statement.line}  {statement.kind}: {statement.text}")))
        console.print(Text(f"    {safe(statement.advice)}", style="dim"))
