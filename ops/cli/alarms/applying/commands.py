"""The three commands. Their options are those of ``ops alarms list``, so that all mean the same set of alarms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from ops import access
from ops.alarms import applying
from ops.alarms.applying import AlarmDifference, ApplyResult, ChangeKind, remembered_options
from ops.alarms.catalogue import CatalogueOptions
from ops.alarms.rendering.log_alarm import LogAlarmPlace
from ops.aws import Aws
from ops.cli import options
from ops.cli.alarms import recommended
from ops.cli.alarms.applying import view
from ops.cli.alarms.log_alarm_options import LogAlarmOptions
from ops.cli.alarms.recommended import Forget, NotifyOptions, SettingOptions, WorkloadRecommendation
from ops.cli.commands_base.option_groups import with_groups
from ops.cli.options import WorkloadOptions
from ops.cli.output import confirmation
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.cli.output.stderr_console import StderrConsole
from ops.errors import AwsError, UsageError

NoTopic = Annotated[
    bool,
    typer.Option("--no-topic", help="Remove the actions of the alarms. Without --topic, they keep those they have."),
]
NO_ACTIONS: Mapping[str, Any] = {"AlarmActions": [], "OKActions": [], "InsufficientDataActions": []}
COLUMNS, RESULT_COLUMNS = (
    ("name", "change", "field", "before", "after", "owner", "monthly_usd"),
    ("name", "result", "error"),
)
"""Columns of the CSV: a difference has a row for each field that changes, or for an alarm without one; a result has a
row for each alarm."""
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")]


@dataclass(frozen=True)
class _Found:
    aws: Aws
    recommendation: WorkloadRecommendation
    difference: AlarmDifference

    @property
    def prices(self) -> dict[str, float]:
        return {alarm.name: alarm.monthly_usd for alarm in self.recommendation.recommendation.alarms}

    def show(self, console: Console) -> None:
        region = self.recommendation.recommendation.price_region
        view.show(console, self.difference, safe(self.recommendation.label), self.prices, region)
        if self.recommendation.remembered:
            console.print(Text(safe(self.recommendation.remembered), style="dim"), soft_wrap=True)
        for line in self.recommendation.omissions:
            console.print(Text(safe(line), style="dim"), soft_wrap=True)
        self.warn(console)

    def warn(self, console: Console) -> None:
        if self.recommendation.incomplete:
            view.warn_of_refusal(console, self.recommendation.undelivered_unread)

    @property
    def rows(self) -> Iterator[dict[str, Any]]:
        for change in self.difference.changes:
            own = {
                "name": change.name,
                "change": change.kind,
                "owner": change.owner,
                "monthly_usd": self.prices.get(change.name),
            }
            yield from (
                {**own, "field": each.name, "before": each.before, "after": each.after} for each in change.fields
            )
            if not change.fields:
                yield own

    @property
    def as_json(self) -> dict[str, Any]:
        return {
            "difference": self.difference,
            "monthly_usd": self.prices,
            "skipped": self.recommendation.recommendation.skipped,
            "notes": self.recommendation.notes,
            "refused": self.recommendation.incomplete,
            "options_kept": self.recommendation.options_kept,
        }


@with_groups
def diff(
    workload: WorkloadOptions,
    settings: SettingOptions,
    notify: NotifyOptions,
    log: LogAlarmOptions,
    no_topic: NoTopic = False,
    forget: Forget = False,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show what ops alarms apply would change, field by field.

    Exits with 1 when something differs, and with 3 when AWS refused to show a part.
    """
    form = chosen_format(output, as_json)
    chosen = settings.choices(notify.topic, notify.pager)
    found = _found(workload, chosen, _given(notify.topic, no_topic), forget, log.place())
    if not print_as(form, found.as_json, COLUMNS, found.rows):
        found.show(Console(highlight=False))
    if len(found.difference.of(ChangeKind.UNCHANGED)) < len(found.difference.changes):
        raise typer.Exit(1)
    if found.recommendation.incomplete:
        raise typer.Exit(AwsError.exit_code)


@with_groups
def apply(
    workload: WorkloadOptions,
    settings: SettingOptions,
    notify: NotifyOptions,
    log: LogAlarmOptions,
    no_topic: NoTopic = False,
    forget: Forget = False,
    yes: Yes = False,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Create or update the recommended alarms.

    Shows the difference first. With --log-group, --query-role and --lines-role also a log alarm on failed invocations, which
    later applies keep. Alarms are tagged with the workload, and only those with that tag are changed. Running
    it again changes nothing. When AWS refuses one, what was done is listed, and another run goes on with the rest.
    Exits with 3 then, and when AWS refused to show a part.
    """
    access.ensure_may("applying alarms")
    form = chosen_format(output, as_json)
    chosen = settings.choices(notify.topic, notify.pager)
    found = _found(workload, chosen, _given(notify.topic, no_topic), forget, log.place())
    found.show(StderrConsole())
    if found.difference.pending and not found.difference.of(ChangeKind.FOREIGN):
        confirmation.confirm("Apply?", yes, "Read ops alarms diff, then add --yes.", lambda: None)
    result = applying.apply(found.aws, found.difference, _progress)
    _end(found, result, "applied", form)


@with_groups
def remove(
    workload: WorkloadOptions,
    alarm: recommended.Only = None,
    prefix: recommended.Prefix = None,
    obsolete: Annotated[bool, typer.Option("--obsolete", help="Only those that are no longer recommended.")] = False,
    yes: Yes = False,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Remove the alarms that ops alarms apply created.

    Composite alarms first. Alarms without the workload's tag are left alone. Exits with 3 when AWS refused a part.
    """
    access.ensure_may("removing alarms")
    form = chosen_format(output, as_json)
    chosen = CatalogueOptions(only=tuple(alarm or ()), prefix=prefix)
    found = _found(workload, chosen)
    kinds = (ChangeKind.OBSOLETE,) if obsolete else (ChangeKind.UPDATE, ChangeKind.UNCHANGED, ChangeKind.OBSOLETE)
    found.warn(StderrConsole())
    removed = AlarmDifference(found.difference.workload, found.difference.of(*kinds))
    if removed.changes:
        confirmation.confirm("Remove them?", yes, "Add --yes.", lambda: _list(removed))
    result = applying.remove(found.aws, removed, _progress)
    _end(found, result, "removed", form)


def _list(removed: AlarmDifference) -> None:
    for change in removed.changes:
        typer.echo(safe(change.name), err=True)


def _given(topic: list[str] | None, no_topic: bool) -> Mapping[str, Any]:
    if topic and no_topic:
        raise UsageError("--topic and --no-topic exclude each other.", "Omit one of them.")
    return NO_ACTIONS if no_topic else {}


def _found(
    workload: WorkloadOptions,
    chosen: CatalogueOptions,
    given: Mapping[str, Any] = MappingProxyType({}),
    forget: bool = False,
    log: LogAlarmPlace | None = None,
) -> _Found:
    """``given``: fields of every alarm for which the catalogue has no value. ``forget``: the options of earlier applies.
    ``log``: where the log alarm reads; None: as it does where it is there."""
    recommended.check_topics(chosen, may_refer=False)
    target = workload.target()
    own, shown = recommended.of_account(target, chosen, forget)
    aws = Aws(target)
    # Where a setting could not be read, or single alarms were chosen, those that are missing are not obsolete.
    whole = not shown.incomplete and not chosen.only
    prefix = f"{own.options.prefix}-" if whole else ""
    lines = applying.own_log_alarm(own, log)
    definitions = [{**given, **each.definition} for each in own.recommendation.alarms]
    definitions += [{**given, **lines}] if lines else []
    options = remembered_options.named(own.options)
    return _Found(aws, shown, applying.difference(aws, own.owner, definitions, prefix, options))


def _progress(text: str) -> None:
    typer.echo(safe(text), err=True)


def _end(found: _Found, result: ApplyResult, verb: str, form: OutputFormat) -> NoReturn:
    error = {"message": str(result.error), "next_step": result.error.next_step} if result.error else None
    rows = [
        *({"name": name, "result": verb, "error": ""} for name in result.done),
        *({"name": name, "result": "left", "error": str(result.error or "")} for name in result.left),
    ]
    value = {verb: result.done, "left": result.left, "error": error, **found.as_json}
    if not print_as(form, value, RESULT_COLUMNS, rows):
        view.show_result(Console(highlight=False), result, verb)
    if result.error:
        raise typer.Exit(result.error.exit_code)
    raise typer.Exit(AwsError.exit_code if found.recommendation.incomplete else 0)
