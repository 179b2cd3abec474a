"""template.yaml, parsed once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.template.resources import TEMPLATE


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    # Takes half a second, which a worker without these tests is spared.
    from samtranslator.yaml_helper import yaml_parse

    parsed: dict[str, Any] = yaml_parse(TEMPLATE.read_text())
    return parsed


@pytest.fixture(scope="module")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found


@pytest.fixture(scope="module")
def defaults(template: dict[str, Any]) -> dict[str, Any]:
    return {name: parameter["Default"] for name, parameter in template["Parameters"].items()}
