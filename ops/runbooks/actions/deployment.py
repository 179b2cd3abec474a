"""Actions on what is deployed: look at the versions of the function, set its alias's version, set its image.

A mapping that invokes an alias is set back by the alias. One that invokes the unpublished version is set back by the
image alone, named by its digest, since a tag may have been moved since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ops import formatting
from ops.aws import call as calls
from ops.aws import lambda_
from ops.aws.call import ApiCall
from ops.errors import UsageError
from ops.runbooks.actions.action import ActionContext, Outputs, Value
from ops.runbooks.actions.reads import Look
from ops.runbooks.actions.settings import Reading, SettingAction
from ops.runbooks.actions.workload_parts import function_of, qualifier_of

LATEST = "$LATEST"
MAX_LOOKED_AT = 10
"""Published versions in which code other than the unpublished one's is looked for."""


class AliasVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``version``: a published one, by its number."""

    version: Annotated[str, Meta(pattern=r"^[1-9]\d{0,17}$")]


class ImageDigest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``image``: repository and digest: ``111122223333.dkr.ecr.eu-west-1.amazonaws.com/worker@sha256:…``."""

    image: Annotated[str, Meta(pattern=r"^[\w.:/-]{1,255}@sha256:[0-9a-f]{64}$")]


@dataclass(frozen=True)
class DeployedCode:
    """``since``: when a version was published; of the unpublished one, when it was last changed. ``image``: with its
    digest; None of a Zip package."""

    version: str
    since: str
    sha: str
    image: str | None
    status: str
    reason: str
    revision: str


def _get_function(function: str) -> ApiCall:
    return ApiCall("lambda", "GetFunction", {"FunctionName": function})


def _get_alias(owner: str) -> ApiCall:
    return ApiCall("lambda", "GetAlias", _alias_parameters(owner))


def _alias_parameters(owner: str) -> dict[str, str]:
    """``owner``: function and alias; on paper, the function alone."""
    function, _, alias = owner.partition(":")
    return {"FunctionName": function, "Name": alias or "ALIAS"}


def _code(context: ActionContext, function: str, version: str) -> DeployedCode:
    named = function if version == LATEST else f"{function}:{version}"
    found = calls.make(context.aws, _get_function(named), f"function {named}")
    configuration: Mapping[str, Any] = found["Configuration"]
    code = found.get("Code") or {}
    return DeployedCode(
        version,
        str(configuration.get("LastModified", "")),
        str(configuration.get("CodeSha256", "")),
        code.get("ResolvedImageUri") or None,
        str(configuration.get("LastUpdateStatus") or "Successful"),
        str(configuration.get("LastUpdateStatusReason") or ""),
        str(configuration.get("RevisionId") or ""),
    )


def _alias(context: ActionContext) -> str:
    """The alias that the mapping invokes. Raises UsageError where it invokes none: there is nothing to set back."""
    function, qualifier = function_of(context), qualifier_of(context)
    if not qualifier:
        image = _code(context, function.name, LATEST).image
        runs = f"It runs {image}. " if image else ""
        raise UsageError(
            f"The mapping invokes {function.name} without an alias, so that there is no version to set it back to. {runs}",
            "Deploy the image before: function.set-image, or its stack.",
        )
    if qualifier.isdigit():
        raise UsageError(
            f"The mapping invokes version {qualifier} of {function.name} itself, not an alias.",
            "Set the function of the mapping in its template, and deploy.",
        )
    return qualifier


def _alias_owner(context: ActionContext) -> str:
    return f"{function_of(context).name}:{_alias(context)}"


def _read_alias(context: ActionContext) -> Reading:
    function, alias = function_of(context).name, _alias(context)
    found = calls.make(context.aws, _get_alias(f"{function}:{alias}"), f"alias {alias} of {function}")
    if weights := (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights"):
        other, weight = next(iter(weights.items()))
        raise UsageError(
            f"Alias {alias} sends {formatting.percent(weight)} of the invocations to version {other}: a deployment is going on.",
            "Stop or roll back that deployment where it runs, such as in CodeDeploy.",
        )
    return Reading(str(found["FunctionVersion"]), revision=str(found.get("RevisionId") or ""))


def _set_alias(owner: str, value: Any) -> ApiCall:
    return ApiCall("lambda", "UpdateAlias", {**_alias_parameters(owner), "FunctionVersion": value})


def _alias_note(context: ActionContext, value: Value) -> str:
    function = function_of(context).name
    now, then = (_code(context, function, str(version)) for version in (_read_alias(context).value, value))
    if now.sha == then.sha:
        return f"Version {then.version} has the same code as {now.version}: only their configurations differ."
    return f"Version {now.version} was published at {now.since}, version {then.version} at {then.since}."


def _unpublished(context: ActionContext) -> str:
    function, qualifier = function_of(context), qualifier_of(context)
    if qualifier:
        raise UsageError(
            f"The mapping invokes {function.name}:{qualifier}, which a change of the image does not reach.",
            "Set the alias's version: function.set-alias-version.",
        )
    return function.name


def _read_image(context: ActionContext) -> Reading:
    function = _unpublished(context)
    code = _code(context, function, LATEST)
    if code.image is None:
        raise UsageError(
            f"{function} is no container image, but a Zip package.", "Deploy the code before by its stack."
        )
    failed = f" ({code.status}: {code.reason})" if code.status == "Failed" else ""
    return Reading(code.image, code.status == "Successful", failed, code.revision)


def _set_image(function: str, value: Any) -> ApiCall:
    return ApiCall("lambda", "UpdateFunctionCode", {"FunctionName": function, "ImageUri": value})


def _image_note(context: ActionContext, value: Value) -> str:
    now, then = (str(image).partition("@")[0] for image in (_read_image(context).value, value))
    if now != then:
        raise UsageError(f"{then} is another repository than the function's, {now}.", "Name an image of that one.")
    return (
        "Every execution environment is replaced: cold starts. The next deploy of the stack sets its own image again."
    )


def _versions(context: ActionContext) -> Outputs:
    function, qualifier = function_of(context).name, qualifier_of(context)
    is_alias = bool(qualifier) and not qualifier.isdigit()
    current = str(_read_alias(context).value) if is_alias else qualifier or LATEST
    code = _code(context, function, current)
    before = _before(context, function, code)
    return {
        "alias": qualifier if is_alias else None,
        "current": current,
        "current_since": code.since,
        "current_image": code.image,
        "before": before.version if before else None,
        "before_since": before.since if before else None,
        "before_image": before.image if before else None,
    }


def _before(context: ActionContext, function: str, current: DeployedCode) -> DeployedCode | None:
    """The version before ``current``. Of the unpublished one: the latest that has other code, among the last ten. None
    where there is none."""
    numbers = sorted((int(version) for version in lambda_.list_versions(context.aws, function)), reverse=True)
    if current.version != LATEST:
        return next(
            (_code(context, function, str(number)) for number in numbers if number < int(current.version)), None
        )
    earlier = (_code(context, function, str(number)) for number in numbers[:MAX_LOOKED_AT])
    return next((code for code in earlier if code.sha != current.sha), None)


VERSIONS = Look(
    "function.versions",
    "Look at what is deployed, and at the version before",
    ("alias", "current", "current_since", "current_image", "before", "before_since", "before_image"),
    ("lambda:GetAlias", "lambda:GetFunction", "lambda:ListVersionsByFunction"),
    _versions,
    (
        (ApiCall("lambda", "ListAliases", {"FunctionName": "$FN"}), "Aliases[].[Name,FunctionVersion,RoutingConfig]"),
        (
            ApiCall("lambda", "ListVersionsByFunction", {"FunctionName": "$FN"}),
            "Versions[].[Version,LastModified,CodeSha256]",
        ),
        (_get_function("$FN"), "Code.ResolvedImageUri"),
    ),
)
ALIAS_VERSION = SettingAction(
    name="function.set-alias-version",
    summary="Set the version that the alias of the function stands for",
    what="version",
    inputs=AliasVersion,
    reads=("lambda:GetAlias", "lambda:GetFunction"),
    variable="FN",
    owner=_alias_owner,
    read=_read_alias,
    target=lambda inputs: str(inputs.version),
    call=_set_alias,
    earlier="EARLIER",
    look=lambda owner: (_get_alias(owner), "[FunctionVersion,RevisionId]"),
    note=_alias_note,
)
IMAGE = SettingAction(
    name="function.set-image",
    summary="Set the image of the function, by its digest",
    what="image",
    inputs=ImageDigest,
    reads=("lambda:GetFunction",),
    variable="FN",
    owner=_unpublished,
    read=_read_image,
    target=lambda inputs: str(inputs.image),
    call=_set_image,
    earlier="EARLIER",
    look=lambda function: (_get_function(function), "[Code.ResolvedImageUri,Configuration.RevisionId]"),
    note=_image_note,
    deadline_s=300.0,
)
