"""Execution environments by provisioned concurrency, which are paid for whether they are used or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.aws import lambda_
from ops.errors import AccessDenied, NotFound

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.workload import Workload


def read(aws: Aws, workload: Workload) -> tuple[int, tuple[str, ...]]:
    """Number of provisioned environments now, and what could not be read. Raises what else ``ops.aws`` raises."""
    if workload.function is None:
        return 0, ()
    try:
        return lambda_.provisioned_concurrency(aws, workload.function.name), ()
    except NotFound:  # an emulator that has the function and no such configuration
        return 0, ()
    except AccessDenied as denied:
        return 0, (f"Provisioned concurrency by the hour is not in the sum: {denied} {denied.next_step}",)
