"""The container's task definition, against the model of RegisterTaskDefinition."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops.compare.costs import task_definition
from ops.compare.costs.assumptions import DEFAULT_TASK
from ops.errors import UsageError

SHIPPED: dict[str, Any] = json.loads(task_definition.SHIPPED.read_text())


def test_the_shipped_one_is_valid_and_has_what_the_server_needs() -> None:
    assert task_definition.read(task_definition.SHIPPED) == DEFAULT_TASK
    [container] = SHIPPED["containerDefinitions"]
    names = {variable["name"] for variable in container["environment"]}
    assert names >= {
        contract.ENV_RESULTS_BUCKET,
        contract.ENV_BUS,
        contract.ENV_TABLE,
        contract.ENV_DLQ_URL,
        "PORT",
        "WORKERS",
    }


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"family": None}, "Missing required parameter in input"),
        ({"cpus": "1"}, "Unknown parameter in input"),
        ({"cpu": 1024}, "Invalid type for parameter cpu"),
        ({"cpu": "one"}, "cpu must be a whole number as text (CPU units, 1,024 for a vCPU), not 'one'"),
        ({"memory": ""}, "memory must be a whole number as text"),
        ({"networkMode": "vpc"}, "networkMode 'vpc' is not one of"),
        ({"networkMode": "bridge"}, "Fargate needs networkMode awsvpc"),
        ({"containerDefinitions": []}, "containerDefinitions is empty"),
        ({"containerDefinitions": [{"name": "a"}]}, "container 1 has no image"),
        ({"containerDefinitions": [{"name": "a", "image": "b"}]}, "no container runs handler.http_server"),
    ],
)
def test_what_ecs_or_the_server_cannot_use_is_refused(change: dict[str, Any], error: str) -> None:
    changed = {name: value for name, value in {**SHIPPED, **change}.items() if value is not None}
    with pytest.raises(UsageError) as raised:
        task_definition.size(changed)
    assert error in str(raised.value)
    assert raised.value.next_step


@pytest.mark.parametrize(
    ("content", "error"), [("{", "is not JSON"), ("[]", "is not an object"), ("[" * 99_999, "JSON")]
)
def test_a_file_that_is_none(tmp_path: Path, content: str, error: str) -> None:
    file = tmp_path / "task.json"
    file.write_text(content)
    with pytest.raises(UsageError, match=error):
        task_definition.read(file)
