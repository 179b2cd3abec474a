"""Is a cause fixed since? What can be known without trying: a deploy after the last death, and later successes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from handler import contract
from ops.deadletters.causes import loglines
from ops.deadletters.letter import Kind
from ops.insight import words

if TYPE_CHECKING:
    from ops.deadletters.causes.asking import Asking
    from ops.deadletters.shelf import Group
    from ops.deadletters.source import Source

NOTED = "fixed"
"""Where the shelf keeps the verdicts, by fingerprint."""
NO, DEPLOYED, SUCCEEDS, UNKNOWN = "no", "deployed since", "succeeds since", "unknown"


@dataclass(frozen=True)
class FixedSince:
    """Of one cause. ``deployed``: the function's last deploy, where it came after the last death. ``successes``: jobs
    of the same kind that succeeded after it (``more``: at least). ``sentence``: both, for a person."""

    verdict: str
    sentence: str
    deployed: datetime | None = None
    successes: int = 0
    more: bool = False


def since(source: Source, groups: Sequence[Group], asking: Asking | None, now: datetime) -> dict[str, dict[str, Any]]:
    """The verdict on every cause, as the shelf notes it. One query at most, from the earliest of the last deaths."""
    successes, complete = _successes(source, groups, asking, now)
    function = source.workload.function
    deployed = function.deployed_at if function else None
    found: dict[str, dict[str, Any]] = {}
    for group in groups:
        last = group.last_died
        kinds = group.job_kinds
        count = None
        if successes is not None and last is not None and kinds:
            count = sum(at > last and kind in kinds for at, kind in successes)
        one = verdict(last, deployed, kinds, count, not complete, now, set(group.kinds) == {Kind.REJECTED})
        found[group.fingerprint] = {**asdict(one), "deployed": one.deployed.isoformat() if one.deployed else None}
    return found


def verdict(
    last: datetime | None,
    deployed: datetime | None,
    kinds: Sequence[str],
    successes: int | None,
    more: bool,
    now: datetime,
    rejected: bool = False,
) -> FixedSince:
    """``last``: the last death. ``successes``: later ones of ``kinds``, None where that is not known. ``rejected``: the
    handler said that these very jobs can never succeed, so that other jobs' successes say nothing about them."""
    if last is None:
        return FixedSince(UNKNOWN, "When these letters died is not known.")
    died = f"the last death ({words.clock(last, now)})"
    later = deployed if deployed and deployed > last else None
    if later:
        text = f"Deployed {words.clock(later, now)}, after {died}"
    elif deployed:
        text = f"Not deployed since {died}"
    else:
        text = f"When the function was deployed is not known, nor whether that was after {died}"
    jobs = " or ".join(kinds[:3]) + " job"
    if successes:
        count = f"{words.count(successes)}{' or more' if more else ''} {jobs}{'' if successes == 1 else 's'}"
        text += f"; {count} succeeded since"
        if not later:
            text += ", but the handler rejected these for good" if rejected else ", so not every job of that kind fails"
    elif successes == 0:
        text += f"; no {jobs} succeeded since"
    else:
        text += "; whether such jobs succeed since is not known"
    succeeds = bool(successes) and (later is not None or not rejected)
    kind = SUCCEEDS if succeeds else DEPLOYED if later else NO if deployed or rejected else UNKNOWN
    return FixedSince(kind, f"{text}.", later, successes or 0, more and bool(successes))


def read(noted: Mapping[str, Any] | None, mark: str) -> FixedSince:
    """The verdict on one cause that ``since`` gave."""
    one = (noted or {}).get(mark)
    if not one:
        return FixedSince(UNKNOWN, "Not asked yet.")
    deployed = datetime.fromisoformat(one["deployed"]) if one["deployed"] else None
    return FixedSince(one["verdict"], one["sentence"], deployed, one["successes"], one["more"])


def tells_successes(source: Source) -> bool:
    """Whether the function logs a success with its kind: this project's handler does, by the metrics it is set to."""
    function = source.workload.function
    return bool(function and function.metrics and function.metrics[0] == contract.JOB_NAMESPACE)


def _successes(
    source: Source, groups: Iterable[Group], asking: Asking | None, now: datetime
) -> tuple[list[tuple[datetime, str]] | None, bool]:
    """When jobs of the groups' kinds succeeded; None where nobody can know. And whether these are all."""
    asked = [group for group in groups if group.job_kinds and group.last_died]
    first = min((group.last_died for group in asked if group.last_died), default=None)
    if asking is None or first is None or not tells_successes(source):
        return None, True
    kinds = sorted({kind for group in asked for kind in group.job_kinds if "/" not in kind})
    if not kinds:
        return None, True
    found: list[tuple[datetime, str]] = []

    def hear(row: Mapping[str, str]) -> None:
        said = loglines.read(row)
        if said is not None and said.text == contract.LOG_JOB_OK:
            found.append((said.at, said.job_kind))

    named = "|".join(re.escape(kind) for kind in kinds)
    filters = [rf"\"{contract.LOG_JOB_OK}\"", rf"\"{contract.LOG_JOB_KIND}\": ?\"(?:{named})\""]
    whole = asking.read(filters, asking.affordable(first, now), now, hear, page=False)
    return (found, whole) if whole or found else (None, True)
