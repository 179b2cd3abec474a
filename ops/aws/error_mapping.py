"""Maps errors of botocore and AWS to those of ``ops.errors``: the only module that knows their classes and codes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ops.errors import (
    AccessDenied,
    AwsError,
    ClockSkewed,
    CredentialsError,
    NotFound,
    OverLimit,
    Throttled,
    TwinUnreachable,
    Unreachable,
    UsageError,
)

if TYPE_CHECKING:
    from ops.target import Target


def no_region(target: Target) -> UsageError:
    return UsageError(
        _with_reason("No AWS region is set.", target),
        "Set a region, such as eu-central-1 (--region, the sidebar's Region box, AWS_REGION, or in the profile).",
    )


# Codes as the services send them; the older query protocols and the newer JSON protocols differ in suffixes.
_SKEWED = {"RequestInTheFuture", "RequestTimeTooSkewed"}
_SKEWED_TEXT = ("Signature expired: ", "Signature not yet current: ")
"""Messages about the time of a signature, where the code reports an invalid signature only."""
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_BAD_KEYS = {
    "AuthFailure",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "NotAuthorized",
    "UnauthorizedOperation",
}
_MISSING = {
    "NotFound",  # SNS
    "NotFoundException",  # KMS
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "ProvisionedConcurrencyConfigNotFoundException",
    "ResourceNotFound",
    "ResourceNotFoundException",
}
_THROTTLED = {
    "KmsThrottled",
    "LimitExceededException",  # Logs Insights: too many queries at once
    "RequestLimitExceeded",
    "RequestThrottled",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_OVER_LIMIT = {"OverLimit", "AWS.SimpleQueueService.OverLimit"}
# Classes by name: botocore has several of them only with its optional dependencies.
_NO_CREDENTIALS = {"NoCredentialsError", "PartialCredentialsError", "NoAuthTokenError"}
_LOGIN = {
    "CredentialRetrievalError",
    "LoginRefreshRequired",
    "RefreshWithMFAUnsupportedError",
    "SSOError",
    "SSOTokenLoadError",
    "TokenRetrievalError",
    "UnauthorizedSSOTokenError",
}
_UNREACHABLE = {
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "ConnectionError",
    "EndpointConnectionError",
    "HTTPClientError",
    "IncompleteReadError",
    "ProxyConnectionError",
    "ReadTimeoutError",
    "SSLError",
}
_ACTION = re.compile(r"not authorized to perform:? ([\w-]+:\w+)(?: on resource:? \"?(\S+?)\"?[.,;]?(?=\s|$))?")
_IDENTITY = re.compile(r"\b(arn:aws[\w-]*:(?:iam|sts)::\S+)")


def translate(error: Exception, service: str, about: str, target: Target) -> AwsError | UsageError:
    """The error for what botocore raised about ``about`` (a noun phrase: "stack shop")."""
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        translated = _from_response(error, response["Error"], service, about, target)
        translated.code = str(response["Error"].get("Code", ""))
        return translated
    return _from_botocore(error, about, target)


def _from_response(error: Exception, details: dict[str, str], service: str, about: str, target: Target) -> AwsError:
    code, message = str(details.get("Code", "")), str(details.get("Message", ""))
    if code in _SKEWED or message.startswith(_SKEWED_TEXT):
        return _skewed(error)
    if code in _EXPIRED:
        return CredentialsError(f"The AWS credentials have expired ({_identity(target)}).", _login(target))
    if code in _BAD_KEYS:
        return CredentialsError(
            f"AWS does not accept these credentials ({_identity(target)}): {code}.",
            _login(target) if not target.is_twin else "Restart the twin: ops twin down, then ops twin up.",
        )
    if code in _DENIED or code.startswith("AccessDenied"):
        return _denied(error, message, service, about)
    if code in _MISSING or (code == "ValidationError" and "does not exist" in message):
        return NotFound(
            _with_reason(f"There is no {about} in {_where(target)}.", target),
            "Check its name and the region (--region, or the sidebar's Region box); aws sts get-caller-identity shows "
            "which account you are in."
            if not target.is_twin
            else "Check its name; the running twin is the target (set OPS_TARGET=aws for AWS).",
        )
    if code in _THROTTLED or "Throttl" in code:
        return Throttled(
            f"AWS kept throttling the request for {about} because of too many requests ({code}).",
            "Wait a minute, then try again.",
        )
    if code in _OVER_LIMIT:
        return OverLimit(
            f"{about[:1].upper()}{about[1:]} has as many messages in flight as SQS allows.",
            "Wait until their consumers have deleted them, or their visibility timeouts have expired.",
        )
    return AwsError(f"AWS rejected the request for {about}: {code}: {_short(message)}")


def _skewed(error: Exception) -> ClockSkewed:
    headers = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        aws_time = parsedate_to_datetime(headers["date"])
        minutes = (datetime.now(UTC) - aws_time).total_seconds() / 60
        difference = f"{abs(minutes):.0f} min" if abs(minutes) < 120 else f"{abs(minutes) / 60:.1f} h"
        skew = f"{difference} {'ahead of' if minutes > 0 else 'behind'} AWS's"
    except (KeyError, TypeError, ValueError):
        skew = "off by more than AWS allows (a few minutes)"
    return ClockSkewed(
        f"AWS rejected the signature, because this machine's clock is {skew}.", "Set the clock (NTP), then try again."
    )


def _from_botocore(error: Exception, about: str, target: Target) -> AwsError | UsageError:
    kind = {cls.__name__ for cls in type(error).__mro__}
    if "ProfileNotFound" in kind:
        return CredentialsError(
            f"There is no AWS profile {target.profile or 'with the name in AWS_PROFILE'}.",
            "Choose one that aws configure list-profiles lists, or create it: aws configure sso.",
        )
    if "NoRegionError" in kind:
        return no_region(target)
    if kind & _NO_CREDENTIALS:
        return CredentialsError(
            _with_reason("No AWS credentials were found.", target),
            "Choose a profile (--profile or AWS_PROFILE), configure keys (aws configure), or log in (aws sso login).",
        )
    if kind & _LOGIN:
        return CredentialsError(f"The login of {_identity(target)} has expired.", _login(target))
    if "InvalidRegionError" in kind:
        return UsageError(f"{target.region} is not an AWS region.", "Use one such as eu-central-1.")
    if "ResponseParserError" in kind:
        return Unreachable(
            f"The response to the request for {about} is not from AWS: {_short(str(error))}",
            "Check whether there is a proxy in between, and where AWS_ENDPOINT_URL points if it is set.",
        )
    if kind & _UNREACHABLE:
        if target.is_twin:
            return TwinUnreachable(
                f"The twin at {target.endpoint} does not answer.",
                "Check it with ops twin status, or start it with ops twin up.",
            )
        return Unreachable(
            f"AWS could not be reached for {about}: {_short(str(error))}",
            "Check the network, and the region: whether it exists and has the service (--region, or the Region box).",
        )
    return AwsError(f"The request for {about} could not be sent: {_short(str(error))}")


def _denied(error: Exception, message: str, service: str, about: str) -> AccessDenied:
    denied = _ACTION.search(message)
    action = denied[1] if denied else f"{service}:{getattr(error, 'operation_name', '*')}"
    resource = denied[2] if denied and denied[2] else about
    identity = _IDENTITY.search(message)
    return AccessDenied(
        f"{identity[1] if identity else 'This identity'} is not authorized to perform {action} on {resource}.",
        f"Ask for an IAM policy that allows {action} on it, or use another --profile.",
    )


def _where(target: Target) -> str:
    if target.is_twin:
        return f"the twin ({target.region})"
    return f"region {target.region}" if target.region else "this region"


def _identity(target: Target) -> str:
    if target.is_twin:
        return "the twin's own keys"
    return f"profile {target.profile}" if target.profile else "the default credential chain"


def _login(target: Target) -> str:
    profile = f" --profile {target.profile}" if target.profile else ""
    return f"Log in again: aws sso login{profile} (or renew the keys), or use another --profile."


def _with_reason(sentence: str, target: Target) -> str:
    """``sentence``, and why AWS is the target when the user may have meant a running twin."""
    return f"{sentence} {target.why_aws}" if target.why_aws else sentence


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 300 else text[:299] + "…"
