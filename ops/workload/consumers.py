"""Who reads a queue: its event source mappings, each with its function and where that logs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ops.aws import lambda_
from ops.workload.gaps import Gap, Part, attempt

if TYPE_CHECKING:
    from ops.aws import Aws


MAX_QUALIFIERS = 50
"""Aliases or versions of a function that are asked for their mappings."""


@dataclass(frozen=True)
class Reader:
    """A mapping of a queue. ``function`` is None where ``gap`` says why it could not be read."""

    mapping: lambda_.EventSourceMapping
    function: lambda_.Function | None
    gap: Gap | None = None

    @property
    def name(self) -> str:
        """The function's name with its alias or version, as the mapping names it."""
        return lambda_.qualified_name(self.mapping.function_arn)

    @property
    def log_group(self) -> str | None:
        return self.function.log_group if self.function else None


def readers(aws: Aws, queue_arn: str) -> tuple[Reader, ...]:
    """All that Lambda has on the queue, those that are on first; empty when no mapping of this account reads it.

    Several mappings of one queue share its messages (AWS gives each message to one of them; a filter that does not
    match deletes it). Raises AccessDenied where the mappings may not be listed (lambda:ListEventSourceMappings); a
    function that may not be read, or is gone, is a Reader with a gap.
    """
    return described(aws, lambda_.list_mappings(aws, source_arn=queue_arn))


def described(aws: Aws, mappings: Iterable[lambda_.EventSourceMapping]) -> tuple[Reader, ...]:
    """The mappings with their functions, each function asked about once."""
    known: dict[str, lambda_.Function | Gap] = {}
    found = []
    for mapping in sorted(mappings, key=lambda mapping: (mapping.off_rank, mapping.function_arn, mapping.uuid)):
        arn = mapping.function_arn
        if arn not in known:
            known[arn] = attempt(Part.FUNCTION, lambda_.qualified_name(arn), partial(lambda_.get_function, aws, arn))
        function = known[arn]
        found.append(Reader(mapping, None, function) if isinstance(function, Gap) else Reader(mapping, function))
    return tuple(found)


def mappings_of(aws: Aws, function: str) -> tuple[lambda_.EventSourceMapping, ...]:
    """The SQS mappings of a function: of exactly the alias or version that is named, else of all that it has.

    AWS lists by exact qualifier. The versions are asked only when neither the bare name nor an alias has a mapping.
    Raises AccessDenied where mappings may not be listed.
    """
    found = _listed(aws, [function])
    if ":" in lambda_.qualified_name(function):
        return found
    for kind in (lambda_.list_aliases, lambda_.list_versions):
        if kind is lambda_.list_aliases or not found:
            names = attempt(Part.DETAIL, function, partial(kind, aws, function))
            if not isinstance(names, Gap):
                found += _listed(aws, [f"{function}:{name}" for name in names[:MAX_QUALIFIERS]])
    return tuple({mapping.uuid: mapping for mapping in found}.values())


def _listed(aws: Aws, names: Iterable[str]) -> tuple[lambda_.EventSourceMapping, ...]:
    return tuple(mapping for name in names for mapping in lambda_.list_mappings(aws, function_name=name))
