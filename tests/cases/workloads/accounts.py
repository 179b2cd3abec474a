"""An AWS account made of a few lines: queues, functions, mappings and stacks, as their services answer about them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

from tests.cases.workloads.account_parts import (
    DENIED,
    Queue,
    Reads,
    Stack,
    arn,
    url,
)
from tests.cases.workloads.account_stacks import StackAnswers, members
from tests.fakes.aws import Refusal


@dataclass(frozen=True)
class Account:
    """``mappings`` by id. ``denied``: operations, or ``queue NAME`` and ``function NAME``, that may not be asked."""

    queues: Mapping[str, Queue]
    mappings: Mapping[str, Reads] = field(default_factory=dict)
    stacks: Mapping[str, Stack] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()
    functions_gone: frozenset[str] = frozenset()
    per_minute: Mapping[str, float] = field(default_factory=dict)
    """What each metric shows in every minute of the last ten."""
    targets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By rule: the ``arn`` that its one target has, and its ``dlq``."""
    firing: Mapping[str, str] = field(default_factory=dict)
    """Alarms in ALARM, each with the queue or function that it watches."""
    subscriptions: Mapping[str, str] = field(default_factory=dict)
    """By topic: the dead-letter queue of its one subscription."""
    invoke_configs: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """By function: its settings for asynchronous invocation."""

    @property
    def _stacks(self) -> StackAnswers:
        return StackAnswers(self.stacks, self.denied)

    def answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        if service == "lambda":
            return self._lambda(operation)
        if operation in self.denied:
            raise DENIED
        answers = {
            "GetQueueUrl": self._queue_url,
            "GetQueueAttributes": self._attributes,
            "ListDeadLetterSourceQueues": self._sources,
            "DescribeStacks": self._stacks.describe_stacks,
            "ListStackResources": self._stacks.resources,
            "DescribeAlarms": self._alarms,
            "DescribeStackResources": self._stacks.stack_of,
            "GetMetricData": self._metrics,
            "DescribeKey": self._describe_key,
            "GetKeyPolicy": self._key_policy,
            "ListTargetsByRule": self._targets,
            "ListSubscriptionsByTopic": self._subscriptions,
            "GetSubscriptionAttributes": self._subscription,
        }
        if operation not in answers:  # nothing has logged yet
            raise Refusal("ResourceNotFoundException", f"{operation}: no log group")
        return answers[operation](asked)

    # SQS

    def _named(self, name: str) -> Queue:
        if f"queue {name}" in self.denied:
            raise DENIED
        if name not in self.queues:
            raise Refusal("AWS.SimpleQueueService.NonExistentQueue")
        return self.queues[name]

    def _queue_url(self, asked: dict[str, Any]) -> Any:
        self._named(asked["QueueName"])
        return {"QueueUrl": url(asked["QueueName"])}

    def _attributes(self, asked: dict[str, Any]) -> Any:
        name = asked["QueueUrl"].rsplit("/", 1)[-1]
        queue = self._named(name)
        found = {"QueueArn": arn("sqs", name), "ApproximateNumberOfMessages": str(queue.depth)}
        if queue.dlq:
            found["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": arn("sqs", queue.dlq), "maxReceiveCount": 3})
        if name.endswith(".fifo"):
            found["FifoQueue"] = "true"
        if queue.policy:
            found["Policy"] = queue.policy
        if queue.key:
            found["KmsMasterKeyId"] = queue.key
        return {"Attributes": found}

    def _sources(self, asked: dict[str, Any]) -> Any:
        name = asked["QueueUrl"].rsplit("/", 1)[-1]
        return {"queueUrls": [url(source) for source, queue in self.queues.items() if queue.dlq == name]}

    # KMS

    def _describe_key(self, asked: dict[str, Any]) -> Any:
        return {"KeyMetadata": {"KeyId": asked["KeyId"], "KeyState": "Enabled"}}

    def _key_policy(self, asked: dict[str, Any]) -> Any:
        policy = next((queue.key_policy for queue in self.queues.values() if queue.key == asked["KeyId"]), "")
        if not policy:
            raise DENIED
        return {"Policy": policy}

    # CloudWatch

    def _alarms(self, asked: dict[str, Any]) -> Any:
        watched = {name: [{"Name": "QueueName", "Value": one}] for name, one in self.firing.items()}
        return {
            "MetricAlarms": [
                {
                    "AlarmName": name,
                    "AlarmArn": arn("cloudwatch", f"alarm:{name}"),
                    "StateValue": "ALARM",
                    "Dimensions": watched[name],
                }
                for name in watched
            ]
        }

    def _metrics(self, asked: dict[str, Any]) -> Any:
        now = int(time.time()) // 60 * 60
        at = [float(now - 60 * minute) for minute in range(10, 0, -1)]
        found = []
        for query in asked["MetricDataQueries"]:
            value = self.per_minute.get(query["MetricStat"]["Metric"]["MetricName"])
            points = at if value is not None else []
            found.append({"Id": query["Id"], "Timestamps": points, "Values": [value] * len(points)})
        return {"MetricDataResults": found}

    # Lambda

    def _lambda(self, path: str) -> Any:
        parsed = urlparse(path)
        parts = [unquote(part) for part in parsed.path.strip("/").split("/")[1:]]
        query = {name: values[0] for name, values in parse_qs(parsed.query).items()}
        if parts[0] == "event-source-mappings":
            return self._mappings(parts[1:], query)
        if parts[0] == "account-settings":
            self._allow("GetAccountSettings")
            return {"AccountLimit": {"ConcurrentExecutions": 1_000}}
        if parts[2] == "event-invoke-config":
            self._allow("ListFunctionEventInvokeConfigs")
            name = parts[1].rpartition(":")[2]
            return {"FunctionEventInvokeConfigs": [dict(config) for config in self.invoke_configs.get(name, ())]}
        return self._function(parts[1], parts[2])

    def _allow(self, operation: str) -> None:
        if operation in self.denied:
            raise DENIED

    def _mappings(self, parts: Sequence[str], query: Mapping[str, str]) -> Any:
        self._allow("GetEventSourceMapping" if parts and parts[0] else "ListEventSourceMappings")
        if parts and parts[0]:
            if parts[0] not in self.mappings:
                raise Refusal("ResourceNotFoundException", status=404)
            return self._mapping(parts[0])
        wanted = query.get("FunctionName", "")
        exact = wanted if wanted.startswith("arn:") else arn("lambda", f"function:{wanted}")
        found = [self._mapping(uuid) for uuid in self.mappings]
        return {
            "EventSourceMappings": [
                one
                for one in found
                if query.get("EventSourceArn", one["EventSourceArn"]) == one["EventSourceArn"]
                and (not wanted or one["FunctionArn"] == exact)
            ]
        }

    def _mapping(self, uuid: str) -> Any:
        mapping = self.mappings[uuid]
        return {
            "UUID": uuid,
            "EventSourceArn": mapping.queue if mapping.queue.startswith("arn:") else arn("sqs", mapping.queue),
            "FunctionArn": arn("lambda", f"function:{mapping.function}"),
            "State": "Enabled",
            **mapping.more,
        }

    def _function(self, named: str, what: str) -> Any:
        name, _, qualifier = (named.split(":function:")[-1]).partition(":")
        known = {mapping.function.partition(":")[0] for mapping in self.mappings.values()} - self.functions_gone
        if f"function {name}" in self.denied:
            raise DENIED
        if name not in known:
            raise Refusal("ResourceNotFoundException", status=404)
        if what == "configuration":
            return {
                "FunctionName": name,
                "FunctionArn": arn("lambda", f"function:{name}" + (f":{qualifier}" if qualifier else "")),
            }
        qualifiers = {
            mapping.function.partition(":")[2]
            for mapping in self.mappings.values()
            if mapping.function.startswith(name)
        }
        if what == "aliases":
            return {
                "Aliases": [
                    {"Name": qualifier} for qualifier in sorted(qualifiers) if qualifier and not qualifier.isdigit()
                ]
            }
        if what == "versions":
            numbers = sorted(qualifier for qualifier in qualifiers if qualifier.isdigit())
            return {"Versions": [{"Version": number} for number in ("$LATEST", *numbers)]}
        return {}  # its reserved concurrency: none

    # EventBridge and SNS

    def _targets(self, asked: dict[str, Any]) -> Any:
        target = self.targets[asked["Rule"]]
        dlq = {"DeadLetterConfig": {"Arn": target["dlq"]}} if "dlq" in target else {}
        return {"Targets": [{"Id": "1", "Arn": target.get("arn", arn("lambda", "function:nightly")), **dlq}]}

    def _subscriptions(self, asked: dict[str, Any]) -> str:
        topic = asked["TopicArn"]
        told = f"<SubscriptionArn>{topic}:1</SubscriptionArn><Endpoint>https://example.com</Endpoint>"
        return f"<Subscriptions>{members([told])}</Subscriptions>"

    def _subscription(self, asked: dict[str, Any]) -> str:
        dlq = self.subscriptions[asked["SubscriptionArn"].rpartition(":")[0]]
        policy = json.dumps({"deadLetterTargetArn": dlq})
        return f"<Attributes><entry><key>RedrivePolicy</key><value>{escape(policy)}</value></entry></Attributes>"
