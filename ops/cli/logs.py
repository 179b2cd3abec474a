"""``ops logs``: the log lines of the workload's functions, of a message, an invocation, a failure cause or a redrive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ops import workload
from ops.aws import Aws
from ops.cli import completion, options, time_args
from ops.cli.output import log_view
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.stderr_console import StderrConsole
from ops.deadletters.queue import open_queue, own_dead_letter_queue
from ops.deadletters.redrive.runs import read_run
from ops.errors import AwsError, UsageError
from ops.insight import time_window
from ops.logs import LogSearch, find_log_lines, follow_log_lines, log_sources, log_subjects
from ops.workload.gaps import Part

if TYPE_CHECKING:
    from ops.logs.log_subjects import LogSubject
    from ops.workload import Workload

WHICH = "Which lines (one of these; default: all)"
TAIL_FROM = timedelta(seconds=10)
"""How long before now --tail starts, unless --since says otherwise: lines take a few seconds to become readable."""


def logs(
    message: Annotated[
        str | None,
        typer.Option("--message", metavar="ID", help="A message ID, or its first characters.", rich_help_panel=WHICH),
    ] = None,
    request: Annotated[
        str | None, typer.Option("--request", metavar="ID", help="Request ID of an invocation.", rich_help_panel=WHICH)
    ] = None,
    cause: Annotated[
        str | None,
        typer.Option(
            "--cause",
            help="ID of a cause, or its first characters, or an error type: its latest messages.",
            rich_help_panel=WHICH,
            autocompletion=completion.causes,
        ),
    ] = None,
    redrive: Annotated[
        str | None,
        typer.Option(
            "--redrive",
            metavar="RUN",
            help="What a redrive sent.",
            rich_help_panel=WHICH,
            autocompletion=completion.runs,
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="Written at or after: 2h (ago), 02:10 (UTC), 2026-11-24T02:10. Default: the last hour (15 min on the "
            "twin), a day for --request, the time when it can have run for a message.",
        ),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Written before (same formats as --since).")] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="TEXT", help="Only lines with this text, in any case.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000, help="Maximum number of lines.")] = 100,
    tail: Annotated[bool, typer.Option("--tail", help="Follow new lines, oldest first, until Ctrl-C.")] = False,
    page_token: Annotated[
        str | None,
        typer.Option("--page", metavar="TOKEN", help="A page of older lines: the command below a page has it."),
    ] = None,
    max_cost: options.MaxCost = 0.5,
    dlq: Annotated[
        str | None, typer.Option("--from", help="Dead-letter queue of the message, cause or redrive.")
    ] = None,
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show the log lines of the workload's functions.

    Newest first, times in UTC. Text and IDs are searched for by Logs Insights, which bills what it scans: the estimate
    comes first. With OPS_READ_ONLY=1 nothing is searched for: all lines are shown, or followed by --tail. Exits with 3
    when a log group could not be read. A record of metrics, such as the extension's of an invocation, is shown in a few
    words; --json has it whole.
    """
    form = chosen_format(output, as_json)
    named = {"--message": message, "--request": request, "--cause": cause, "--redrive": redrive, "--search": search}
    _check_options(named, until, page_token, tail, form)
    target = options.target(stack, queue, function, profile, region)
    now = datetime.now(UTC)
    start, end = time_args.time_range(since, until, now)
    aws = Aws(target)
    described = workload.describe(aws, target)
    subject = _subject(aws, described, dlq, named, now)
    _require_functions(described, subject)
    console = StderrConsole()
    if tail:
        _follow(
            aws, console, subject, start or now - TAIL_FROM, search or "", form, _sent_ids(aws, described, dlq, redrive)
        )
        return
    wanted = replace(subject.search, start=start or subject.search.start, end=end or subject.search.end)
    page = find_log_lines(
        aws,
        subject.sources,
        replace(wanted, text=search or ""),
        limit=limit,
        token=page_token or "",
        max_usd=max_cost,
        say=lambda line: log_view.print_progress(console, line),
    )
    page = replace(page, notes=(*subject.notes, *page.notes))
    if not print_as(form, page, log_view.COLUMNS, map(log_view.row_of, page.lines)):
        log_view.print_page(page, described, target)
    log_view.print_summary(console, page, aws.region)
    if page.next_token:
        # The range in absolute times: it moves on while someone reads, and tokens are of one range.
        given = {**named, "--since": wanted.start.isoformat(), "--until": wanted.end.isoformat(), "--from": dlq}
        given |= {"--limit": str(limit), "--max-cost": f"{max_cost:g}", "--stack": stack, "--queue": queue}
        given |= {"--function": function, "--profile": profile, "--region": region, "--page": page.next_token}
        log_view.print_next_page(console, given)
    if page.unread:
        raise typer.Exit(AwsError.exit_code)


def _check_options(
    named: Mapping[str, str | None], until: str | None, page_token: str | None, tail: bool, form: OutputFormat
) -> None:
    """Raises UsageError."""
    given = [flag for flag, value in named.items() if value is not None]
    for flag in given:
        if not str(named[flag]).strip():
            raise UsageError(f"{flag} is empty.", "Specify a value, or omit it.")
    which = [flag for flag in given if flag != "--search"]
    if len(which) > 1:
        raise UsageError(f"{' and '.join(which)} exclude each other.", "Specify one of them.")
    request = named["--request"]
    if request is not None and not log_subjects.WHOLE_ID.fullmatch(request):
        raise UsageError(f"{request!r} is not a request ID.", "Specify it in full, as in the line REPORT RequestId: ….")
    if tail and (until or page_token):
        flag = "--until" if until else "--page"
        raise UsageError("--tail follows new lines and has no end.", f"Omit {flag}, or --tail.")
    if tail and form is OutputFormat.YAML:
        raise UsageError(
            "--tail has no end, and YAML is written as a whole.", "Use --output json: one object per line."
        )


def _subject(
    aws: Aws, described: Workload, dlq: str | None, named: Mapping[str, str | None], now: datetime
) -> LogSubject:
    """The subject that the options select, and its time range."""
    request, message, cause, run = (named[flag] for flag in ("--request", "--message", "--cause", "--redrive"))
    has_queue = dlq or own_dead_letter_queue(aws.target, described)
    if message and not has_queue and log_subjects.WHOLE_ID.fullmatch(message):
        return log_subjects.unknown_message_subject(described, message, now)
    if message or cause or run:
        source = open_queue(aws, described, dlq)
        if message:
            return log_subjects.message_subject(source, message, now)
        if cause:
            return log_subjects.cause_subject(source, cause, now)
        return log_subjects.redrive_subject(source, str(run), now)
    if request:
        return log_subjects.invocation_subject(described, request, now)
    search = LogSearch(now - timedelta(minutes=time_window.usual_minutes(aws.target.is_twin)), now)
    return log_subjects.LogSubject(search, log_sources(described))


def _require_functions(described: Workload, subject: LogSubject) -> None:
    """Raises UsageError when there is no function whose logs could be read, and AwsError when it could not be read."""
    if subject.sources:
        return
    if gap := described.gap(Part.FUNCTION) or described.gap(Part.MAPPING):
        raise gap.error(described.queue.name)
    raise UsageError(
        f"No function reads {described.queue.name}, so there is no log group to read.",
        "Specify the function that does the work: --function NAME.",
    )


def _sent_ids(
    aws: Aws, described: Workload, dlq: str | None, redrive: str | None
) -> Callable[[], Sequence[str]] | None:
    """A running redrive sends more messages while its lines are followed."""
    if redrive is None:
        return None
    source = open_queue(aws, described, dlq)
    run_id = read_run(source, redrive).id
    return lambda: log_subjects.sent_ids(source, run_id)[0]


def _follow(
    aws: Aws,
    console: StderrConsole,
    subject: LogSubject,
    since: datetime,
    text: str,
    form: OutputFormat,
    sent_ids: Callable[[], Sequence[str]] | None,
) -> None:
    """Prints new lines until Ctrl-C."""
    ids = subject.search.ids
    lines = follow_log_lines(
        aws,
        subject.sources,
        since,
        text=text,
        ids=sent_ids or ((lambda: ids) if ids else None),
        say=lambda line: log_view.print_progress(console, line),
    )
    groups = ", ".join(dict.fromkeys(source.group for source in subject.sources))
    log_view.print_progress(console, f"Following {groups} (UTC). Ctrl-C stops.")
    several = len(subject.sources) > 1
    try:
        if form is OutputFormat.CSV:
            log_view.print_csv_head()
        for line in lines:
            log_view.print_line(line, form, several)
    except KeyboardInterrupt:
        return
