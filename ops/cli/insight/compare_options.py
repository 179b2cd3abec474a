"""The options of ``ops compare``: which arrivals, and what the costs assume."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.cli.commands_base.option_groups import OptionGroup

if TYPE_CHECKING:
    from ops.compare.costs.assumptions import CostAssumptions


@dataclass(frozen=True)
class CostOptions(OptionGroup):
    instance: Annotated[str, typer.Option("--instance", help="Instance type of the container, or fargate.")] = (
        "m7g.large"
    )
    instance_usd: Annotated[
        float | None, typer.Option("--instance-usd", min=0, help="Its USD per hour, in place of the price on file.")
    ] = None
    load_balancer_usd: Annotated[
        float | None,
        typer.Option(
            "--load-balancer-usd", min=0, help="USD per hour of the containers' load balancer (default: left out)."
        ),
    ] = None
    instances: Annotated[int, typer.Option("--instances", min=1, help="How many run at least.")] = 2
    jobs_at_once: Annotated[
        float | None, typer.Option("--jobs-at-once", help="Jobs that one instance works on (default: its vCPUs).")
    ] = None
    utilization: Annotated[
        float, typer.Option("--utilization", help="Percentage of its capacity that is used at most.")
    ] = 60.0
    peak_factor: Annotated[
        float | None,
        typer.Option("--peak-factor", help="Highest rate of a day over its mean (default: by --arrivals)."),
    ] = None
    synchronous_seconds: Annotated[
        float | None, typer.Option("--synchronous-seconds", help="Time of the container per job (default: measured).")
    ] = None
    seconds_per_job: Annotated[
        float | None, typer.Option("--seconds-per-job", help="Time of the function per job (default: measured).")
    ] = None
    jobs_per_invocation: Annotated[
        float | None, typer.Option("--jobs-per-invocation", help="Messages per invocation (default: measured).")
    ] = None
    cold_share: Annotated[
        float | None, typer.Option("--cold-share", help="Percentage of cold starts (default: measured).")
    ] = None
    init_seconds: Annotated[
        float | None, typer.Option("--init-seconds", help="Init duration of a cold start (default: measured).")
    ] = None
    memory: Annotated[
        int | None, typer.Option("--memory", min=128, max=10_240, help="The function's MB (default: as set).")
    ] = None
    log_bytes: Annotated[
        float | None, typer.Option("--log-bytes", min=0, help="Log bytes per invocation (default: 3,000).")
    ] = None
    api: Annotated[str, typer.Option("--api", help="API in front of the queue: rest, http or none.")] = "rest"

    task_definition: Annotated[
        Path | None,
        typer.Option("--task-definition", help="ECS task definition (JSON) of the container: its size, for fargate."),
    ] = None

    def assumed(self) -> CostAssumptions:
        """Raises UsageError for what cannot be."""
        from ops.compare.costs import task_definition
        from ops.compare.costs.assumptions import CostAssumptions

        return CostAssumptions(
            instance=self.instance,
            usd_per_hour=self.instance_usd,
            load_balancer_usd=self.load_balancer_usd,
            least_instances=self.instances,
            jobs_at_once=self.jobs_at_once,
            utilization=self.utilization / 100,
            peak_factor=self.peak_factor,
            synchronous_seconds=self.synchronous_seconds,
            seconds_per_job=self.seconds_per_job,
            jobs_per_invocation=self.jobs_per_invocation,
            cold_share=None if self.cold_share is None else self.cold_share / 100,
            init_s=self.init_seconds,
            memory_mb=self.memory,
            log_bytes=self.log_bytes,
            api=self.api,
            task=task_definition.read(self.task_definition or task_definition.SHIPPED),
        )
