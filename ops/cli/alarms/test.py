"""``ops alarms test``: whether a notification of an alarm arrives, by sending one."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from ops import access, formatting
from ops.alarms import live_test
from ops.alarms.live_test import AlarmTestPlan, AlarmTestResult
from ops.aws import Aws
from ops.cli import options
from ops.cli.alarms import delivery_view
from ops.cli.graceful_shutdown import stopping
from ops.cli.output import confirmation
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.cli.output.stderr_console import StderrConsole
from ops.errors import UsageError
from ops.target import resolve_place

COLUMNS = ("alarm", "topic", "after_s", "passed")
"""Columns of the CSV, which has a row for each topic."""


def test(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The alarm.")] = None,
    wait: Annotated[
        float,
        typer.Option("--wait", metavar="SECONDS", min=1, max=live_test.MAX_WAIT_S, help="How long to wait for it."),
    ] = live_test.DEFAULT_WAIT_S,
    clean_up: Annotated[
        bool, typer.Option("--clean-up", help="Only remove what killed tests left behind, older than 15 minutes.")
    ] = False,
    other_actions: Annotated[
        bool,
        typer.Option("--other-actions", help="Also where that carries out actions that stop, scale or run something."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")] = False,
    profile: options.Profile = None,
    region: options.Region = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Send a real notification of an alarm, and see whether it arrives.

    Sets the alarm to ALARM, so that everybody who is subscribed to its topics is notified; a temporary queue is
    subscribed, too, and removed whatever happens. Exits with 1 when nothing arrives there.
    """
    access.ensure_may("testing an alarm")
    form = chosen_format(output, as_json)
    aws = Aws(resolve_place(profile=profile, region=region))
    if clean_up:
        _clean_up(aws, form)
        return
    if not name:
        raise UsageError("Which alarm?", "Name it: ops alarms test NAME. ops alarms delivery lists them.")
    plan = live_test.plan_test(aws, name)
    if plan.blocked:
        _fail_unsent(plan, form)
    if plan.other_actions and not other_actions:
        raise UsageError(*plan.refusal)
    console = StderrConsole()
    if yes:
        _show_plan(console, plan)
    confirmation.confirm("Notify them?", yes, "Add --yes.", lambda: _show_plan(console, plan))
    with stopping(console, "Stopping …") as stop:
        result = live_test.run_test(
            aws,
            plan,
            wait_s=wait,
            with_other_actions=other_actions,
            stop=stop,
            progress=lambda text: console.print(Text(safe(text), style="dim")),
        )
    rows = ({"alarm": plan.alarm, **vars(arrival), "passed": result.passed} for arrival in result.arrivals)
    if not print_as(form, result, COLUMNS, rows):
        _show(Console(highlight=False), result)
    if not result.passed or result.leftovers:
        raise typer.Exit(1)


def _clean_up(aws: Aws, form: OutputFormat) -> None:
    done = live_test.remove_leftovers(aws, timedelta(minutes=15))
    if print_as(form, {"removed": done}, ("removed",), ({"removed": name} for name in done)):
        return
    for line in done or ("Nothing was left behind.",):
        typer.echo(safe(line))


def _fail_unsent(plan: AlarmTestPlan, form: OutputFormat) -> None:
    row = {"alarm": plan.alarm, "passed": False}
    if not print_as(form, {"plan": plan, "passed": False}, COLUMNS, [row]):
        console = Console(highlight=False)
        console.print(Text(safe(f"{plan.alarm} was not tested. {plan.blocked}"), style="bold red"))
        for action in plan.delivery.actions:
            delivery_view.show_action(console, action)
    raise typer.Exit(1)


def _show_plan(console: Console, plan: AlarmTestPlan) -> None:
    console.print(Text(safe(f"{plan.alarm} is set to ALARM. That notifies, for real:"), style="bold"))
    for line in (*plan.subscribers, *(f"composite alarm {name}, if its rule holds" for name in plan.delivery.through)):
        console.print(Text(f"  {safe(line)}"))
    if not plan.subscribers:
        console.print(Text("  no subscriber that can receive it"))
    for line in (*plan.not_watched, *(f"Carried out, too: {action}" for action in plan.other_actions)):
        console.print(Text(safe(line), style="yellow"))
    console.print(Text(safe(plan.ending)))


def _show(console: Console, result: AlarmTestResult) -> None:
    for arrival in result.arrivals:
        topic = safe(arrival.topic.rpartition(":")[2])
        if arrival.after_s is None:
            console.print(Text(f"Nothing arrived from topic {topic}.", style="bold red"))
        else:
            after = formatting.duration(arrival.after_s)
            console.print(Text(f"Arrived from topic {topic} after {after}.", style="green"))
    if not result.passed:
        waited = formatting.duration(round(result.waited_s))
        console.print(f"Waited {waited}{', then stopped' if result.stopped else ''}.")
        for failure in result.failures:
            console.print(
                Text(safe(f"CloudWatch: {failure.error or 'the action failed'} ({failure.target})"), style="red")
            )
        for action in result.plan.delivery.actions:
            delivery_view.show_action(console, action)
    elif result.plan.subscribers:
        who = formatting.count(len(result.plan.subscribers), "existing subscriber")
        console.print(f"SNS also sent it to {who}; AWS does not show whether they read it.")
    console.print(Text(safe(result.afterwards), style="dim"))
    for line in result.leftovers:
        console.print(Text(safe(line), style="yellow"))
    if result.leftovers:
        console.print(Text("→ ops alarms test --clean-up   in 15 minutes, to remove it"))
