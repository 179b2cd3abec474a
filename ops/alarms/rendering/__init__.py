"""Recommended alarms as text: CloudFormation, Terraform, and the generated part of template.yaml."""

from __future__ import annotations

from ops.alarms.rendering.cloudformation import cloudformation
from ops.alarms.rendering.reference import (
    REFERENCE_OPTIONS,
    reference_alarms,
    reference_parameters,
    with_generated_alarms,
)
from ops.alarms.rendering.terraform import terraform

__all__ = [
    "REFERENCE_OPTIONS",
    "cloudformation",
    "reference_alarms",
    "reference_parameters",
    "terraform",
    "with_generated_alarms",
]
