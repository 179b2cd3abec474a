"""``ops dlq scan`` reads the queue into the snapshot; ``ops dlq causes`` shows the failure causes in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from ops import formatting, pricing
from ops.aws import sqs
from ops.cli import options
from ops.cli.dlq import printing, terminal_progress
from ops.cli.dlq.printing import moment, next_steps
from ops.cli.dlq.run_view import interrupted
from ops.cli.dlq.shared_options import DlqContext, with_dlq_options
from ops.cli.graceful_shutdown import stopping
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.cli.output.styles import LEVEL_STYLES
from ops.deadletters import causes as causes_api
from ops.deadletters.causes.report import COLUMNS as CAUSE_COLUMNS
from ops.deadletters.outcomes import late_outcomes
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.scan.scan import ScanResult
from ops.deadletters.scan.scan import scan_queue as read
from ops.insight.report_types import Level
from ops.insight.rules import expired_arrivals

if TYPE_CHECKING:
    from rich.console import Console

    from ops.deadletters.causes import CausesReport, Explanation

MAX_CAUSES = 20
FIXED = ("succeeds since", "deployed since")
"""Values of Fixed? with which a redrive is likely to succeed."""


@with_dlq_options()
def scan(
    context: DlqContext,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Maximum number of messages to read.")] = 100_000,
    logs: Annotated[bool, typer.Option("--logs/--no-logs", help="Search the function's logs for causes.")] = True,
    as_json: options.Json = False,
) -> None:
    """Read the DLQ into the snapshot and show why messages failed.

    Nothing is deleted. SQS has no peek: messages are received, then released, so each receive count rises by one, and
    each message is hidden from other consumers during the scan. Ctrl-C keeps what was read. Exits with 1 when there are
    messages.
    """
    source = context.open()
    progress = printing.progress_console()
    with (
        terminal_progress.counting(progress, "Reading messages") as counted,
        stopping(progress, "Releasing messages …") as stop,
    ):
        done = read(source, limit, counted, stop)
    explained: Explanation | None = None
    # What expires when it arrives is never read: the metrics alone show it.
    unseen = expired_arrivals.may_expire(source.workload.queue, source.queue)
    if (done.messages or unseen) and not stop():
        explained = explain(source, logs)
    done = replace(done, notes=(*done.notes, *late_outcomes.record_late_outcomes(source)))
    _report(context, source, done, explained, chosen_format(OutputFormat.TABLE, as_json))


@with_dlq_options()
def causes(
    context: DlqContext,
    logs: Annotated[
        bool, typer.Option("--logs", help="First search the logs again, for messages without a cause.")
    ] = False,
    imported: Annotated[
        bool, typer.Option("--imported", help="Causes of imported messages, not of those in the queue.")
    ] = False,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show the failure causes in the snapshot.

    Largest first, each with whether it has been fixed. Says so where the queue holds more or fewer messages now. Exits
    with 1 when there are messages.
    """
    form = chosen_format(output, as_json)
    source = context.open()
    _report(context, source, None, explain(source) if logs else None, form, imported)


def _report(
    context: DlqContext,
    source: DeadLetterQueue,
    done: ScanResult | None,
    explained: Explanation | None,
    form: OutputFormat,
    imported: bool = False,
) -> None:
    """Shows the snapshot by cause. Exits with 1 when there are messages."""
    report = causes_api.report_causes(source, imported)
    there = report.messages + report.in_flight
    if done is None and not imported:
        depth = sqs.queue_depth(source.aws, source.queue)
        there = depth.visible + depth.in_flight + depth.delayed
    scanned = {"messages_now": there} if done is None else {"look": done}
    value = {**scanned, "explained": explained, "causes": report}
    if not print_as(form, value, CAUSE_COLUMNS, _rows(report)):
        console = printing.output_console()
        _show(console, context, source, report, there)
        _notes(console, done, explained, source.aws.region)
        if report.imported and not imported:
            beside = formatting.count(report.imported, "imported message is", "imported messages are")
            printing.notes(console, [f"{beside} in the snapshot, too: {context.command_line('causes', '--imported')}."])
        _next(console, context, source, report, done, imported)
    if report.messages or report.in_flight or there:
        raise typer.Exit(1)


def explain(source: DeadLetterQueue, logs: bool = True) -> Explanation:
    """Find the causes of messages that have none yet; without ``logs`` only from the messages themselves."""
    with printing.progress_console().status("Finding causes …") as status:
        budget = causes_api.Budget() if logs else causes_api.NO_SEARCH
        return causes_api.explain_causes(source, lambda line: status.update(f"Finding causes: {line} …"), budget)


def _show(console: Console, context: DlqContext, source: DeadLetterQueue, report: CausesReport, there: int) -> None:
    """``there``: messages that the queue has now."""
    if there != report.messages + report.in_flight:
        held = formatting.count(there, "message")
        console.print(
            Text(f"The DLQ has {held} now: scan again before acting. Last scan:", style=LEVEL_STYLES[Level.WARNING])
        )
    console.print(Text(safe(report.finding.text), style=LEVEL_STYLES[report.finding.level]))
    if report.expired and report.messages:
        console.print(
            Text(safe(f"{report.expired[0].upper()}{report.expired[1:]}."), style=LEVEL_STYLES[Level.WARNING])
        )
    age = printing.snapshot_age(report.scanned_at, report.messages, report.complete)
    console.print(Text(f"{printing.where(source)} · {age}", style="dim"))
    now = datetime.now(UTC)
    rows = _rows(report)
    for cause in rows[:MAX_CAUSES]:
        console.print()
        line = Text(cause["fingerprint"] or "unknown", style="bold")
        line.append(f"  {formatting.count(cause['letters'], 'message')} · {formatting.percent(cause['share'])}")
        line.append(f" · seen {_between(cause['first_seen'], cause['last_seen'], now)}", style="dim")
        console.print(line)
        named = causes_api.cause_in_words(
            cause["error_type"], cause["label"], cause["source"], likely=bool(cause["likely"])
        )
        console.print(Padding(Text(safe(named)), (0, 0, 0, 2)))
        details = [cause["location"], f"version {cause['version']}" if cause["version"] else "", _known(cause)]
        console.print(Padding(Text(safe(" · ".join(filter(None, details))), style="dim"), (0, 0, 0, 2)))
        fixed = Text("Fixed? ", style="dim")
        fixed.append(safe(cause["fixed"] or "unknown"), style="bold" if cause["fixed"] != "unknown" else "dim")
        fixed.append(f" – {safe(cause['fixed_why'])}" if cause["fixed_why"] else "", style="dim")
        console.print(Padding(fixed, (0, 0, 0, 2)))
    if len(rows) > MAX_CAUSES:
        console.print(f"\nand {formatting.count(len(rows) - MAX_CAUSES, 'smaller cause')}: see --json.")
    if rows:
        console.print()


def _rows(report: CausesReport) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in report.groups.to_dict("records")]


def _known(cause: dict[str, Any]) -> str:
    if cause["source"] in ("none", ""):
        return "no log evidence"
    if cause["source"] == "guess":
        return "grouped by similar payload, no log evidence"
    likely, messages = cause["likely_letters"], cause["letters"]
    some = " (likely)" if likely == messages else f" (likely, of {likely:,} of {messages:,})" if likely else ""
    return f"source: {cause['source']}{some}"


def _between(first: Any, last: Any, now: datetime) -> str:

    first_at, last_at = moment(first, now), moment(last, now)
    return first_at if first_at == last_at else f"{first_at.removesuffix(' UTC')} to {last_at}"


def _notes(console: Console, done: ScanResult | None, explained: Explanation | None, region: str) -> None:
    """Notes on the scan's effect on the queue, and its cost."""
    lines: list[str] = []
    if done is not None:
        lines += done.notes
    if explained is not None:
        if explained.queries:
            queries = formatting.count(explained.queries, "log query", "log queries")
            lines.append(f"Searching for causes took {queries} ({pricing.in_words(explained.usd, region)}).")
        lines += explained.notes
    printing.notes(console, dict.fromkeys(lines))


def _next(
    console: Console,
    context: DlqContext,
    source: DeadLetterQueue,
    report: CausesReport,
    done: ScanResult | None,
    imported: bool,
) -> None:

    next_steps(console, *interrupted(context, source))
    rows = _rows(report)
    if not rows:
        if done is None or not done.complete:
            next_steps(console, (context.command_line("scan"), "read the DLQ"))
        return
    first = rows[0]
    which = ["--imported"] if imported else []
    ready = next((row for row in rows if row["fixed"] in FIXED), None)
    when = "plan a redrive once it is fixed" if ready is None else f"{ready['fixed']}: plan a redrive"
    next_steps(
        console,
        (context.command_line("show", str(first["sample_id"])), "show one message of the largest cause"),
        (context.command_line("plan", "--cause", (ready or first)["fingerprint"] or "unknown", *which), when),
    )
