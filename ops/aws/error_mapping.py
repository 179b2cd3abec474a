"""What AWS said no to, in one sentence: the only place that knows botocore's exceptions and AWS's error codes."""

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
        _with_reason("No AWS region is chosen.", target),
        "Name a region, such as eu-central-1 (--region, the sidebar's Region box, AWS_REGION, or one in the profile).",
    )


# Codes as the services send them; the older query protocols and the newer JSON ones disagree about suffixes.
_SKEWED = {"RequestInTheFuture", "RequestTimeTooSkewed"}
_SKEWED_TEXT = ("Signature expired: ", "Signature not yet current: ")
"""What a signature's time is refused with where the code says no more than that the signature is bad."""
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
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
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
# Classes by name: several live in botocore only when its optional parts do.
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
    "ProxyConnectionError",
    "ReadTimeoutError",
    "SSLError",
}
_ACTION = re.compile(r"not authorized to perform:? ([\w-]+:\w+)(?: on resource:? \"?(\S+?)\"?[.,;]?(?=\s|$))?")
_WHO = re.compile(r"\b(arn:aws[\w-]*:(?:iam|sts)::\S+)")


def translate(error: Exception, service: str, about: str, target: Target) -> AwsError | UsageError:
    """The error of ``ops.errors`` for what botocore raised while asking ``about`` (a noun phrase: "stack shop")."""
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        refused = _from_answer(error, response["Error"], service, about, target)
        refused.code = str(response["Error"].get("Code", ""))
        return refused
    return _from_botocore(error, about, target)


def _from_answer(error: Exception, answer: dict[str, str], service: str, about: str, target: Target) -> AwsError:
    code, message = str(answer.get("Code", "")), str(answer.get("Message", ""))
    if code in _SKEWED or message.startswith(_SKEWED_TEXT):
        return _skewed(error)
    if code in _EXPIRED:
        return CredentialsError(f"The AWS credentials have expired ({_identity(target)}).", _login(target))
    if code in _BAD_KEYS:
        return CredentialsError(
            f"AWS does not know these credentials ({_identity(target)}): {code}.",
            _login(target) if not target.is_twin else "Restart the twin: ops twin down, then ops twin up.",
        )
    if code in _DENIED or code.startswith("AccessDenied"):
        return _denied(error, message, service, about)
    if code in _MISSING or (code == "ValidationError" and "does not exist" in message):
        return NotFound(
            _with_reason(f"There is no {about} in {_where(target)}.", target),
            "Check its name and the region (--region, or the sidebar's Region box); aws sts get-caller-identity tells "
            "which account you are in."
            if not target.is_twin
            else "Check its name; the running twin is the target (OPS_TARGET=aws looks at AWS instead).",
        )
    if code in _THROTTLED or "Throttl" in code:
        return Throttled(
            f"AWS kept refusing the call about {about} because of too many requests ({code}).",
            "Wait a minute and ask again, or ask less often.",
        )
    if code in _OVER_LIMIT:
        return OverLimit(
            f"{about[:1].upper()}{about[1:]} has as many messages in flight as SQS allows.",
            "Wait until whoever received them has deleted them or their leases have ended.",
        )
    return AwsError(f"AWS refused the question about {about}: {code}: {_short(message)}")


def _skewed(error: Exception) -> ClockSkewed:
    headers = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        theirs = parsedate_to_datetime(headers["date"])
        minutes = (datetime.now(UTC) - theirs).total_seconds() / 60
        apart = f"{abs(minutes):.0f} min" if abs(minutes) < 120 else f"{abs(minutes) / 60:.1f} h"
        wrong = f"{apart} {'ahead of' if minutes > 0 else 'behind'} AWS's"
    except (KeyError, TypeError, ValueError):
        wrong = "off by more than AWS allows (a few minutes)"
    return ClockSkewed(
        f"AWS refused the signature, because this machine's clock is {wrong}.", "Set the clock (NTP), then try again."
    )


def _from_botocore(error: Exception, about: str, target: Target) -> AwsError | UsageError:
    kind = {cls.__name__ for cls in type(error).__mro__}
    if "ProfileNotFound" in kind:
        return CredentialsError(
            f"There is no AWS profile named {target.profile or 'as AWS_PROFILE says'}.",
            "Choose one that aws configure list-profiles lists, or make it: aws configure sso.",
        )
    if "NoRegionError" in kind:
        return no_region(target)
    if kind & _NO_CREDENTIALS:
        return CredentialsError(
            _with_reason("No AWS credentials were found.", target),
            "Name a profile (--profile or AWS_PROFILE), set keys up (aws configure), or log in (aws sso login).",
        )
    if kind & _LOGIN:
        return CredentialsError(f"The login of {_identity(target)} has ended.", _login(target))
    if "InvalidRegionError" in kind:
        return UsageError(f"{target.region} is not an AWS region.", "Name one such as eu-central-1.")
    if "ResponseParserError" in kind:
        return Unreachable(
            f"What was answered about {about} is no answer of AWS: {_short(str(error))}",
            "Check whether a proxy stands in between, and where AWS_ENDPOINT_URL points if it is set.",
        )
    if kind & _UNREACHABLE:
        if target.is_twin:
            return TwinUnreachable(
                f"The twin at {target.endpoint} does not answer.", "Ask ops twin status; start it: ops twin up."
            )
        return Unreachable(
            f"AWS could not be reached to ask about {about}: {_short(str(error))}",
            "Check the network, and the region: whether it exists and has the service (--region, or the Region box).",
        )
    return AwsError(f"The question about {about} could not be asked: {_short(str(error))}")


def _denied(error: Exception, message: str, service: str, about: str) -> AccessDenied:
    found = _ACTION.search(message)
    action = found.group(1) if found else f"{service}:{getattr(error, 'operation_name', '*')}"
    resource = found.group(2) if found and found.group(2) else about
    who = _WHO.search(message)
    return AccessDenied(
        f"{who.group(1) if who else 'This identity'} may not {action} on {resource}.",
        f"Ask for an IAM policy that allows {action} on it, or use another --profile.",
    )


def _where(target: Target) -> str:
    if target.is_twin:
        return f"the twin ({target.region})"
    return f"region {target.region}" if target.region else "this region"


def _identity(target: Target) -> str:
    if target.is_twin:
        return "the twin's own keys"
    return f"profile {target.profile}" if target.profile else "the default chain"


def _login(target: Target) -> str:
    profile = f" --profile {target.profile}" if target.profile else ""
    return f"Log in again: aws sso login{profile} (or renew the keys), or name another --profile."


def _with_reason(sentence: str, target: Target) -> str:
    """``sentence``, and why AWS was asked when a twin runs that may have been meant."""
    return f"{sentence} {target.why_aws}" if target.why_aws else sentence


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 300 else text[:299] + "…"
