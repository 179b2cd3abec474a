"""An unknown consumer of the dead-letter queue: it prints each message, deletes it and reports to no one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ops.errors import TwinError
from ops.rehearsals.staging.staged_function import IMAGE_VARIABLE, PLACEHOLDER, StagedFunction

ENABLED_WITHIN_S = 60.0


class SecondConsumer:
    """A function of its own, from the workload's image and with its role."""

    def __init__(self, client: Callable[[str], Any], worker: StagedFunction, queue_arn: str) -> None:
        self._client, self._worker, self._queue_arn = client, worker, queue_arn
        self.name = f"{worker.name}-tidy"
        self._mapping = ""

    def add(self) -> None:
        """Returns once it receives. Raises TwinError."""
        image = self._lambda.get_function(FunctionName=self._worker.name)["Code"]["ImageUri"]
        self._lambda.create_function(
            FunctionName=self.name,
            PackageType="Image",
            Code={"ImageUri": image},
            Role=self._worker.configuration["Role"],
            ImageConfig={"Command": [PLACEHOLDER]},
            Environment={"Variables": {IMAGE_VARIABLE: str(self._worker.image_with_placeholder())}},
            Timeout=10,
            MemorySize=256,
        )
        mapping = self._lambda.create_event_source_mapping(
            FunctionName=self.name, EventSourceArn=self._queue_arn, BatchSize=10
        )
        self._mapping = mapping["UUID"]
        end = time.monotonic() + ENABLED_WITHIN_S
        while self._lambda.get_event_source_mapping(UUID=self._mapping)["State"] != "Enabled":
            if time.monotonic() > end:
                raise TwinError(f"The mapping of {self.name} was not enabled within {ENABLED_WITHIN_S:.0f} s.")
            time.sleep(0.2)

    def stop(self) -> None:
        """Turn its mapping off, as the runbook says."""
        self._lambda.update_event_source_mapping(UUID=self._mapping, Enabled=False)

    @property
    def _lambda(self) -> Any:
        return self._client("lambda")
