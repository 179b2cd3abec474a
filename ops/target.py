"""The workload and its account, as selected by the command line, the environment or the running twin."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from ops import twin_state
from ops.errors import OpsError, UsageError
from ops.files import state_home
from ops.twin_state import TwinState

NOTHING_CHOSEN = UsageError(
    "No workload is chosen: no stack, queue or function, and no running twin.",
    "Specify one (--stack NAME or OPS_STACK=NAME, with an AWS profile), or start the twin: ops twin up.",
)


@dataclass(frozen=True)
class Target:
    """The workload to work on. ``endpoint`` and the keys are set for the twin only; AWS uses boto3's own credential chain."""

    stack: str | None = None
    queue: str | None = None
    function: str | None = None
    profile: str | None = None
    region: str | None = None
    endpoint: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    finest_period: int = 60
    """Seconds: the shortest metric period worth asking for. AWS/SQS and AWS/Lambda metrics have one value per minute."""
    idle_limit_s: int | None = None
    """Seconds after which the twin shuts an idle environment down; None on AWS, which documents no such time."""
    why_aws: str = field(default="", compare=False)
    """Why this is AWS although a twin is running, as a sentence. Empty when there is no doubt."""

    @property
    def is_twin(self) -> bool:
        return self.endpoint is not None

    @property
    def place_words(self) -> tuple[str, ...]:
        """What a command needs to be about the same account and region: words to be quoted."""
        if self.is_twin:
            return ()
        given = (("--profile", self.profile), ("--region", self.region))
        return tuple(word for option, value in given if value for word in (option, value))


def resolve(
    stack: str | None = None,
    queue: str | None = None,
    profile: str | None = None,
    region: str | None = None,
    environ: Mapping[str, str] = os.environ,
    function: str | None = None,
) -> Target:
    """The target named by the arguments, else ``OPS_STACK``/``OPS_QUEUE``/``OPS_FUNCTION``, else the running twin.

    Arguments take precedence over the environment: ``--queue`` alone selects that queue, whatever ``OPS_STACK``
    is. A profile or region alone does not choose AWS over the twin unless a stack, queue or function is named with it
    or ``OPS_TARGET=aws`` is set. ``OPS_TARGET=twin`` requires the twin. The twin has a region of its own: another one
    in ``AWS_REGION`` is for AWS, but a ``region`` argument must be the twin's. Raises UsageError when nothing is
    chosen or the choice contradicts itself, TwinError when it is a twin of which a process has ended.
    """
    target = resolve_place(stack, queue, profile, region, environ, function)
    if target.stack or target.queue or target.function:
        return target
    recorded = twin_state.recorded()
    if recorded and recorded.pids and not twin_state.gone(recorded):
        raise UsageError(
            f"{_aws_selector(profile, environ)} selects AWS, but no stack, queue or function was specified; a twin is "
            "running.",
            "Specify one (--stack NAME, the sidebar's Workload box, or OPS_STACK=NAME), or use the twin: "
            "OPS_TARGET=twin.",
        )
    raise NOTHING_CHOSEN


def resolve_place(
    stack: str | None = None,
    queue: str | None = None,
    profile: str | None = None,
    region: str | None = None,
    environ: Mapping[str, str] = os.environ,
    function: str | None = None,
) -> Target:
    """Like ``resolve``, and raises the same, but on AWS no workload has to be chosen: the account and region are
    enough."""
    if not (stack or queue or function):
        stack, queue, function = (environ.get(name) or None for name in ("OPS_STACK", "OPS_QUEUE", "OPS_FUNCTION"))
    wanted = environ.get("OPS_TARGET", "")
    if wanted not in ("", "aws", "twin"):
        raise UsageError(f"OPS_TARGET={wanted} is not valid.", "Set it to aws or twin, or unset it.")
    selector = "" if wanted == "twin" else _aws_selector(profile, environ)
    recorded = twin_state.recorded()
    twin = recorded if recorded and recorded.pids else None
    if wanted == "twin" and twin is None:
        raise UsageError("The twin is not running.", "Start it: ops twin up.")
    if twin is not None and (wanted == "twin" or (not selector and _may_have(twin, stack, queue))):
        return _on_twin(twin, stack, queue, function, region)
    why = ""
    if twin is not None and not twin_state.gone(twin) and not selector:
        why = f"Using AWS: the running twin has stack {twin.stack}, not {stack or queue}."
    region = region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or None
    return Target(stack=stack, queue=queue, function=function, profile=profile, region=region, why_aws=why)


def state_folder(target: Target, environ: Mapping[str, str] = os.environ) -> Path:
    """Where this machine keeps what was read and done: ``state_home``; the twin's own goes with the twin, in its folder.
    Raises OpsError for a ``~`` that has no home folder."""
    return twin_state.folder() / "ops" if target.is_twin else state_home.path(environ)


def place_digest(environ: Mapping[str, str] = os.environ) -> str:
    """A digest of the place that this process works on by default: a twin, by its folder, or AWS, by its profile.
    Processes with the same place have the same digest; it reveals neither."""
    try:
        on_twin = resolve_place(environ=environ).is_twin
    except OpsError:  # a twin of which a process has ended
        on_twin = environ.get("OPS_TARGET") != "aws"
    place = f"twin {twin_state.folder()}" if on_twin else f"aws {environ.get('AWS_PROFILE', '')}"
    return sha256(place.encode()).hexdigest()[:16]


def workload_names(
    place: Target, stack: str | None, queue_arn: str, alone: bool, environ: Mapping[str, str] = os.environ
) -> tuple[str | None, str | None]:
    """The stack and the queue, either possibly None, by which ``resolve`` leads to that queue at ``place``.

    ``alone``: the stack has no other workload, so that its name is enough. While a twin runs, a name may be taken for
    one of the twin, or of AWS: then the queue's name or ARN is used.
    """
    name = queue_arn.rpartition(":")[2]
    by_stack = [(stack, None if alone else name)] if stack else []
    by_queue: list[tuple[str | None, str | None]] = [(None, name), (None, queue_arn)]
    for names in (*by_stack, *by_queue):
        try:
            found = resolve_place(*names, profile=place.profile, environ=environ)
        except OpsError:
            continue
        if found.endpoint == place.endpoint:
            return names
    return (by_stack or by_queue)[0]


def ensure_whole(target: Target) -> None:
    """Raise TwinError when ``target`` is the recorded twin and one of its processes has ended.

    A target outlives a refresh. Without its host, the twin's APIs still answer and report no problem.
    """
    recorded = twin_state.recorded() if target.is_twin else None
    if recorded and recorded.endpoint == target.endpoint and (problems := twin_state.gone(recorded)):
        raise twin_state.not_whole(problems)


def _aws_selector(profile: str | None, environ: Mapping[str, str]) -> str:
    """The setting that selects AWS even if a twin is running, as written; empty when there is none."""
    if environ.get("OPS_TARGET") == "aws":
        return "OPS_TARGET=aws"
    if profile:
        return f"--profile {profile}"
    return f"AWS_PROFILE={environ['AWS_PROFILE']}" if environ.get("AWS_PROFILE") else ""


def _may_have(twin: TwinState, stack: str | None, queue: str | None) -> bool:
    """Whether the names may be of the twin: the stack by its name or ARN; any queue but by an ARN of another account."""
    own = f"arn:aws:cloudformation:{twin.region}:{twin.account_id}:stack/{twin.stack}/"
    its_stack = stack in (None, twin.stack) or (stack or "").startswith(own)
    its_queue = not (queue or "").startswith("arn:") or f":{twin.account_id}:" in (queue or "")
    return its_stack and its_queue


def _on_twin(twin: TwinState, stack: str | None, queue: str | None, function: str | None, region: str | None) -> Target:
    if problems := twin_state.gone(twin):
        raise twin_state.not_whole(problems)
    if region and region != twin.region:
        raise UsageError(
            f"The running twin is in region {twin.region}, not {region}.",
            "Omit the region to use the twin; to use AWS, specify a profile or set OPS_TARGET=aws as well.",
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
        idle_limit_s=twin.idle_limit,
    )
