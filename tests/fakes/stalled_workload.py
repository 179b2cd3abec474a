"""A workload that has stalled, in memory: queue ``orders``, whose mapping to ``worker`` is off; calls change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.cases.workloads.account_parts import M, Queue, Reads
from tests.cases.workloads.accounts import Account
from tests.fakes.deployed_function import DeployedFunction
from tests.fakes.muted_alarms import MutedAlarms

MAPPING_PATH = f"/event-source-mappings/{M[0]}"


class StalledWorkload:
    """``changes``: each change of a setting that took place. ``before`` and ``after`` are called around every call with
    its operation, and may raise a Refusal, change a setting or kill a process."""

    def __init__(self) -> None:
        self.state = "Disabled"
        self.maximum: int | None = 5
        self.reserved: int | None = None
        self.depth = 7
        self.batch, self.visibility, self.memory, self.timeout = 10, 360, 1024, 60
        self.retention = 345_600
        self.changes: list[tuple[str, Any]] = []
        self.tags: dict[str, str] = {}
        self.qualifier = ""
        self.deployed = DeployedFunction(changes=self.changes)
        self.alarms = MutedAlarms()
        self.before: Callable[[str], None] = lambda _operation: None
        self.after: Callable[[str], None] = lambda _operation: None

    def answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        self.before(operation)
        found = self._answer(service, operation, asked)
        self.after(operation)
        return found

    def _answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation == "GetCallerIdentity":
            return "<Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/oncall</Arn>"
        if operation.startswith("PUT") and MAPPING_PATH in operation:
            self._update(asked)
            return self._mapping_answer()
        if "/concurrency" in operation:
            return self._concurrency(operation, asked)
        if operation.startswith("PUT") and operation.endswith("/configuration"):
            self._configure(asked)
            return {}
        if (deployed := self.deployed.answer(operation, asked)) is not None:
            return deployed
        if service == "cloudwatch" and (muted := self.alarms.answer(operation, asked)) is not None:
            return muted
        if operation == "ListQueueTags":
            return {"Tags": self.tags}
        if operation == "TagQueue":
            self.tags |= asked["Tags"]
            return {}
        if operation == "UntagQueue":
            self.tags = {name: value for name, value in self.tags.items() if name not in asked["TagKeys"]}
            return {}
        if operation == "SetQueueAttributes":
            ((name, value),) = asked["Attributes"].items()
            key = {"VisibilityTimeout": "visibility", "MessageRetentionPeriod": "retention"}[name]
            setattr(self, key, int(value))
            self.changes.append((key, int(value)))
            return {}
        found = self.account().answer(service, operation, asked)
        if operation.endswith("/configuration"):
            found |= {"MemorySize": self.memory, "Timeout": self.timeout, "LastUpdateStatus": "Successful"}
            found["RevisionId"] = str(self.deployed.revision)
        if operation == "GetQueueAttributes":
            found["Attributes"]["VisibilityTimeout"] = str(self.visibility)
            found["Attributes"]["MessageRetentionPeriod"] = str(self.retention)
        return found

    def account(self) -> Account:
        more = {
            "State": self.state,
            "StateTransitionReason": "User action",
            "BatchSize": self.batch,
            **({"ScalingConfig": {"MaximumConcurrency": self.maximum}} if self.maximum else {}),
        }
        queues = {"orders": Queue("orders-dead", depth=self.depth), "orders-dead": Queue()}
        return Account(queues, {M[0]: Reads("orders", f"worker{self.qualifier}", more)})

    def _mapping_answer(self) -> Any:
        return self.account().answer("lambda", f"/2015-03-31{MAPPING_PATH}", {})

    def _update(self, asked: dict[str, Any]) -> None:
        if "Enabled" in asked:
            self.state = "Enabled" if asked["Enabled"] else "Disabled"
            self.depth = 0 if asked["Enabled"] else self.depth
            self.changes.append(("enabled", asked["Enabled"]))
        if "BatchSize" in asked:
            self.batch = asked["BatchSize"]
            self.changes.append(("batch", self.batch))
        if "ScalingConfig" in asked:
            self.maximum = asked["ScalingConfig"].get("MaximumConcurrency")
            self.changes.append(("maximum", self.maximum))

    def _configure(self, asked: dict[str, Any]) -> None:
        self.deployed.ensure_revision(asked)
        for name, key in (("memory", "MemorySize"), ("timeout", "Timeout")):
            if key in asked:
                setattr(self, name, asked[key])
                self.changes.append((name, asked[key]))

    def _concurrency(self, operation: str, asked: dict[str, Any]) -> Any:
        if operation.startswith("PUT"):
            self.reserved = asked["ReservedConcurrentExecutions"]
            self.changes.append(("reserved", self.reserved))
        elif operation.startswith("DELETE"):
            self.reserved = None
            self.changes.append(("reserved", None))
        return {} if self.reserved is None else {"ReservedConcurrentExecutions": self.reserved}
