"""The options of ``ops rightsize``: what is measured, within which bounds, and how a setting is chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.cli.commands_base.option_groups import OptionGroup
from ops.cli.output.sanitize import safe
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.rightsize.model import Objective
    from ops.rightsize.sweep import SweepSettings

LADDER = (128, 256, 512, 1_024, 1_769, 3_008, 5_307, 10_240)
"""MB; 1,769 and 5,307 are one and three vCPUs."""
REACH = 4
"""Sizes from a quarter of the current memory to four times as much are measured by default. Our choice."""
MAX_CHARS = 200
"""Characters of a list of numbers."""


@dataclass(frozen=True)
class MeasureOptions(OptionGroup):
    """Options of the sweep."""

    memory: Annotated[
        str | None,
        typer.Option(
            "--memory", metavar="MB,MB", help="Memory sizes (default: around the current one, which is added)."
        ),
    ] = None
    batch: Annotated[
        str | None,
        typer.Option("--batch", metavar="N,N", help="Messages per invocation (default: as many as now, on average)."),
    ] = None
    jobs: Annotated[
        Path | None,
        typer.Option(
            "--jobs", metavar="FILE", help="JSON Lines: message bodies, or an export (on the twin: sample jobs)."
        ),
    ] = None
    id_field: Annotated[
        str, typer.Option("--id-field", help="Field of a job's ID, which is replaced by one of the sweep.")
    ] = "job_id"
    same_ids: Annotated[
        bool, typer.Option("--same-ids", help="Send jobs without that field as they are, several times.")
    ] = False
    invocations: Annotated[
        int, typer.Option("--invocations", min=5, max=1_000, help="Warm invocations of each setting.")
    ] = 30
    rounds: Annotated[
        int, typer.Option("--rounds", min=1, max=10, help="Versions of each memory size, and so cold starts.")
    ] = 3
    change_live: Annotated[
        bool,
        typer.Option("--change-live", help="Go on although the mapping runs $LATEST, which has each size for seconds."),
    ] = False
    max_usd: Annotated[float, typer.Option("--max-usd", min=0, help="Stop at this price of Lambda.")] = 1.0
    max_minutes: Annotated[float, typer.Option("--max-minutes", min=0, help="Stop measuring after this time.")] = 60.0

    def settings(self, current_mb: int, per_invocation: int) -> SweepSettings:
        """``per_invocation``: messages, as it is now. Raises UsageError for lists that are none."""
        from ops.rightsize.sweep import SweepSettings

        for number in (self.max_usd, self.max_minutes):
            ensure_finite(number)
        usual = tuple(size for size in LADDER if current_mb / REACH <= size <= current_mb * REACH)
        given = numbers("--batch", self.batch) if self.batch is not None else (per_invocation,)
        return SweepSettings(
            memories=numbers("--memory", self.memory) if self.memory is not None else usual,
            batch_sizes=tuple(sorted(given, key=lambda size: (abs(size - per_invocation), size))),
            rounds=self.rounds,
            per_round=-(-self.invocations // self.rounds),
            most_usd=self.max_usd,
            most_minutes=self.max_minutes,
            id_field=self.id_field,
            same_ids=self.same_ids,
            change_live=self.change_live,
        )


@dataclass(frozen=True)
class SizingOptions(OptionGroup):
    """Options of the suggestion."""

    objective: Annotated[str, typer.Option("--objective", help="cost, latency or balanced.")] = "balanced"
    cold_share: Annotated[
        float | None,
        typer.Option("--cold-share", min=0, max=100, help="Percentage of cold invocations, in place of the observed."),
    ] = None
    per_month: Annotated[
        float | None, typer.Option("--per-month", min=0, help="Jobs per month, in place of the observed rate.")
    ] = None

    def ensure_possible(self) -> Objective:
        """The objective. Raises UsageError for another word, or a number that is none."""
        from ops.rightsize.model import Objective

        for number in (self.cold_share, self.per_month):
            ensure_finite(number)
        if self.objective not in list(Objective):
            raise UsageError(f"{safe(self.objective)} is not an objective.", f"Choose one of {', '.join(Objective)}.")
        return Objective(self.objective)


def ensure_finite(number: float | None) -> None:
    """Raises UsageError for NaN, which no bound of an option refuses."""
    if number is not None and not math.isfinite(number):
        raise UsageError(f"{number:g} is not a finite number.", "Give a number.")


def numbers(option: str, text: str) -> tuple[int, ...]:
    """Raises UsageError for what is not a list of whole numbers."""
    parts = [part.strip() for part in text.split(",")]
    if len(text) > MAX_CHARS or not all(part.isascii() and part.isdecimal() for part in parts):
        raise UsageError(
            f"{safe(text[:MAX_CHARS])} is not a list of whole numbers.", f"Write it like {option} 512,1024."
        )
    return tuple(map(int, parts))
