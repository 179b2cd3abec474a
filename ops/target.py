"""Which workload, in which account: what the command line, the environment or the running twin name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ops.errors import UsageError
from ops.twin import state

NOTHING_CHOSEN = UsageError(
    "No workload is chosen: neither a stack, a queue, a function nor a running twin.",
    "Name one (--stack NAME or OPS_STACK=NAME, with an AWS profile), or start the twin: ops twin up.",
)


@dataclass(frozen=True)
class Target:
    """Where to look. ``endpoint`` and the keys are set for the twin only; AWS uses boto3's own credential chain."""

    stack: str | None = None
    queue: str | None = None
    function: str | None = None
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
    function: str | None = None,
) -> Target:
    """What was named, else ``OPS_STACK``/``OPS_QUEUE``/``OPS_FUNCTION``, else the running twin.

    What is named goes before what the environment says: ``--queue`` alone is about that queue, whatever ``OPS_STACK``
    says. A profile or region alone does not choose AWS over the twin unless a stack, queue or function is named with it
    or ``OPS_TARGET=aws`` is set. ``OPS_TARGET=twin`` insists on the twin. Raises UsageError when nothing is chosen.
    """
    if not (stack or queue or function):
        stack, queue, function = (environ.get(name) or None for name in ("OPS_STACK", "OPS_QUEUE", "OPS_FUNCTION"))
    wanted = environ.get("OPS_TARGET", "")
    if wanted not in ("", "aws", "twin"):
        raise UsageError(f"OPS_TARGET={wanted} means nothing.", "Set it to aws or twin, or leave it out.")
    running = state.read() if wanted != "aws" else None
    if wanted == "twin" and running is None:
        raise UsageError("The twin is not running.", "Start it: ops twin up.")
    elsewhere = bool(profile or environ.get("AWS_PROFILE"))
    if running is not None and (wanted == "twin" or (not elsewhere and stack in (None, running.stack))):
        return Target(
            stack=None if queue or function else (stack or running.stack),
            queue=queue,
            function=function,
            region=running.region,
            endpoint=running.endpoint,
            access_key_id=running.access_key_id,
            secret_access_key=running.secret_access_key,
            finest_period=running.period,
        )
    if not (stack or queue or function):
        raise NOTHING_CHOSEN
    return Target(stack=stack, queue=queue, function=function, profile=profile, region=region)
