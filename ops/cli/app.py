"""The commands put together, and how their errors are reported."""

from __future__ import annotations

import errno
import io
import json
import sys
from typing import Annotated

import typer

from ops.cli.lazy_group import LazyCommand, LazyGroup
from ops.cli.sanitize import safe
from ops.errors import OpsError, TwinError


class _Commands(LazyGroup):
    declared = (
        LazyCommand("status", "ops.cli.status:status", "Show the workload on one screen."),
        LazyCommand("costs", "ops.cli.costs:costs", "Show what a successful request costs."),
        LazyCommand(
            "dlq",
            "ops.cli.dlq:app",
            "Messages in the dead-letter queue (DLQ): why they failed, redrive, export and purge.",
            group=True,
        ),
        LazyCommand("logs", "ops.cli.logs:logs", "Show the log lines of the workload's functions."),
        LazyCommand("audit", "ops.cli.audit:audit", "Show who moved or deleted messages from this machine, and why."),
        LazyCommand(
            "twin",
            "ops.cli.twin:app",
            "The twin: this project's stack on a local AWS emulator, without an AWS account.",
            group=True,
        ),
    )


GROUPS = {command.name for command in _Commands.declared if command.is_group}

app = typer.Typer(
    name="ops",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

debugging = False
"""Whether --debug was given: an unexpected error then shows its traceback."""


def _version(given: bool) -> None:
    if given:
        from importlib.metadata import version  # takes as long as all of the help

        typer.echo(f"ops {version('scilearn-ops')}")
        raise typer.Exit


@app.callback()
def _common(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
) -> None:
    """Operate and observe queue-driven Lambda workloads, on AWS or on the local twin."""
    global debugging
    debugging = debug


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and ends the process with its exit code; shows a traceback with ``--debug`` only."""
    for stream in (sys.stdout, sys.stderr):
        # Not every terminal has our arrows, and none has every character of a message body.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    raise SystemExit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Runs the command line and returns its exit code."""
    global debugging
    debugging = False
    if not arguments or (len(arguments) == 1 and arguments[0] in GROUPS):
        arguments = [*arguments, "--help"]  # Click itself exits with 2 here
    try:
        app(arguments, prog_name="ops")
    except SystemExit as end:  # how Typer exits: usage errors, --help, typer.Exit, Ctrl-C
        return end.code if isinstance(end.code, int) else 0
    except OpsError as error:
        if "--json" in arguments:
            _print_error_as_json(error)
            return error.exit_code
        # A TwinError may end with lines of our own log; text of AWS or of a message stays on one line.
        _print_error(
            *(str(error).split("\n") if isinstance(error, TwinError) else [str(error)]), next_step=error.next_step
        )
        return error.exit_code
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:  # files report it themselves: this is the output
            _print_error(
                "The disk is full: the output could not be written.", next_step="Free some space, then try again."
            )
            return 1
        if debugging:
            raise
        _print_error(
            f"Unexpected error: {type(error).__name__}: {error}",
            next_step="Run it again as `ops --debug …` and report the traceback.",
        )
        return 1
    return 0


def _print_error_as_json(error: OpsError) -> None:
    """One line on stderr, so that stdout has the output only; ``error`` is the name of the class in ``ops.errors``."""
    report = {"error": type(error).__name__, "message": str(error), "next_step": error.next_step}
    typer.echo(json.dumps({**report, "exit_code": error.exit_code}), err=True)


def _print_error(*lines: str, next_step: str = "") -> None:
    for line in lines:
        typer.echo(safe(line), err=True)
    if next_step:
        typer.echo(f"→ {safe(next_step)}", err=True)
