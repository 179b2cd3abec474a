"""``ops runbook for``: the runbooks of an alarm; of a composite alarm also those of the alarms behind it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from ops.aws import Aws
from ops.aws.cloudwatch import Alarm
from ops.aws.cloudwatch.alarms import AlarmMetric, CompositeAlarm, find_alarm
from ops.cli import options
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.cli.runbook.alarms_behind import AlarmsBehind, find_behind
from ops.cli.runbook.documents import row_of
from ops.errors import AwsError, NotFound, UsageError
from ops.runbooks import library
from ops.runbooks.model import Runbook
from ops.target import resolve_place
from ops.workload import dlqs


def for_(
    alarm: Annotated[str, typer.Argument(metavar="ALARM", help="The alarm's full name, such as scilearn-stalled.")],
    profile: options.Profile = None,
    region: options.Region = None,
    as_json: options.Json = False,
) -> None:
    """Find the runbook of an alarm.

    And the command that runs it, with the alarm's queue or function and the reason filled in. Of a composite alarm also the runbooks of the
    alarms in its rule that are in ALARM now; of all of them where none is and it has no runbook of its own.
    """
    aws = Aws(resolve_place(profile=profile, region=region))
    try:
        found = find_alarm(aws, alarm)
    except NotFound as error:
        raise UsageError(str(error), error.next_step) from error
    behind = find_behind(aws, found) if isinstance(found, CompositeAlarm) else AlarmsBehind()
    own = library.for_alarm(alarm, found.description)
    chosen = behind.chosen(has_own=bool(own))
    below = {alarm.name: library.for_alarm(alarm.name, alarm.description) for alarm in chosen}
    if not own and not any(below.values()):
        others = f", nor one of the alarms in its rule: {', '.join(below)}" if below else ""
        raise UsageError(
            f"No runbook names alarm {alarm}{others}.{behind.note}", "List the runbooks: ops runbook list."
        )
    places = _Places(aws)
    watching = behind.alarms if isinstance(found, CompositeAlarm) else (found,)
    answer = {
        **_answer(found, own, *(places.of(watching) if own else ("", ""))),
        "behind": [_answer(alarm, below[alarm.name], *places.of([alarm])) for alarm in chosen],
        "behind_shown": behind.shown(chosen),
    }
    answer["note"] = f"{answer['note']}{behind.note}".strip()
    if not print_as(chosen_format(OutputFormat.TABLE, as_json), answer, (), ()):
        _show(Console(highlight=False), answer)


def _answer(alarm: Alarm | CompositeAlarm, documents: Iterable[Runbook], where: str, note: str) -> dict[str, Any]:
    runbooks = [{**row_of(each), "command": _command(each, alarm.name, where)} for each in documents]
    return {"alarm": alarm.name, "state": alarm.state, "note": note, "runbooks": runbooks}


def _command(document: Runbook, alarm: str, where: str) -> str:
    """Complete: a run needs a reason, and the alarm is one."""
    if not document.steps:
        return f"ops runbook show {document.name}"
    reason = f"--reason {shlex.quote(f'alarm {alarm}')}"
    return " ".join(["ops runbook run", document.name, *filter(None, (where, reason))])


def _show(console: Console, answer: dict[str, Any]) -> None:
    console.print(Text(safe(f"{answer['alarm']} is in {answer['state']}."), style="bold"))
    _show_commands(console, answer)
    if answer["behind"]:
        console.print(Text(safe(answer["behind_shown"]), style="bold"))
    for each in answer["behind"]:
        console.print(Text(safe(f"{each['alarm']} is in {each['state']}.")))
        _show_commands(console, each)


def _show_commands(console: Console, answer: dict[str, Any]) -> None:
    for each in answer["runbooks"]:
        line = Text(f"→ {safe(each['command'])}").append(f"   {safe(each['title'])}", style="dim")
        console.print(line, soft_wrap=True)
    if answer["note"]:
        console.print(Text(safe(answer["note"]), style="dim"), soft_wrap=True)


class _Places:
    """The option that names the workload of alarms, and what a person has to add; one of them is empty. The metrics of one
    alarm may be of the queue, of its dead-letter queue and of the function."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._queues: dict[tuple[str, ...], tuple[tuple[str, ...], str]] = {}

    def of(self, alarms: Iterable[Alarm]) -> tuple[str, str]:
        named = _named([metric for alarm in alarms for metric in alarm.metrics])
        queues, unread = self._working(tuple(named["QueueName"]))
        if len(queues) == 1:
            return self._options("--queue", queues[0]), ""
        if len(named["FunctionName"]) == 1:
            return self._options("--function", named["FunctionName"][0]), ""
        several = f" Its queues: {', '.join(queues)}." if queues else ""
        return "", f"The alarm does not tell which workload it is of: name it with --queue or --stack.{several}{unread}"

    def _options(self, option: str, name: str) -> str:
        return " ".join(map(shlex.quote, (option, name, *self._aws.target.place_words)))

    def _working(self, names: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
        if names not in self._queues:
            try:
                self._queues[names] = dlqs.working_queues(self._aws, names), ""
            except AwsError as error:
                self._queues[names] = (), f" {error}"
        return self._queues[names]


def _named(metrics: Iterable[AlarmMetric]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {"QueueName": [], "FunctionName": []}
    for metric in metrics:
        for name, value in metric.dimensions:
            if name in named and value not in named[name]:
                named[name].append(value)
    return named
