"""``ops alarms``: which are recommended, what they would have paged for, and whether they reach anyone. One module per
command."""

from __future__ import annotations

from ops.cli.commands_base.lazy_group import LazyCommand, command_group

app = command_group(
    "Alarms: which are recommended, what they would have paged for, and whether they reach anyone.",
    LazyCommand(
        "list", f"{__name__}.list_:list_", "List the alarms that are recommended for a workload, with their prices."
    ),
    LazyCommand("diff", f"{__name__}.applying:diff", "Show what ops alarms apply would change, field by field."),
    LazyCommand("apply", f"{__name__}.applying:apply", "Create or update the recommended alarms."),
    LazyCommand("remove", f"{__name__}.applying:remove", "Remove the alarms that ops alarms apply created."),
    LazyCommand(
        "export",
        f"{__name__}.export:export",
        "Print the recommended alarms as CloudFormation (YAML) or Terraform (JSON).",
    ),
    LazyCommand("delivery", f"{__name__}.delivery:delivery", "Show whether the workload's alarms reach anyone."),
    LazyCommand(
        "rehearse",
        f"{__name__}.rehearsal.command:rehearse",
        "Rehearse alarms against published incidents: which would have paged, and when.",
    ),
    LazyCommand(
        "record", f"{__name__}.record:record", "Record a stretch of the workload's metrics as an incident file."
    ),
    LazyCommand("test", f"{__name__}.test:test", "Send a real notification of an alarm, and see whether it arrives."),
    LazyCommand("muted", f"{__name__}.muting:muted", "List what is muted, and until when."),
    LazyCommand("unmute", f"{__name__}.muting:unmute", "Unmute what redrives of this machine have muted."),
)
