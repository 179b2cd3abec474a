"""Checks an ECS task definition against the API's own model, without a call: what RegisterTaskDefinition would refuse by
its shape."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

OPERATION = "RegisterTaskDefinition"


def shape_problems(definition: Mapping[str, Any]) -> tuple[str, ...]:
    """What is missing, unknown or of a wrong type, each as a clause; empty when the shape is right."""
    from botocore.validate import ParamValidator

    report = ParamValidator().validate(definition, _input_shape())
    lines = report.generate_report().splitlines() if report.has_errors() else []
    return tuple(line.strip().rstrip(".") for line in lines)


def allowed(member: str) -> tuple[str, ...]:
    """The values of a member with an enumeration, such as ``networkMode``."""
    return tuple(_input_shape().members[member].enum)


@cache
def _input_shape() -> Any:
    import botocore.session

    return botocore.session.get_session().get_service_model("ecs").operation_model(OPERATION).input_shape
