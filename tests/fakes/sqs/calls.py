"""What the in-memory AWS answers to each call: SQS whole, of the other services what describing a workload asks."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.fakes.sqs.faults import Fault, Faults
from tests.fakes.sqs.messages import ACCOUNT, MAX_BODY_BYTES, CallRejected, Message, message_size, queue_does_not_exist
from tests.fakes.sqs.queues import Queue

BATCH = 10
Call = dict[str, Any]


class Account:
    """Its queues, its clock, its faults. Used on the server's event loop only."""

    def __init__(self, seed: int = 0) -> None:
        self.queues: dict[str, Queue] = {}
        self.faults = Faults(seed)
        self.ahead_s = 0.0
        self.wait_share = 1.0
        self.calls: Counter[str] = Counter()

    def clock(self) -> float:
        return time.monotonic() + self.ahead_s

    def make(self, name: str, attributes: dict[str, str] | None = None) -> Queue:
        self.queues[name] = Queue(name, attributes or {}, self.clock, self.queues.get)
        return self.queues[name]

    def queue(self, address: str) -> Queue:
        """By name, URL or ARN. Raises CallRejected."""
        found = self.queues.get(address.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1])
        if found is None:
            raise queue_does_not_exist()
        return found

    async def sqs(self, operation: str, call: Call, host: str) -> Any:
        """The answer of SQS; ``host`` is what the client called it. Raises CallRejected."""
        if operation == "GetQueueUrl":
            return {"QueueUrl": _url(self.queue(call["QueueName"]), host)}
        if operation == "CreateQueue":
            name = call["QueueName"]
            return {"QueueUrl": _url(self.queues.get(name) or self.make(name, call.get("Attributes")), host)}
        if operation == "ListQueues":
            return {"QueueUrls": [_url(queue, host) for queue in self.queues.values()]}
        if operation.endswith(("MessageMoveTask", "MessageMoveTasks")):
            raise CallRejected(
                "UnsupportedOperation",
                "Move tasks are not supported here.",
                "AWS.SimpleQueueService.UnsupportedOperation",
            )
        queue = self.queue(call.get("QueueUrl", ""))
        if operation == "ReceiveMessage":
            return await self._receive(queue, call)
        if operation == "ListDeadLetterSourceQueues":
            sources = [q for q in self.queues.values() if q.dlq_arn == queue.arn]
            return {"queueUrls": [_url(source, host) for source in sources]}
        answer = _CALLS.get(operation)
        if answer is None:
            raise CallRejected("InvalidAction", f"{operation} is not served here.")
        return answer(queue, call)

    async def _receive(self, queue: Queue, call: Call) -> Any:
        most = int(call.get("MaxNumberOfMessages") or 1)
        visibility = float(call.get("VisibilityTimeout", queue.attributes.get("VisibilityTimeout", 30)))
        wait = float(call.get("WaitTimeSeconds", queue.attributes.get("ReceiveMessageWaitTimeSeconds", 0)))
        if not 1 <= most <= BATCH or not 0 <= visibility <= 43_200 or not 0 <= wait <= 20:
            raise CallRejected("InvalidParameterValue", "A number of the request is out of its range.")
        twice = any(fault.kind == "twice" for fault in call.get("faults", ()))
        if any(fault.kind == "empty" for fault in call.get("faults", ())):
            return {}
        end = self.clock() + wait * self.wait_share
        while True:
            found = queue.receive(most, visibility, leave_visible=twice)
            if found or self.clock() >= end:
                return {"Messages": found} if found else {}
            await asyncio.sleep(0.01)

    def control(self, operation: str, call: Call) -> Any:
        """What a test or bench does to this AWS from outside; see ``_sqs_server``."""
        if operation == "queue":
            return {"arn": self.make(call["name"], call["attributes"]).arn}
        if operation == "faults":
            self.faults.set([Fault(**fault) for fault in call["faults"]])
        elif operation == "advance":
            self.ahead_s += call["seconds"]
        elif operation == "waits":
            self.wait_share = call["share"]
        elif operation == "counts":
            return {**self.calls, **{f"fault: {kind}": hits for kind, hits in self.faults.hits.items()}}
        else:
            return _control(self.queue(call["name"]), operation, call)
        return {}

    def before(self, fault: Fault, queue: str) -> None:
        """Raises CallRejected for what is refused; takes away what vanishes."""
        if fault.kind == "refuse":
            raise CallRejected(fault.code, fault.message, fault.query_code, fault.status)
        if fault.kind == "vanish" and queue in self.queues:
            found = self.queues[queue]
            lot = list(found.messages.values())
            if lot:
                found.remove(self.faults.random.choice(lot))

    def after(self, fault: Fault, queue: str) -> None:
        """Raises CallRejected for what is done and refused all the same."""
        if fault.kind == "end leases" and queue in self.queues:
            self.queues[queue].end_leases()
        if fault.kind == "refuse after":
            raise CallRejected(fault.code, fault.message, fault.query_code, fault.status)


def other_service(service: str, operation: str) -> Any:
    """Lambda, CloudWatch and Logs of an account that has nothing but queues. Raises CallRejected."""
    if service == "lambda":
        if "event-source-mappings" in operation:
            return {"EventSourceMappings": []}
        if "account-settings" in operation:
            return {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}}
        raise CallRejected("ResourceNotFoundException", "There are no functions here.", status=404)
    empty = {
        "DescribeAlarms": {"MetricAlarms": [], "CompositeAlarms": []},
        "GetMetricData": {"MetricDataResults": []},
        "DescribeLogGroups": {"logGroups": []},
        "GetCallerIdentity": f"<Arn>arn:aws:iam::{ACCOUNT}:user/operator</Arn><UserId>AIDAEXAMPLE</UserId>"
        f"<Account>{ACCOUNT}</Account>",
    }
    if operation in empty:
        return empty[operation]
    raise CallRejected("ResourceNotFoundException", f"{operation} finds nothing here.")


def _url(queue: Queue, host: str) -> str:
    return f"http://{host}/{ACCOUNT}/{queue.name}"


def _batch(call: Call, act: Callable[[Call], dict[str, Any]]) -> Any:
    entries = call.get("Entries") or []
    if not entries:
        raise CallRejected(
            "EmptyBatchRequest",
            "There should be at least one entry in the request.",
            "AWS.SimpleQueueService.EmptyBatchRequest",
        )
    if len(entries) > BATCH:
        raise CallRejected(
            "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {BATCH}. You have sent {len(entries)}.",
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        )
    if len({entry["Id"] for entry in entries}) < len(entries):
        raise CallRejected(
            "BatchEntryIdsNotDistinct",
            "Two or more batch entries have the same Id.",
            "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        )
    done, failed = [], []
    for entry in entries:
        try:
            for fault, chance in call.get("entry faults", ()):
                if chance() < fault.entry_share:
                    raise CallRejected(fault.code, fault.message, status=400 if fault.sender_fault else 500)
            done.append({"Id": entry["Id"], **act(entry)})
        except CallRejected as no:
            code = no.query_code
            failed.append({"Id": entry["Id"], "Code": code, "Message": no.message, "SenderFault": no.status < 500})
    if any(fault.kind == "forget" for fault in call.get("faults", ())):
        done = done[1:]
    return {"Successful": done, "Failed": failed} if failed else {"Successful": done}


def _send_batch(queue: Queue, call: Call) -> Any:
    total = sum(message_size(entry) for entry in call.get("Entries") or [])
    if total > MAX_BODY_BYTES:
        raise CallRejected(
            "BatchRequestTooLong",
            f"Batch requests cannot be longer than {MAX_BODY_BYTES} bytes. You have sent {total} bytes.",
            "AWS.SimpleQueueService.BatchRequestTooLong",
        )
    return _batch(call, queue.send)


def _delete(queue: Queue, call: Call) -> dict[str, Any]:
    queue.delete(call["ReceiptHandle"])
    return {}


def _delete_batch(queue: Queue, call: Call) -> Any:
    lingers = any(fault.kind == "linger" for fault in call.get("faults", ()))
    return _batch(call, lambda entry: (_change if lingers else _delete)(queue, entry))


def _change(queue: Queue, call: Call) -> dict[str, Any]:
    queue.change_visibility(call["ReceiptHandle"], float(call.get("VisibilityTimeout", 0)))
    return {}


def _attributes(queue: Queue, call: Call) -> dict[str, Any]:
    wanted, found = call.get("AttributeNames") or [], queue.described()
    if any(fault.kind == "miscount" for fault in call.get("faults", ())):
        found = {name: "0" if name.startswith("ApproximateNumber") else value for name, value in found.items()}
    return {"Attributes": {name: value for name, value in found.items() if "All" in wanted or name in wanted}}


def _set_attributes(queue: Queue, call: Call) -> dict[str, Any]:
    queue.attributes.update(call["Attributes"])
    return {}


_CALLS: dict[str, Callable[[Queue, Call], Any]] = {
    "SendMessage": lambda queue, call: queue.send(call),
    "SendMessageBatch": _send_batch,
    "DeleteMessage": _delete,
    "DeleteMessageBatch": _delete_batch,
    "ChangeMessageVisibility": _change,
    "ChangeMessageVisibilityBatch": lambda queue, call: _batch(call, lambda entry: _change(queue, entry)),
    "GetQueueAttributes": _attributes,
    "SetQueueAttributes": _set_attributes,
}


def _control(queue: Queue, operation: str, call: Call) -> Any:
    if operation == "put":
        return {
            "ids": [
                queue.put(
                    row["body"],
                    row.get("attributes"),
                    row.get("system"),
                    row.get("message_id", ""),
                    receives=row.get("receives", 0),
                ).id
                for row in call["messages"]
            ]
        }
    if operation == "messages":
        page: list[Message] = list(queue.messages.values())[call["offset"] : call["offset"] + call["most"]]
        return {"messages": [{**message.to_response(""), "hidden": message.hidden} for message in page]}
    if operation == "remove":
        for message_id in call["ids"]:
            if message := queue.messages.get(message_id):
                queue.remove(message)
    elif operation == "end_leases":
        queue.end_leases()
    elif operation == "limit":
        queue.in_flight_limit = call["in_flight"]
    return {}


def to_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
