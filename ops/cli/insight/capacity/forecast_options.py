"""The options of ``ops forecast``: what is assumed of the load, and which settings are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from ops.cli.commands_base.option_groups import OptionGroup
from ops.cli.output.sanitize import safe
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.insight.forecast.assumptions import Assumed
    from ops.insight.forecast.what_if import Changes


@dataclass(frozen=True)
class LoadOptions(OptionGroup):
    backlog: Annotated[
        float | None, typer.Option("--backlog", min=0, help="Messages that wait, in place of the queue's.")
    ] = None
    arrivals: Annotated[
        float | None, typer.Option("--arrivals", min=0, help="Arrivals per minute, in place of those observed.")
    ] = None
    days_ago: Annotated[
        int | None,
        typer.Option(
            "--like-days-ago", min=1, max=400, help="Arrivals as in the same hours this many days ago, e.g. 7."
        ),
    ] = None
    seconds_per_message: Annotated[
        float | None,
        typer.Option(
            "--seconds-per-message", help="Time of one environment for one message, in place of that observed."
        ),
    ] = None
    deadline: Annotated[
        float | None,
        typer.Option(
            "--deadline", min=0, help="Minutes that a message may wait (default: the alarm on the oldest age)."
        ),
    ] = None
    within: Annotated[
        float | None, typer.Option("--within", min=0, help="Find the concurrency that drains in this many minutes.")
    ] = None
    groups: Annotated[
        int | None, typer.Option("--groups", min=1, help="FIFO queue: how many message groups are active.")
    ] = None
    busiest_group: Annotated[
        float | None,
        typer.Option("--busiest-group", max=100, help="FIFO queue: percentage of the messages in the busiest group."),
    ] = None

    def assumed(self, changes: Changes) -> Assumed:
        """Raises UsageError for numbers that cannot be."""
        from ops.insight.forecast.assumptions import Assumed

        return Assumed(
            backlog=self.backlog,
            arrivals_per_min=self.arrivals,
            days_ago=self.days_ago,
            seconds_per_message=self.seconds_per_message,
            deadline_s=None if self.deadline is None else self.deadline * 60,
            within_s=None if self.within is None else self.within * 60,
            groups=self.groups,
            busiest_group=None if self.busiest_group is None else self.busiest_group / 100,
            changes=changes,
        )


@dataclass(frozen=True)
class WhatIfOptions(OptionGroup):
    maximum_concurrency: Annotated[
        int | None, typer.Option("--maximum-concurrency", help="What if: the mapping's maximum concurrency.")
    ] = None
    pollers: Annotated[
        str | None,
        typer.Option("--pollers", metavar="MIN:MAX", help="What if: provisioned mode with so many pollers."),
    ] = None
    reserved: Annotated[
        int | None, typer.Option("--reserved", min=0, help="What if: the function's reserved concurrency.")
    ] = None
    batch_size: Annotated[int | None, typer.Option("--batch-size", help="What if: messages per batch at most.")] = None
    window: Annotated[int | None, typer.Option("--window", help="What if: the batching window in seconds.")] = None
    memory: Annotated[int | None, typer.Option("--memory", help="What if: the function's memory in MB.")] = None
    faster: Annotated[float | None, typer.Option("--faster", help="What if: the job runs this many times as fast.")] = (
        None
    )

    def changes(self) -> Changes:
        """Raises UsageError for settings that AWS rejects."""
        from ops.insight.forecast.what_if import Changes

        return Changes(
            maximum_concurrency=self.maximum_concurrency,
            pollers=_pollers(self.pollers),
            reserved=self.reserved,
            batch_size=self.batch_size,
            window_s=self.window,
            memory_mb=self.memory,
            faster=self.faster,
        )


MAX_CHARS = 40
"""Characters of a range: Python reads no number of thousands of digits."""


def _pollers(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    least, colon, most = text.partition(":")
    if not (colon and least.isdecimal() and most.isdecimal() and len(text) <= MAX_CHARS):
        raise UsageError(f"{safe(text)} is not MIN:MAX.", "Write it like --pollers 2:200.")
    return int(least), int(most)
