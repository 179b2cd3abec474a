"""Event source mappings, by which Lambda polls queues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.clients import Aws

MAPPINGS_PER_CALL, MAX_MAPPING_CALLS = 100, 10
"""Lambda returns at most 100 mappings a call (botocore 1.44.5 model, 2026-11); the number of calls is our choice."""
DEFAULT_MINIMUM_POLLERS, DEFAULT_MAXIMUM_POLLERS = 2, 200
"""Defaults of an event source mapping in provisioned mode that sets only one bound (botocore 1.44.5 model, 2026-11)."""


@dataclass(frozen=True)
class EventSourceMapping:
    """An event source mapping, by which Lambda polls the queue."""

    uuid: str
    source_arn: str
    function_arn: str
    state: str
    batch_size: int
    window_s: int
    maximum_concurrency: int | None
    partial_batches: bool
    maximum_pollers: int | None  # provisioned mode only
    minimum_pollers: int | None = None
    filters: tuple[str, ...] = ()
    """Filter patterns as JSON. A message that matches none of them is deleted without an invocation."""
    unreadable_filters: str = ""
    """Why Lambda cannot read the filters (it has no access to their KMS key); empty when it can."""
    reason: str = ""
    """Lambda's reason for the last change of ``state``."""
    event_count: bool = False
    """Whether it publishes EventCount metrics."""
    changed_at: datetime | None = None
    """When it was last updated, or its state last changed."""

    @property
    def enabled(self) -> bool | None:
        """On or about to be, off or about to be; None where its state does not tell: while it is created or updated, it
        may be either. Lambda's states are Creating, Enabling, Enabled, Disabling, Disabled, Updating and Deleting
        (botocore 1.44.5 model, 2026-11)."""
        return {"Enabled": True, "Enabling": True, "Disabled": False, "Disabling": False, "Deleting": False}.get(
            self.state
        )

    @property
    def settled(self) -> bool:
        """Whether Lambda carries out no change of it."""
        return self.state in ("Enabled", "Disabled")

    @property
    def off_rank(self) -> int:
        """A sort key: 0 is on, 2 is off, 1 may be either."""
        return 1 if self.enabled is None else 0 if self.enabled else 2

    @property
    def provisioned(self) -> bool:
        """Whether it is in provisioned mode."""
        return self.maximum_pollers is not None


def list_mappings(aws: Aws, *, source_arn: str = "", function_name: str = "") -> tuple[EventSourceMapping, ...]:
    """The event source mappings of a queue or a function; only those that poll SQS.

    A function is matched by its exact qualifier: its bare name does not list the mappings of ``name:live``.
    """
    named = {"EventSourceArn": source_arn, "FunctionName": function_name}
    filters: Any = {name: value for name, value in named.items() if value}
    with aws.translate_errors("lambda", "event source mappings"):
        pages: Any = aws.lambda_.get_paginator("list_event_source_mappings").paginate(**filters)
        mappings = [_mapping(item) for page in pages for item in page["EventSourceMappings"]]
    return tuple(mapping for mapping in mappings if ":sqs:" in mapping.source_arn)


def region_mappings(aws: Aws) -> tuple[tuple[EventSourceMapping, ...], bool]:
    """The mappings of this account and region that poll SQS, of its first 1,000 mappings; and whether there are more.

    Needs lambda:ListEventSourceMappings.
    """
    items: list[Any] = []
    marker = ""
    with aws.translate_errors("lambda", "event source mappings"):
        for _ in range(MAX_MAPPING_CALLS):
            more: Any = {"Marker": marker} if marker else {}
            page: Any = aws.lambda_.list_event_source_mappings(MaxItems=MAPPINGS_PER_CALL, **more)
            items += page["EventSourceMappings"]
            marker = page.get("NextMarker") or ""
            if not marker:
                break
    mappings = (_mapping(item) for item in items)
    return tuple(mapping for mapping in mappings if ":sqs:" in mapping.source_arn), bool(marker)


def get_mapping(aws: Aws, uuid: str) -> EventSourceMapping:
    """The event source mapping with that ID, whatever its source. Raises NotFound."""
    with aws.translate_errors("lambda", f"event source mapping {uuid}"):
        return _mapping(aws.lambda_.get_event_source_mapping(UUID=uuid))


def _mapping(item: Any) -> EventSourceMapping:
    pollers = item.get("ProvisionedPollerConfig") or {}
    filters = item.get("FilterCriteria") or {}
    return EventSourceMapping(
        uuid=item["UUID"],
        source_arn=item.get("EventSourceArn", ""),
        function_arn=item.get("FunctionArn", ""),
        state=item.get("State", ""),
        batch_size=int(item.get("BatchSize") or 10),
        window_s=int(item.get("MaximumBatchingWindowInSeconds") or 0),
        maximum_concurrency=(item.get("ScalingConfig") or {}).get("MaximumConcurrency"),
        partial_batches="ReportBatchItemFailures" in (item.get("FunctionResponseTypes") or []),
        maximum_pollers=pollers.get("MaximumPollers", DEFAULT_MAXIMUM_POLLERS) if pollers else None,
        minimum_pollers=pollers.get("MinimumPollers", DEFAULT_MINIMUM_POLLERS) if pollers else None,
        filters=tuple(str(item.get("Pattern", "")) for item in filters.get("Filters") or ()),
        unreadable_filters=str((item.get("FilterCriteriaError") or {}).get("Message", "")),
        reason=item.get("StateTransitionReason") or "",
        event_count="EventCount" in ((item.get("MetricsConfig") or {}).get("Metrics") or []),
        changed_at=item.get("LastModified"),
    )
