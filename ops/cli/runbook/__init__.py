"""``ops runbook``: runbooks that run. One module per group of commands; ``terminal``: who is asked, and what is shown."""

from __future__ import annotations

from ops.cli.commands_base.lazy_group import LazyCommand, command_group

READ = "Read"
RUN = "Run"
REHEARSE = "Rehearse"

app = command_group(
    "Runbooks that run: each step previewed, confirmed, verified and recorded.",
    LazyCommand("list", f"{__name__}.documents:list_", "List the runbooks.", READ),
    LazyCommand("show", f"{__name__}.documents:show", "Show a runbook as a document.", READ),
    LazyCommand("for", f"{__name__}.for_alarm:for_", "Find the runbook of an alarm.", READ),
    LazyCommand("actions", f"{__name__}.documents:actions", "List the actions that a step may name.", READ),
    LazyCommand("check", f"{__name__}.check:check", "Check runbooks without running anything.", READ),
    LazyCommand("run", f"{__name__}.run:run", "Run a runbook step by step.", RUN),
    LazyCommand("resume", f"{__name__}.run:resume", "Continue a run that stopped or was killed.", RUN),
    LazyCommand("rollback", f"{__name__}.run:rollback", "Undo the changes of a run, the latest first.", RUN),
    LazyCommand("runs", f"{__name__}.report:runs", "List the runs on this machine.", RUN),
    LazyCommand("report", f"{__name__}.report:report", "Write the incident report of a run as Markdown.", RUN),
    LazyCommand("record", f"{__name__}.record:record", "Show the record of a run, event by event.", RUN),
    LazyCommand("rehearse", f"{__name__}.rehearse:rehearse", "Rehearse runbooks on a twin of their own.", REHEARSE),
)
