"""Assembles the commands, and reports their errors."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from typing import Annotated, Any

import typer

from ops.cli.commands_base.lazy_group import LazyCommand, LazyGroup
from ops.cli.output.formats import wants_json_errors
from ops.cli.output.sanitize import safe
from ops.errors import OpsError, TwinError, UsageError


class _Commands(LazyGroup):
    declared = (
        LazyCommand("status", "ops.cli.status:status", "Show the workload on one screen."),
        LazyCommand("workloads", "ops.cli.workloads:workloads", "List the workloads of the account and region."),
        LazyCommand(
            "doctor", "ops.cli.doctor:doctor", "Check a workload's settings: what will go wrong, and the exact change."
        ),
        LazyCommand(
            "alarms",
            "ops.cli.alarms:app",
            "Alarms: which are recommended, what they would have paged for, and whether they reach anyone.",
            group=True,
        ),
        LazyCommand(
            "coldstarts",
            "ops.cli.insight.coldstarts:coldstarts",
            "Show how often environments were cold, why, what it cost, and whether a version starts slower.",
        ),
        LazyCommand(
            "imports",
            "ops.cli.insight.imports:imports",
            "Show what a cold start spends on imports, and record it for ops coldstarts.",
        ),
        LazyCommand("costs", "ops.cli.insight.costs:costs", "Show what a successful request costs."),
        LazyCommand(
            "prices",
            "ops.cli.insight.prices:app",
            "Prices that costs are worked out with, and reading new ones from AWS's Price List.",
            group=True,
        ),
        LazyCommand(
            "forecast",
            "ops.cli.insight.capacity.forecast:forecast",
            "Show when the backlog is drained, and what other settings would change.",
        ),
        LazyCommand(
            "rightsize",
            "ops.cli.insight.rightsize:rightsize",
            "Measure real jobs at several memory and batch sizes, and suggest the setting.",
        ),
        LazyCommand(
            "ramp", "ops.cli.insight.capacity.ramp:ramp", "Show how concurrency grew, and which limit held work up."
        ),
        LazyCommand(
            "compare",
            "ops.cli.insight.compare:compare",
            "Compare synchronous with event-driven: the same jobs at both, measured on the twin, and the break-even by load.",
        ),
        LazyCommand(
            "dlq",
            "ops.cli.dlq:app",
            "Messages in the dead-letter queue (DLQ): why they failed, redrive, export and purge.",
            group=True,
        ),
        LazyCommand(
            "runbook",
            "ops.cli.runbook:app",
            "Runbooks that run: each step previewed, confirmed, verified and recorded.",
            group=True,
        ),
        LazyCommand(
            "tenants",
            "ops.cli.insight.tenants:tenants",
            "Show who fills the queue: message groups, senders, tenants or values in the body, with their shares and waits.",
        ),
        LazyCommand(
            "trace",
            "ops.cli.insight.trace:trace",
            "Show one job's path as a waterfall: queue wait, INIT, steps, retries, dead-letter queue and redrives.",
        ),
        LazyCommand("logs", "ops.cli.logs:logs", "Show the log lines of the workload's functions."),
        LazyCommand(
            "audit",
            "ops.cli.audit:audit",
            "Show who moved or deleted messages, ran a runbook or a memory sweep from this machine, and why.",
        ),
        LazyCommand("open", "ops.cli.open_:open_", "Open the dashboard in a browser."),
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

CLOSED_PIPE = 128 + 13
"""The exit code where the reader of the output has ended (``ops … | head``): that of a process that SIGPIPE ends. The signal
itself would also end ops when AWS closes a connection, so Python ignores it."""
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
    code = run(sys.argv[1:] if arguments is None else arguments)
    if code == CLOSED_PIPE:
        _drop_output()
    raise SystemExit(code)


def _drop_output() -> None:
    """What is left in the buffer cannot be written either: Python would end with a message and an exit code of its own."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
    finally:
        os.close(nowhere)


def run(arguments: list[str]) -> int:
    """Runs the command line and returns its exit code."""
    global debugging
    debugging = False
    if not arguments or (len(arguments) == 1 and arguments[0] in GROUPS):
        arguments = [*arguments, "--help"]  # Click itself exits with 2 here
    report = _print_json_error if wants_json_errors(arguments) else _print_error
    try:
        # Click prints its own errors but in JSON's case, where it raises them and returns the code of typer.Exit.
        returned = app(arguments, prog_name="ops", standalone_mode=report is _print_error)
    except SystemExit as end:  # how Typer exits: usage errors, --help, typer.Exit, Ctrl-C
        if isinstance(
            end.__context__, BrokenPipeError
        ):  # Click and Rich end with 1 then, which means something else here
            return CLOSED_PIPE
        return end.code if isinstance(end.code, int) else 0
    except _ClickError as error:
        return report(_from_click(error))
    except OpsError as error:
        return report(error)
    except typer.Abort:
        return 1
    except Exception as error:  # a bug: reported as one, with a traceback under --debug
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:  # files report it themselves: this is the output
            return report(
                DiskFull("The disk is full: the output could not be written.", "Free some space, then try again.")
            )
        if debugging:
            raise
        return report(
            UnexpectedError(
                f"Unexpected error: {type(error).__name__}: {error}",
                "Run it again as `ops --debug …` and report the traceback.",
            )
        )
    return returned if isinstance(returned, int) else 0


class DiskFull(OpsError):
    pass


class UnexpectedError(OpsError):
    """A fault of this program."""


_ClickError: Any = typer.BadParameter.__mro__[2]
"""ClickException, of the Click that Typer brings with it."""


def _from_click(error: Any) -> UsageError:
    command = error.ctx.command_path if getattr(error, "ctx", None) else "ops"
    return UsageError(error.format_message(), f"Show its options: {command} --help.")


def _print_json_error(error: OpsError) -> int:
    """One line on stderr, so that stdout has the output only. ``code``: AWS's own where it answered, else as ``error``
    the name of the class in ``ops.errors``. Returns the exit code."""
    name = type(error).__name__
    report = {"error": name, "code": getattr(error, "code", "") or name, "message": str(error)}
    typer.echo(json.dumps({**report, "next_step": error.next_step, "exit_code": error.exit_code}), err=True)
    return error.exit_code


def _print_error(error: OpsError) -> int:
    """Returns the exit code. A TwinError may end with lines of our own log; text of AWS or of a message stays on one
    line."""
    for line in str(error).split("\n") if isinstance(error, TwinError) else [str(error)]:
        typer.echo(safe(line), err=True)
    if error.next_step:
        typer.echo(f"→ {safe(error.next_step)}", err=True)
    return error.exit_code
