"""Which workload, in which account: what the command line, the environment or the running twin name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from ops import twin_state
from ops.errors import UsageError
from ops.twin_state import TwinState

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
    why_aws: str = field(default="", compare=False)
    """A sentence for somebody who may have meant the twin that runs: why this is AWS. Empty when it is plain."""

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
    or ``OPS_TARGET=aws`` is set. ``OPS_TARGET=twin`` insists on the twin. The twin has a region of its own: another one
    in ``AWS_REGION`` is for AWS, but a ``region`` that was named must be the twin's. Raises UsageError when nothing is
    chosen or the choice contradicts itself, TwinError when it falls on a twin of which a process is gone.
    """
    if not (stack or queue or function):
        stack, queue, function = (environ.get(name) or None for name in ("OPS_STACK", "OPS_QUEUE", "OPS_FUNCTION"))
    wanted = environ.get("OPS_TARGET", "")
    if wanted not in ("", "aws", "twin"):
        raise UsageError(f"OPS_TARGET={wanted} means nothing.", "Set it to aws or twin, or leave it out.")
    elsewhere = "" if wanted == "twin" else _elsewhere(profile, environ)
    recorded = twin_state.recorded()
    twin = recorded if recorded and recorded.pids else None
    if wanted == "twin" and twin is None:
        raise UsageError("The twin is not running.", "Start it: ops twin up.")
    if twin is not None and (wanted == "twin" or (not elsewhere and _is_its_stack(stack, twin))):
        return _on_twin(twin, stack, queue, function, region)
    running = twin is not None and not twin_state.gone(twin)
    if not (stack or queue or function):
        if running:
            raise UsageError(
                f"{elsewhere} points at AWS, and no stack, queue or function is named there; a twin is running.",
                "Name one (--stack NAME, the sidebar's Stack box, or OPS_STACK=NAME), or look at the twin: "
                "OPS_TARGET=twin.",
            )
        raise NOTHING_CHOSEN
    why = ""
    if twin is not None and running and not elsewhere:
        why = f"This asks AWS, since the twin that runs has stack {twin.stack}, not {stack}."
    region = region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or None
    return Target(stack=stack, queue=queue, function=function, profile=profile, region=region, why_aws=why)


def ensure_whole(target: Target) -> None:
    """Raise TwinError when ``target`` is the recorded twin and one of its processes is gone.

    A target outlives a look. With its host dead, the twin's APIs still answer, and say that nothing is wrong.
    """
    recorded = twin_state.recorded() if target.is_twin else None
    if recorded and recorded.endpoint == target.endpoint and (problems := twin_state.gone(recorded)):
        raise twin_state.not_whole(problems)


def _elsewhere(profile: str | None, environ: Mapping[str, str]) -> str:
    """What points at AWS although a twin may run, as it was written; empty when nothing does."""
    if environ.get("OPS_TARGET") == "aws":
        return "OPS_TARGET=aws"
    if profile:
        return f"--profile {profile}"
    return f"AWS_PROFILE={environ['AWS_PROFILE']}" if environ.get("AWS_PROFILE") else ""


def _is_its_stack(stack: str | None, twin: TwinState) -> bool:
    """By its name or its ARN."""
    own = f"arn:aws:cloudformation:{twin.region}:{twin.account_id}:stack/{twin.stack}/"
    return stack in (None, twin.stack) or (stack or "").startswith(own)


def _on_twin(twin: TwinState, stack: str | None, queue: str | None, function: str | None, region: str | None) -> Target:
    if problems := twin_state.gone(twin):
        raise twin_state.not_whole(problems)
    if region and region != twin.region:
        raise UsageError(
            f"The twin that runs is in region {twin.region}, not {region}.",
            "Leave the region out to look at the twin; to look at AWS, name a profile or set OPS_TARGET=aws as well.",
        )
    return Target(
        stack=stack or (None if queue or function else twin.stack),
        queue=queue,
        function=function,
        region=twin.region,
        endpoint=twin.endpoint,
        access_key_id=twin.access_key_id,
        secret_access_key=twin.secret_access_key,
        finest_period=twin.period,
    )
