"""A running fake of SQS, controlled from a test: its queues, its faults and its clock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from typing import Any

from tests.fakes.sqs.calls import to_json
from tests.fakes.sqs.faults import Fault
from tests.fakes.sqs.messages import ACCOUNT, REGION
from tests.fakes.sqs.queues import MAX_IN_FLIGHT

PAGE_SIZE = 5000


@dataclass(frozen=True)
class FakeQueue:
    """One queue of the fake."""

    aws: FakeSqs
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"

    @property
    def url(self) -> str:
        return f"{self.aws.endpoint}/{ACCOUNT}/{self.name}"

    def put(self, messages: Iterable[Mapping[str, Any]]) -> list[str]:
        """Add messages, unchecked; returns their IDs. Each: ``body``, and optionally ``attributes`` (as SQS encodes
        them, binary as base64), ``system``, ``message_id``, ``receives``."""
        rows = list(messages)
        ids: list[str] = []
        for start in range(0, len(rows), PAGE_SIZE):
            ids += self._do("put", messages=rows[start : start + PAGE_SIZE])["ids"]
        return ids

    def messages(self) -> list[dict[str, Any]]:
        """All its messages, as a receive returns them, with ``hidden``: in flight or delayed."""
        messages: list[dict[str, Any]] = []
        while page := self._do("messages", offset=len(messages), most=PAGE_SIZE)["messages"]:
            messages += page
        return messages

    def remove(self, ids: Sequence[str]) -> None:
        """As if another consumer had deleted them, or their retention period had ended."""
        self._do("remove", ids=list(ids))

    def end_leases(self) -> None:
        self._do("end_leases")

    def limit(self, in_flight: int = MAX_IN_FLIGHT) -> None:
        self._do("limit", in_flight=in_flight)

    def _do(self, operation: str, **call: Any) -> Any:
        return self.aws.control(operation, name=self.name, **call)


@dataclass(frozen=True)
class FakeSqs:
    """The running server."""

    endpoint: str

    def queue(self, name: str, dlq: str = "", receives: int = 3, **attributes: str) -> FakeQueue:
        """Create an empty queue; ``dlq``: its dead-letter queue, with ``receives`` as maxReceiveCount."""
        if dlq:
            target = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{dlq}"
            attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": receives})
        self.control("queue", name=name, attributes=attributes)
        return FakeQueue(self, name)

    def fault(self, *faults: Fault) -> None:
        """Replace the faults."""
        self.control("faults", faults=[asdict(fault) for fault in faults])

    def heal(self) -> None:
        self.fault()

    def latency(self, seconds: float) -> None:
        self.control("latency", seconds=seconds)

    def advance(self, seconds: float) -> None:
        """Let that much time pass for leases, delays and deduplication."""
        self.control("advance", seconds=seconds)

    def waits(self, share: float) -> None:
        """An empty long poll is answered after that share of its wait time."""
        self.control("waits", share=share)

    def counts(self) -> dict[str, int]:
        """Calls by operation, and hits by ``fault: <kind>``."""
        counts: dict[str, int] = self.control("counts")
        return counts

    def environ(self, endpoint: str = "") -> dict[str, str]:
        """The environment of a process that uses this as AWS; ``endpoint``: of a proxy in between."""
        return {
            "AWS_ENDPOINT_URL": endpoint or self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def control(self, operation: str, **call: Any) -> Any:
        with closing(HTTPConnection(self.endpoint.removeprefix("http://"), timeout=60)) as connection:
            connection.request("POST", f"/_control/{operation}", to_json(call))
            return json.loads(connection.getresponse().read())
