"""``ops dlq``: messages in a dead-letter queue, why they failed, and their redrive. One module per group of commands;
``shared_options``: what they share."""

from __future__ import annotations

from ops.cli.commands_base.lazy_group import LazyCommand, command_group

INSPECT = "Inspect"
REDRIVE = "Redrive"
FILES = "Export and purge"

app = command_group(
    "Messages in the dead-letter queue (DLQ): why they failed, redrive, export and purge.",
    LazyCommand(
        "scan", f"{__name__}.scan:scan", "Read the DLQ into the snapshot and show why messages failed.", INSPECT
    ),
    LazyCommand("causes", f"{__name__}.scan:causes", "Show the failure causes in the snapshot.", INSPECT),
    LazyCommand("list", f"{__name__}.list_show:list_", "List messages in the snapshot.", INSPECT),
    LazyCommand("show", f"{__name__}.list_show:show", "Show one message and why it failed.", INSPECT),
    LazyCommand("plan", f"{__name__}.plan:plan", "Create a plan for a redrive.", REDRIVE),
    LazyCommand("diff", f"{__name__}.plan:diff", "Show what a plan changes in its messages.", REDRIVE),
    LazyCommand("redrive", f"{__name__}.redrive:redrive", "Run a plan in stages.", REDRIVE),
    LazyCommand("runs", f"{__name__}.redrive:runs", "List the redrives of this queue.", REDRIVE),
    LazyCommand("cancel", f"{__name__}.redrive:cancel", "Stop a redrive that is running in another process.", REDRIVE),
    LazyCommand("resume", f"{__name__}.redrive:resume", "Resume a redrive.", REDRIVE),
    LazyCommand("move", f"{__name__}.move:move", "Move or copy the whole queue to another queue.", REDRIVE),
    LazyCommand("export", f"{__name__}.export:export", "Write messages of the snapshot to a file.", FILES),
    LazyCommand("import", f"{__name__}.import_:import_", "Add the messages of an export to the snapshot.", FILES),
    LazyCommand("purge", f"{__name__}.purge:purge", "Permanently delete the messages of an export.", FILES),
)
