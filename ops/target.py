"""Which workload, in which account: what the command line, the environment or the running twin name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ops.errors import UsageError
from ops.twin import state

NOTHING_CHOSEN = UsageError(
    "No workload is chosen: neither a stack, a queue nor a running twin.",
    "Name one (--stack NAME or OPS_STACK=NAME, with an AWS profile), or start the twin: ops twin up.",
)


@dataclass(frozen=True)
class Target:
    """Where to look. ``endpoint`` and the keys are set for the twin only; AWS uses boto3's own credential chain."""

    stack: str | None = None
    queue: str | None = None
    profile: str | None = None
    region: str | None = None
    endpoint: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    finest_period: int = 60
    """Seconds: the shortest metric period worth asking for. AWS/SQS and AWS/Lambda metrics are by the minute."""

    @property
    def is_twin(self) -> bool:
        return self.endpoint is not None


def resolve(
    stack: str | None = None,
    queue: str | None = None,
    profile: str | None = None,
    region: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Target:
    """What was named, else ``OPS_STACK``/``OPS_QUEUE``, else the running twin.

    A profile or region alone does not choose AWS over the twin unless a stack or queue is named with it or
    ``OPS_TARGET=aws`` is set. ``OPS_TARGET=twin`` insists on the twin. Raises UsageError when nothing is chosen.
    """
    stack = stack or environ.get("OPS_STACK") or None
    queue = queue or environ.get("OPS_QUEUE") or None
    wanted = environ.get("OPS_TARGET", "")
    running = state.read() if wanted != "aws" else None
    names_twin = running is not None and not profile and not environ.get("AWS_PROFILE") and (
        (stack in (None, running.stack)) or wanted == "twin"
    )
    if running is not None and (names_twin or wanted == "twin"):
        return Target(
            stack=None if queue else (stack or running.stack),
            queue=queue,
            region=running.region,
            endpoint=running.endpoint,
            access_key_id=running.access_key_id,
            secret_access_key=running.secret_access_key,
            finest_period=running.period,
        )
    if wanted == "twin":
        raise UsageError("The twin is not running.", "Start it: ops twin up.")
    if not stack and not queue:
        raise NOTHING_CHOSEN
    return Target(stack=stack, queue=queue, profile=profile, region=region)
