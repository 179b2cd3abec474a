"""The function ``worker`` on queue ``orders``, with memory, revisions, versions, aliases and invocations that cost time.

A job takes 200 ms of a whole vCPU: longer with less memory, no shorter with more. Every invocation has the REPORT that
Lambda returns with ``LogType=Tail``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

from ops.rightsize import sizes
from tests.cases.workloads.account_parts import M, Queue, Reads, arn
from tests.cases.workloads.accounts import Account
from tests.fakes.aws import Refusal, WithHeaders

JOB_MS, INIT_MS = 200.0, 800.0
STALE = Refusal("PreconditionFailedException", "The RevisionId provided does not match the latest RevisionId", 412)
TAKEN = Refusal("ResourceConflictException", "Alias already exists", 409)
MISSING = Refusal("ResourceNotFoundException", "Function not found", 404)


@dataclass
class SizedFunction:
    """``needs_mb``: with less an invocation runs out of memory. ``failing``: with this error at any size. ``response``:
    of each invocation, in place of the one about ``rejected`` jobs. ``qualifier``: of
    the mapping's function. ``before`` and ``after`` are called around every call with its operation; they may raise a
    Refusal, change a setting or kill a process. ``bodies``: of all jobs, in order."""

    memory: int = 1024
    needs_mb: int = 100
    failing: str = ""
    rejected: int = 0
    response: dict[str, Any] | None = None
    qualifier: str = ":live"
    timeout: int = 30
    queue: str = "orders"
    per_minute: dict[str, float] = field(default_factory=lambda: {"Invocations": 60.0, "NumberOfMessagesDeleted": 60.0})
    settings: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    aliases: dict[str, dict[str, Any]] = field(default_factory=dict)
    memories: list[int] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    before: Callable[[str], None] = lambda _operation: None
    after: Callable[[str], None] = lambda _operation: None
    revision: int = 1
    next_version: int = 8
    warm: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.versions["7"] = self.configuration("7")
        self.aliases["live"] = {"Name": "live", "FunctionVersion": "7", "RevisionId": "a"}

    def configuration(self, version: str = "$LATEST") -> dict[str, Any]:
        return {
            "FunctionName": "worker",
            "FunctionArn": arn("lambda", "function:worker"),
            "Version": version,
            "MemorySize": self.memory,
            "Timeout": self.timeout,
            "RevisionId": f"r{self.revision}",
            "LastModified": f"2026-11-20T10:{self.revision // 60:02}:{self.revision % 60:02}.000+0000",
            "CodeSha256": "c0de",
            "ConfigSha256": f"of {self.memory} MB",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            **self.settings,
        }

    def answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        self.before(operation)
        found = self._answer(service, operation, asked)
        self.after(operation)
        return found

    def _answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation == "GetCallerIdentity":
            return "<Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/oncall</Arn>"
        method, _, path = operation.rpartition(" ")
        parsed = urlparse(path)
        parts = [unquote(part) for part in parsed.path.strip("/").split("/")[1:]]
        qualifier = parse_qs(parsed.query).get("Qualifier", [""])[0]
        if service != "lambda" or parts[:1] != ["functions"] or parts[2:3] == ["concurrency"]:
            mapping = Reads(self.queue, f"worker{self.qualifier}", {"BatchSize": 10})
            account = Account({self.queue: Queue("dead"), "dead": Queue()}, {M[0]: mapping}, per_minute=self.per_minute)
            return account.answer(service, operation, asked)
        match [method, *parts[2:]]:
            case ["", "configuration"]:
                return self._named(qualifier or parts[1].rpartition("worker")[2].lstrip(":"))
            case ["PUT", "configuration"]:
                return self._configure(asked)
            case ["", "versions"] if asked:
                return self._publish(asked)
            case ["", "versions"]:
                return {"Versions": [self.configuration(), *self.versions.values()]}
            case ["", "aliases"] if asked:
                return self._create_alias(asked)
            case ["", "aliases"]:
                return {"Aliases": list(self.aliases.values())}
            case ["PUT", "aliases", name]:
                return self._move_alias(name, asked)
            case ["DELETE", "aliases", name]:
                self.aliases.pop(name)
                return {}
            case ["DELETE"]:
                del self.versions[qualifier]
                return {}
            case ["", "invocations"]:
                return self._invoke(qualifier, asked)
        raise AssertionError(operation)

    def _named(self, qualifier: str) -> dict[str, Any]:
        version = self.aliases.get(qualifier, {}).get("FunctionVersion", qualifier)
        if version in ("", "$LATEST"):
            return self.configuration()
        if version not in self.versions:
            raise MISSING
        return self.versions[version]

    def _configure(self, asked: dict[str, Any]) -> Any:
        self._ensure_revision(asked)
        self.memory = asked["MemorySize"]
        self.memories.append(self.memory)
        self.revision += 1
        return self.configuration()

    def _publish(self, asked: dict[str, Any]) -> Any:
        self._ensure_revision(asked)
        newest = self.versions[max(self.versions, key=int)]
        if newest["MemorySize"] == self.memory and newest["CodeSha256"] == "c0de":
            return newest
        number = str(self.next_version)
        self.next_version += 1
        self.versions[number] = {**self.configuration(number), "Description": asked["Description"]}
        return self.versions[number]

    def _create_alias(self, asked: dict[str, Any]) -> Any:
        if asked["Name"] in self.aliases:
            raise TAKEN
        self.aliases[asked["Name"]] = {**asked, "RevisionId": "a0"}
        return self.aliases[asked["Name"]]

    def _move_alias(self, name: str, asked: dict[str, Any]) -> Any:
        alias = self.aliases[name]
        if asked["RevisionId"] != alias["RevisionId"]:
            raise STALE
        alias |= {"FunctionVersion": asked["FunctionVersion"], "RevisionId": f"{alias['RevisionId']}+"}
        return alias

    def _ensure_revision(self, asked: dict[str, Any]) -> None:
        if asked.get("RevisionId") != f"r{self.revision}":
            raise STALE

    def _invoke(self, qualifier: str, event: dict[str, Any]) -> Any:
        configuration = self._named(qualifier)
        version, memory = configuration["Version"], configuration["MemorySize"]
        jobs = [json.loads(record["body"]) for record in event["Records"]]
        self.bodies += jobs
        cold = version not in self.warm
        self.warm.add(version)
        slower = 1 / min(1.0, sizes.vcpus(memory))
        duration = sum(JOB_MS * slower * (1 + (job.get("n") or 0) % 5 / 10) for job in jobs)
        init = INIT_MS * slower if cold else 0.0
        error = self.failing or ("Runtime.OutOfMemory" if memory < self.needs_mb else "")
        report = (
            f"REPORT RequestId: 8b0c\tDuration: {duration:.2f} ms\tBilled Duration: {duration + init:.0f} ms\t"
            f"Memory Size: {memory} MB\tMax Memory Used: {min(memory, max(90, self.needs_mb))} MB\t"
        )
        report += f"Init Duration: {init:.2f} ms\t" if cold else ""
        report += f"Status: error\tError Type: {error}" if error else ""
        body = self.response or {"batchItemFailures": [{"itemIdentifier": "x"}] * self.rejected}
        headers = {
            "X-Amz-Executed-Version": version,
            "X-Amz-Log-Result": base64.b64encode(f"said by the job\n{report}\n".encode()).decode(),
            **({"X-Amz-Function-Error": "Unhandled"} if error else {}),
        }
        return WithHeaders({"errorType": error, "errorMessage": "it failed"} if error else body, headers)

    @property
    def untouched(self) -> bool:
        """Whether nothing of a sweep is left."""
        return self.memory == 1024 and list(self.aliases) == ["live"] and list(self.versions) == ["7"]
