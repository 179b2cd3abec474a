"""``ops dlq scan`` reads the queue onto the shelf; ``ops dlq causes`` says what is on the shelf, by cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from ops import formatting
from ops.cli import options
from ops.cli.dlq import printing, terminal_progress
from ops.cli.dlq.printing import moment, next_steps
from ops.cli.dlq.run_view import interrupted
from ops.cli.dlq.shared_options import DlqContext, asking
from ops.cli.graceful_shutdown import stopping
from ops.cli.json_output import dumps
from ops.cli.sanitize import safe
from ops.cli.styles import LEVEL_STYLES
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.scan.scan import ScanResult
from ops.deadletters.scan.scan import scan_queue as read

if TYPE_CHECKING:
    from rich.console import Console

    from ops.deadletters.causes import CausesReport, Explained

MOST_CAUSES = 20
FIXED = ("succeeds since", "deployed since")
"""Verdicts that speak for a redrive."""


@asking()
def scan(
    asked: DlqContext,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Letters to read at most.")] = 100_000,
    logs: Annotated[bool, typer.Option("--logs/--no-logs", help="Ask the function's logs for the causes.")] = True,
    as_json: options.Json = False,
) -> None:
    """Read the dead letters onto this machine's shelf, give them back, and say what they died of.

    Nothing is deleted. SQS has no peek: each letter's receive count goes up by one, and each is hidden from others
    while the look lasts. Ctrl-C keeps what was read. Exits with 1 when there are letters.
    """
    source = asked.open()
    from ops.deadletters.outcomes import late_outcomes

    talk = printing.talk()
    with terminal_progress.counting(talk, "Reading letters") as counted, stopping(talk, "Giving them back …") as stop:
        done = read(source, limit, counted, stop)
    explained: Explained | None = None
    if done.letters and not stop():
        explained = explain(source, logs)
    done = replace(done, notes=(*done.notes, *late_outcomes.settle(source)))
    _tell(asked, source, done, explained, as_json)


@asking()
def causes(
    asked: DlqContext,
    logs: Annotated[
        bool, typer.Option("--logs", help="First ask the logs again, for letters that have no cause yet.")
    ] = False,
    imported: Annotated[
        bool, typer.Option("--imported", help="Of the letters that ops dlq import brought, not of those in the queue.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """What the letters on the shelf died of, the largest cause first, and whether it is fixed since.

    Exits with 1 when there are letters.
    """
    source = asked.open()
    _tell(asked, source, None, explain(source) if logs else None, as_json, imported)


def _tell(
    asked: DlqContext,
    source: DeadLetterQueue,
    done: ScanResult | None,
    explained: Explained | None,
    as_json: bool,
    imported: bool = False,
) -> None:
    """What is on the shelf now. Exits with 1 when there are letters."""
    from ops.deadletters import causes as found

    report = found.report(source, imported)
    if as_json:
        looked = {} if done is None else {"look": done}
        typer.echo(dumps({**looked, "explained": explained, "causes": report}))
    else:
        console = printing.screen()
        _show(console, asked, source, report)
        _did(console, done, explained)
        if report.imported and not imported:
            beside = formatting.count(report.imported, "imported letter lies", "imported letters lie")
            printing.notes(console, [f"{beside} on the shelf beside them: {asked.again('causes', '--imported')}."])
        _next(console, asked, source, report, report.complete if done is None else done.complete, imported)
    if report.letters or report.held:
        raise typer.Exit(1)


def explain(source: DeadLetterQueue, logs: bool = True) -> Explained:
    """Find the causes of letters that have none yet; without ``logs`` only those that stand in the letters."""
    from ops.deadletters import causes

    with printing.talk().status("Finding causes …") as status:
        budget = causes.Budget() if logs else causes.Budget(queries=0, usd=0)
        return causes.explain(source, lambda line: status.update(f"Finding causes: {line} …"), budget)


def _show(console: Console, asked: DlqContext, source: DeadLetterQueue, report: CausesReport) -> None:

    from ops.deadletters import causes as found

    console.print(Text(safe(report.finding.text), style=LEVEL_STYLES[report.finding.level]))
    age = printing.shelf_age(report.looked_at, report.letters, report.complete)
    console.print(Text(f"{printing.where(source)} · {age}", style="dim"))
    now = datetime.now(UTC)
    rows = _rows(report)
    for cause in rows[:MOST_CAUSES]:
        console.print()
        line = Text(cause["fingerprint"] or "unknown", style="bold")
        line.append(f"  {formatting.count(cause['letters'], 'letter')} · {formatting.percent(cause['share'])}")
        line.append(f" · seen {_between(cause['first_seen'], cause['last_seen'], now)}", style="dim")
        console.print(line)
        named = found.cause_in_words(cause["error_type"], cause["label"], cause["source"], likely=bool(cause["likely"]))
        console.print(Padding(Text(safe(named)), (0, 0, 0, 2)))
        details = [cause["location"], f"version {cause['version']}" if cause["version"] else "", _known(cause)]
        console.print(Padding(Text(safe(" · ".join(filter(None, details))), style="dim"), (0, 0, 0, 2)))
        fixed = Text("fixed since? ", style="dim")
        fixed.append(safe(cause["fixed"] or "unknown"), style="bold" if cause["fixed"] != "unknown" else "dim")
        fixed.append(f" – {safe(cause['fixed_why'])}" if cause["fixed_why"] else "", style="dim")
        console.print(Padding(fixed, (0, 0, 0, 2)))
    if len(rows) > MOST_CAUSES:
        console.print(f"\nand {formatting.count(len(rows) - MOST_CAUSES, 'smaller cause')}: see --json.")
    if rows:
        console.print()


def _rows(report: CausesReport) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in report.groups.to_dict("records")]


def _known(cause: dict[str, Any]) -> str:
    if cause["source"] in ("none", ""):
        return "nothing in the letter or the logs"
    if cause["source"] == "guess":
        return "a guess, from what the bodies look like"
    likely, letters = cause["likely_letters"], cause["letters"]
    some = " (likely)" if likely == letters else f" (likely, of {likely:,} of {letters:,})" if likely else ""
    return f"known from: {cause['source']}{some}"


def _between(first: Any, last: Any, now: datetime) -> str:

    begin, end = moment(first, now), moment(last, now)
    return begin if begin == end else f"{begin.removesuffix(' UTC')} to {end}"


def _did(console: Console, done: ScanResult | None, explained: Explained | None) -> None:
    """What looking did to the queue, and what it cost."""

    lines: list[str] = []
    if done is not None:
        lines += done.notes
    if explained is not None:
        if explained.queries:
            asked = formatting.count(explained.queries, "log query", "log queries")
            lines.append(f"Causes took {asked} ({formatting.price(explained.usd)} at AWS prices).")
        lines += explained.notes
    printing.notes(console, dict.fromkeys(lines))


def _next(
    console: Console, asked: DlqContext, source: DeadLetterQueue, report: CausesReport, complete: bool, imported: bool
) -> None:

    next_steps(console, *interrupted(asked, source))
    rows = _rows(report)
    if not rows:
        if not complete:
            next_steps(console, (asked.again("scan"), "read the rest"))
        return
    first = rows[0]
    which = ["--imported"] if imported else []
    ready = next((row for row in rows if row["fixed"] in FIXED), None)
    when = "once it is fixed: plan its way back" if ready is None else f"{ready['fixed']}: plan its way back"
    next_steps(
        console,
        (asked.again("show", str(first["sample_id"])), "one letter of the largest cause, whole"),
        (asked.again("plan", "--cause", (ready or first)["fingerprint"] or "unknown", *which), when),
    )
