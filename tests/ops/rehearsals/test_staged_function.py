"""Versions with a fault: what is deployed, what is rolled back, and what is left on this machine."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from ops.errors import TwinError
from ops.rehearsals.staging.staged_function import ALIAS, StagedFunction
from ops.twin import image, lifecycle
from ops.twin_state import REPOSITORY

VARIABLES = {"RESULTS_BUCKET": "results"}


class OneFunction:
    """Lambda with one function in memory: its configuration, its versions and the alias."""

    def __init__(self) -> None:
        self.configuration: dict[str, Any] = {"Environment": {"Variables": VARIABLES}, "Role": "arn:aws:iam::1:role/r"}
        self.versions: list[dict[str, Any]] = []
        self.alias = ""

    def get_function_configuration(self, **_name: str) -> dict[str, Any]:
        return dict(self.configuration)

    def update_function_configuration(self, FunctionName: str, **changed: Any) -> None:
        self.configuration.update(changed)

    def publish_version(self, **_name: str) -> dict[str, str]:
        self.versions.append(dict(self.configuration))
        return {"Version": str(len(self.versions))}

    def create_alias(self, Name: str, FunctionVersion: str, **_name: str) -> dict[str, str]:
        assert Name == ALIAS
        self.alias = FunctionVersion
        return {"AliasArn": f"arn:aws:lambda:us-east-1:1:function:worker:{ALIAS}"}

    def update_alias(self, Name: str, FunctionVersion: str, **_name: str) -> None:
        assert Name == ALIAS
        self.alias = FunctionVersion


@pytest.fixture
def function() -> OneFunction:
    return OneFunction()


@pytest.fixture
def staged(function: OneFunction) -> StagedFunction:
    return StagedFunction(lambda _service: function, "worker")


def test_a_version_that_does_not_start_is_rolled_back(function: OneFunction, staged: StagedFunction) -> None:
    assert staged.deploy_behind_alias().endswith(f":{ALIAS}")
    assert staged.deploy_with("does-not-start") == function.alias == "2"
    assert function.versions[0]["Environment"]["Variables"] == VARIABLES
    assert function.versions[1]["Environment"]["Variables"].keys() == VARIABLES.keys() | {"AWS_LAMBDA_EXEC_WRAPPER"}
    assert staged.roll_back() == function.alias == "1"
    with pytest.raises(TwinError, match="no version that could be rolled back"):
        staged.roll_back()


@pytest.mark.slow
def test_images_of_versions_go_with_the_twin(
    function: OneFunction, staged: StagedFunction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, twin = tmp_path / "elsewhere", tmp_path / "twin"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    monkeypatch.setenv("OPS_TWIN_DIR", str(twin))
    staged.deploy_behind_alias()
    for fault in ("starts-slowly", "drops-jobs", "no-extension"):
        staged.deploy_with(fault)
    images = [
        image.load(Path(version["Environment"]["Variables"]["OPS_TWIN_IMAGE"])) for version in function.versions[1:]
    ]
    assert [bool(each.extensions) for each in images] == [True, True, False]
    assert images[0].command == images[2].command == image.read(image.DOCKERFILE, REPOSITORY).command
    assert (images[0].root / "opt" / "slow-start").stat().st_mode & 0o100
    assert (images[1].task_root / "placeholder.py").exists()
    assert json.loads((images[2].root / "image.json").read_text())["env"] == dict(images[2].variables)
    assert not list(elsewhere.iterdir()), "a rehearsal that is killed leaves nothing outside of its own folder"
    lifecycle.down()
    assert [path.name for path in twin.iterdir()] == ["lock"]
