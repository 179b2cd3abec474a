"""What a memory sweep needs of a function: its memory, published versions, an alias, and invoking them.

Each change names the revision that it is meant for, so that Lambda refuses it when someone else was quicker.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops.aws.lambda_.functions import lambda_time
from ops.errors import NotFound

if TYPE_CHECKING:
    from ops.aws.clients import Aws

_NOT_SETTINGS = frozenset(
    {
        "ConfigSha256",  # of the whole configuration, its memory included (botocore 1.44.5 model, 2026-11)
        "Description",
        "FunctionArn",
        "LastModified",
        "LastUpdateStatus",
        "LastUpdateStatusReason",
        "LastUpdateStatusReasonCode",
        "MemorySize",
        "ResponseMetadata",
        "RevisionId",
        "State",
        "StateReason",
        "StateReasonCode",
        "Version",
    }
)


@dataclass(frozen=True)
class Configuration:
    """``settings``: a digest of all but memory and description. ``ready``: no change of it is in progress.
    ``changed_at``: Lambda's time of the last change."""

    version: str
    memory_mb: int
    revision: str
    settings: str
    code_sha: str
    description: str
    ready: bool
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Alias:
    name: str
    version: str
    description: str
    revision: str


@dataclass(frozen=True)
class Invoked:
    """``version``: that ran. ``error``: Lambda's word for a failure (``Unhandled``), empty for a success. ``log_tail``:
    the last 4 KB of its log (Lambda API reference, Invoke, 2026)."""

    version: str
    error: str
    payload: bytes
    log_tail: str


def read_configuration(aws: Aws, name: str, version: str = "") -> Configuration:
    """The configuration of ``$LATEST`` or of a published version. Needs lambda:GetFunctionConfiguration."""
    qualifier: Any = {"Qualifier": version} if version else {}
    with aws.translate_errors("lambda", f"function {name}"):
        response: Any = aws.lambda_.get_function_configuration(FunctionName=name, **qualifier)
    return _configuration(response)


def set_memory(aws: Aws, name: str, memory_mb: int, revision: str) -> None:
    """Begins the change; ``read_configuration`` shows when it is done. Needs lambda:UpdateFunctionConfiguration."""
    with aws.translate_errors("lambda", f"function {name}"):
        aws.lambda_.update_function_configuration(FunctionName=name, MemorySize=memory_mb, RevisionId=revision)


def publish(aws: Aws, name: str, revision: str, description: str) -> Configuration:
    """A version of ``$LATEST``; the newest one there is if nothing has changed since. Needs lambda:PublishVersion."""
    with aws.translate_errors("lambda", f"a version of {name}"):
        response: Any = aws.lambda_.publish_version(FunctionName=name, RevisionId=revision, Description=description)
    return _configuration(response)


def described_versions(aws: Aws, name: str, description: str) -> tuple[str, ...]:
    """The published versions with that description. Needs lambda:ListVersionsByFunction."""
    with aws.translate_errors("lambda", f"versions of {name}"):
        pages: Any = aws.lambda_.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        found = [item for page in pages for item in page["Versions"]]
    return tuple(str(item["Version"]) for item in found if item.get("Description") == description)


def delete_version(aws: Aws, name: str, version: str) -> None:
    """Raises ValueError for what is not the number of a version: without one the function itself would be deleted."""
    if not version.isdigit():
        raise ValueError(f"{version!r} is not a published version")
    with aws.translate_errors("lambda", f"version {version} of {name}"):
        aws.lambda_.delete_function(FunctionName=name, Qualifier=version)


def aliases(aws: Aws, name: str) -> tuple[Alias, ...]:
    """Needs lambda:ListAliases."""
    with aws.translate_errors("lambda", f"aliases of {name}"):
        pages: Any = aws.lambda_.get_paginator("list_aliases").paginate(FunctionName=name)
        return tuple(_alias(item) for page in pages for item in page["Aliases"])


def create_alias(aws: Aws, name: str, alias: str, version: str, description: str) -> Alias:
    with aws.translate_errors("lambda", f"alias {alias} of {name}"):
        response: Any = aws.lambda_.create_alias(
            FunctionName=name, Name=alias, FunctionVersion=version, Description=description
        )
    return _alias(response)


def move_alias(aws: Aws, name: str, alias: Alias, version: str) -> Alias:
    """``alias`` at ``version``; refused when it was changed since it was read. Needs lambda:UpdateAlias."""
    with aws.translate_errors("lambda", f"alias {alias.name} of {name}"):
        response: Any = aws.lambda_.update_alias(
            FunctionName=name, Name=alias.name, FunctionVersion=version, RevisionId=alias.revision
        )
    return _alias(response)


def delete_alias(aws: Aws, name: str, alias: str) -> None:
    """Nothing if there is none."""
    try:
        with aws.translate_errors("lambda", f"alias {alias} of {name}"):
            aws.lambda_.delete_alias(FunctionName=name, Name=alias)
    except NotFound:
        return


def invoke(aws: Aws, name: str, qualifier: str, payload: bytes) -> Invoked:
    """Synchronously, with the end of its log. ``aws`` should make no retries: a repeated invocation is another one."""
    with aws.translate_errors("lambda", f"function {name}"):
        response: Any = aws.lambda_.invoke(
            FunctionName=name, Qualifier=qualifier, InvocationType="RequestResponse", LogType="Tail", Payload=payload
        )
        body = response["Payload"].read()
    return Invoked(
        version=str(response.get("ExecutedVersion", "")),
        error=str(response.get("FunctionError", "")),
        payload=body,
        log_tail=base64.b64decode(response.get("LogResult", "")).decode("utf-8", "replace"),
    )


def _configuration(response: Any) -> Configuration:
    settings = {name: value for name, value in response.items() if name not in _NOT_SETTINGS}
    text = json.dumps(settings, sort_keys=True, default=str)
    return Configuration(
        version=str(response.get("Version", "$LATEST")),
        memory_mb=int(response.get("MemorySize", 128)),
        revision=str(response.get("RevisionId", "")),
        settings=hashlib.sha256(text.encode()).hexdigest(),
        code_sha=str(response.get("CodeSha256", "")),
        description=str(response.get("Description", "")),
        ready=response.get("LastUpdateStatus", "Successful") == "Successful"
        and response.get("State", "Active") in ("Active", "Inactive"),
        changed_at=lambda_time(response.get("LastModified")),
    )


def _alias(item: Any) -> Alias:
    return Alias(
        str(item["Name"]),
        str(item["FunctionVersion"]),
        str(item.get("Description", "")),
        str(item.get("RevisionId", "")),
    )
