"""The options for a log alarm on failed invocations, which has their log lines in its notification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from ops.alarms.rendering.log_alarm import LogAlarmPlace
from ops.cli.commands_base.option_groups import OptionGroup
from ops.errors import UsageError


@dataclass(frozen=True)
class LogAlarmOptions(OptionGroup):
    log_group: Annotated[
        str | None, typer.Option("--log-group", metavar="NAME", help="Of the log alarm: the function's log group.")
    ] = None
    query_role: Annotated[
        str | None, typer.Option("--query-role", metavar="ARN", help="Of the log alarm: the role that runs its query.")
    ] = None
    lines_role: Annotated[
        str | None,
        typer.Option(
            "--lines-role", metavar="ARN", help="Of the log alarm: the role that reads lines for the notification."
        ),
    ] = None

    def place(self) -> LogAlarmPlace | None:
        """None where nothing is given. Raises UsageError where a part is missing."""
        given = {"--log-group": self.log_group, "--query-role": self.query_role, "--lines-role": self.lines_role}
        if not any(given.values()):
            return None
        if missing := [option for option, value in given.items() if not value]:
            raise UsageError(f"A log alarm needs {', '.join(missing)}, too.", "PutLogAlarm takes none without them.")
        return LogAlarmPlace(str(self.log_group), str(self.query_role), str(self.lines_role))
