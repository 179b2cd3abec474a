"""Waits until a change of the function is complete, and notices changes that others make meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ops.aws.lambda_ import versions
from ops.aws.lambda_.versions import Configuration
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.aws import Aws

Pause = Callable[[float], None]
POLL_S = 0.5
MAX_POLLS = 240
"""Two minutes; an image's change takes a few seconds, in a VPC up to a minute."""
CHANGED_CODES = ("PreconditionFailedException", "ResourceConflictException")
"""Lambda's refusals of a change meant for an older revision, and of one while another is in progress."""


class ChangedMeanwhile(OpsError):
    """Someone else changed the function or the alias."""


def settled(aws: Aws, name: str, pause: Pause, version: str = "") -> Configuration:
    """The configuration, once no change of it is in progress. Raises OpsError when that takes two minutes."""
    for _ in range(MAX_POLLS):
        found = versions.read_configuration(aws, name, version)
        if found.ready:
            return found
        pause(POLL_S)
    what = f"version {version} of {name}" if version else name
    raise OpsError(f"A change of {what} has not ended after two minutes.", "See its LastUpdateStatus, then try again.")


def ensure_unchanged(before: Configuration, now: Configuration, memory_mb: int, name: str) -> None:
    """Raises ChangedMeanwhile when ``now`` has another memory than ``memory_mb``, or other settings than ``before``."""
    if now.memory_mb != memory_mb:
        raise changed(f"{name} has {now.memory_mb:,} MB, and the sweep set {memory_mb:,} MB")
    if now.settings != before.settings:
        raise changed(f"settings of {name} other than its memory were changed")


def changed(what: str) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"The sweep ended, because someone else changed the function meanwhile: {what}.",
        "Let the other change be finished, then start the sweep again.",
    )
