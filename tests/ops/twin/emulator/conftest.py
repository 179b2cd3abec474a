from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from ops.twin import processes
from tests.fakes.lambda_host import FakeHost, Function

REPOSITORY = Path(__file__).resolve().parents[4]
KEYS = ("AKIATESTTESTTESTTEST", "a secret of this test")
TOKEN = "the token of these tests"
ACCOUNT = "123456789012"
REGION = "eu-west-1"


@dataclass
class Emulator:
    """A running emulator, and the shortest ways to use it through its public API."""

    url: str
    host: FakeHost
    folder: Path
    clients: dict[tuple[str, ...], Any] = field(default_factory=dict)  # slow to make, safe to share

    def client(self, service: str, keys: tuple[str, ...] = KEYS) -> Any:
        if (service, *keys) not in self.clients:
            self.clients[service, *keys] = self._new_client(service, keys)
        return self.clients[service, *keys]

    def _new_client(self, service: str, keys: tuple[str, ...]) -> Any:
        connect: Any = boto3.client  # whose overloads know services by their literal names only
        return connect(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            aws_session_token=keys[2] if len(keys) > 2 else None,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=30, inject_host_prefix=False),
        )

    def queue(self, **attributes: str) -> tuple[str, str, str]:
        """A fresh queue's name, URL and ARN."""
        name = f"q-{uuid.uuid4().hex[:8]}"
        url = self.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return name, url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def function(self, code: Function, policy: str | None = None, **settings: Any) -> str:
        """A fresh image function that the fake host runs."""
        name = f"f-{uuid.uuid4().hex[:8]}"
        self.host.functions[name] = code
        iam = self.client("iam")
        trust = (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
            '"Principal":{"Service":"lambda.amazonaws.com"}}]}'
        )
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        if policy:
            iam.put_role_policy(RoleName=name, PolicyName="it", PolicyDocument=policy)
        self.client("lambda").create_function(
            **{
                "FunctionName": name,
                "Role": role,
                "PackageType": "Image",
                "Code": {"ImageUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/it:1"},
                "Timeout": 3,
                **settings,
            }
        )
        return name

    def statistic(self, namespace: str, metric: str, statistic: str, **dimensions: str) -> float | None:
        """Over the last five minutes; None when there is no point."""
        now = datetime.now(UTC)
        found = self.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(seconds=5),
            Period=3600,
            Statistics=[statistic],
        )["Datapoints"]
        if not found:
            return None
        values = [float(point[statistic]) for point in found]
        combine: dict[str, Callable[[list[float]], float]] = {
            "Sum": sum,
            "SampleCount": sum,
            "Maximum": max,
            "Minimum": min,
            "Average": max,
        }
        return combine[statistic](values)

    def latest(self, namespace: str, metric: str, **dimensions: str) -> float | None:
        """The newest point's value."""
        now = datetime.now(UTC)
        named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        wanted = {"Namespace": namespace, "MetricName": metric, "Dimensions": named}
        values = self.client("cloudwatch").get_metric_data(
            MetricDataQueries=[{"Id": "m", "MetricStat": {"Metric": wanted, "Period": 1, "Stat": "Minimum"}}],
            StartTime=now - timedelta(minutes=1),
            EndTime=now + timedelta(seconds=5),
        )["MetricDataResults"][0]["Values"]
        return float(values[0]) if values else None

    def alarm(self, name: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return found[0]


def received(emulator: Emulator, url: str, **options: Any) -> dict[str, Any]:
    """The next message of a queue, which may come late."""
    messages: list[dict[str, Any]] = []

    def arrived() -> bool:
        messages.extend(emulator.client("sqs").receive_message(QueueUrl=url, **options).get("Messages", []))
        return bool(messages)

    eventually(arrived)
    return messages[0]


def eventually(what: Callable[[], Any], wanted: Any = True, seconds: float = 180.0) -> None:
    """Ask until the answer is ``wanted``; fails with the last answer."""
    deadline = time.monotonic() + seconds
    while (seen := what()) != wanted:
        assert time.monotonic() < deadline, f"still {seen!r}, not {wanted!r}"
        time.sleep(0.05)


@pytest.fixture(scope="package")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Ended after these tests: with all their queues and alarms, each looked at five times a second, it takes a third
    of a core as long as it runs."""
    folder, output = tmp_path_factory.mktemp("twin"), tmp_path_factory.mktemp("output") / "log"
    host = FakeHost()
    host_url = host.start()
    port = processes.free_port()
    environ = environment(folder, port) | {"OPS_TWIN_HOST_URL": host_url}
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ops.twin.emulator"], env=environ, cwd=REPOSITORY, stdout=log, stderr=log
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url, process)
            yield Emulator(url, host, folder)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0, output.read_text()
            host.stop()


def environment(folder: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AWS_ACCESS_KEY_ID": KEYS[0],
        "AWS_SECRET_ACCESS_KEY": KEYS[1],
        "AWS_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "GATEWAY_PORT": str(port),
        "OPS_TWIN_DIR": str(folder),
        "OPS_TWIN_TOKEN": TOKEN,
        "OPS_TWIN_PERIOD": "0.2",
        "OPS_TWIN_ALARM_SECONDS": "0.2",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1",
        "LOG_LEVEL": "WARNING",
    }


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the emulator stopped"
        try:
            with urllib.request.urlopen(f"{url}/_ministack/health", timeout=10):  # noqa: S310 (our own address)
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the emulator does not answer")
