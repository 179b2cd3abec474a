"""The inputs of acts, as a rehearsal's file gives them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from ops.rehearsals.staging.job_bodies import JobKind
from ops.rehearsals.staging.staged_function import Fault

Size = Annotated[int, Meta(ge=1, le=2_000_000_000)]


class ActInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    pass


class SendJobs(ActInputs, frozen=True):
    """``size``: of each job, in its kind's unit."""

    kind: JobKind
    count: Annotated[int, Meta(ge=1, le=5_000)]
    size: Size | None = None


class KeepSending(ActInputs, frozen=True):
    """Until the runbook has ended, or ``at_most`` jobs are sent; none while ``unfinished`` of them have no result. So the
    load does not depend on how fast the machine is."""

    kind: JobKind
    per_second: Annotated[float, Meta(gt=0, le=50)]
    at_most: Annotated[int, Meta(ge=1, le=5_000)]
    unfinished: Annotated[int, Meta(ge=1, le=5_000)] = 5_000
    size: Size | None = None


class InvokeAsynchronously(ActInputs, frozen=True):
    kind: JobKind
    count: Annotated[int, Meta(ge=1, le=100)]


class MaximumConcurrency(ActInputs, frozen=True):
    maximum: Annotated[int, Meta(ge=2, le=1_000)]


class ReservedConcurrency(ActInputs, frozen=True):
    reserved: Annotated[int, Meta(ge=0, le=1_000)]


class FunctionMemory(ActInputs, frozen=True):
    megabytes: Annotated[int, Meta(ge=128, le=10_240)]


class Permission(ActInputs, frozen=True):
    """An action of IAM: s3:PutObject."""

    permission: Annotated[str, Meta(pattern=r"^[a-z0-9-]+:[A-Za-z*]+$")]


class DeployVersion(ActInputs, frozen=True):
    fault: Fault


class SlowS3(ActInputs, frozen=True):
    """``seconds``: before each request; 0 ends it."""

    seconds: Annotated[float, Meta(ge=0, le=30)]


class CreateQueue(ActInputs, frozen=True):
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,80}$")]


class Wait(ActInputs, frozen=True):
    seconds: Annotated[int, Meta(ge=1, le=600)]
