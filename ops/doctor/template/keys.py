"""Which services the KMS keys of a template admit."""

from __future__ import annotations

from typing import Any

from ops.aws import kms, policies
from ops.doctor.settings import Unknown
from ops.doctor.template.resources import Resources

KEY, KEY_ALIAS = "AWS::KMS::Key", "AWS::KMS::Alias"


def admits(key: Any, service: str, resources: Resources) -> bool | Unknown:
    """``key``: the value of a KmsMasterKeyId; True without one. ``service``: such as ``sns.amazonaws.com``."""
    if key is None:
        return True
    if isinstance(key, Unknown):
        return key
    if str(key).rpartition(":")[2].startswith(kms.AWS_MANAGED_PREFIX):
        return False
    alias = resources.find(key, KEY_ALIAS)
    found = resources.find(alias.get("TargetKeyId") if alias else key, KEY)
    if found is None:
        return Unknown(f"KMS key {key} is not in this template")
    document = found.inner("KeyPolicy")
    return document if isinstance(document, Unknown) else policies.allows(document, service, kms.USE_ACTIONS)
