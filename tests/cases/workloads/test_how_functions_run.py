"""Durable functions, Managed Instances and tenant isolation: recognized by their configuration, and said with their figures."""

from __future__ import annotations

from typing import Any

import pytest

from ops.doctor.live import described_settings as live
from ops.doctor.settings import Unknown
from ops.workload import Workload
from tests.cases.workloads.account_parts import M, Queue, Reads
from tests.cases.workloads.accounts import Account
from tests.cases.workloads.served import Served, described_by

ACCOUNT = Account({"orders": Queue()}, {M[1]: Reads("orders", "worker")})
PROVIDER = {"CapacityProviderArn": "arn:aws:lambda:eu-west-1:111122223333:capacity-provider:shared"}


def _with(served: Served, **configuration: Any) -> Workload:
    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        found = ACCOUNT.answer(service, operation, asked)
        return {**found, **configuration} if isinstance(found, dict) and "FunctionName" in found else found

    return described_by(served, answer, queue="orders")


@pytest.mark.parametrize(
    ("configuration", "note"),
    [
        ({"DurableConfig": {"ExecutionTimeout": 600}}, "worker is a durable function: an execution takes several"),
        (
            {
                "CapacityProviderConfig": {
                    "LambdaManagedInstancesCapacityProviderConfig": {
                        **PROVIDER,
                        "PerExecutionEnvironmentMaxConcurrency": 8,
                    }
                }
            },
            "takes several invocations at once, up to 8,",
        ),
        ({"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}, "worker has tenant isolation"),
    ],
)
def test_how_it_runs_is_said_with_its_figures(served: Served, configuration: dict[str, Any], note: str) -> None:
    assert any(note in shown for shown in _with(served, **configuration).notes)
    assert not any(note in shown for shown in _with(served).notes)


def test_the_doctor_sees_it_too(served: Served) -> None:
    for execution, seen in (({"ExecutionTimeout": 600}, 600), ({}, None)):
        function = _with(served, DurableConfig=execution).function
        assert function is not None
        durable_s = live.function_settings(function).durable_s
        assert durable_s == seen if seen else isinstance(durable_s, Unknown)
    plain = _with(served).function
    assert plain is not None
    settings = live.function_settings(plain)
    assert (settings.durable_s, settings.managed, settings.tenant_isolation) == (None, False, False)
