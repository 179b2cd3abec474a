"""One call of an AWS API as data: made with boto3, written as an AWS CLI command, and named as an IAM action."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.clients import Aws

_WITH_VARIABLE = re.compile(r"[\w/-]*\$[A-Z_]+")
"""What a shell may expand without quotes, as in ``/aws/lambda/$FN``."""


@dataclass(frozen=True)
class ApiCall:
    """``service`` and ``operation`` as the API model names them: ``lambda``, ``UpdateEventSourceMapping``."""

    service: str
    operation: str
    parameters: Mapping[str, Any]

    @property
    def permission(self) -> str:
        return f"{self.service}:{self.operation}"

    def command(self, query: str = "") -> str:
        """The AWS CLI's command. A value with ``$NAME`` has a shell variable in it; ``query`` is JMESPath."""
        words = [f"aws {self.service} {_dashed(self.operation)}"]
        for name, value in self.parameters.items():
            option = _dashed(name)
            if isinstance(value, bool):
                words.append(f"--{option}" if value else f"--no-{option}")
            else:
                words.append(f"--{option} {_words(value)}")
        if query:
            words.append(f"--query {shlex.quote(query)}")
        return " ".join(words)


def make(aws: Aws, call: ApiCall, about: str) -> Mapping[str, Any]:
    """Make the call. ``about``: a noun phrase for what it accesses ("queue jobs"). Raises what ``ops.aws`` raises."""
    from botocore import xform_name

    clients: Mapping[str, Any] = {"lambda": lambda: aws.lambda_, "sqs": lambda: aws.sqs}
    with aws.translate_errors(call.service, about):
        response: Mapping[str, Any] = getattr(clients[call.service](), xform_name(call.operation))(**call.parameters)
        return response


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = [f"{key}={item}" for key, item in value.items()]
        return shlex.quote(",".join(pairs) if pairs else json.dumps(value))
    if isinstance(value, (list, tuple)):
        return " ".join(_words(item) for item in value)
    text = str(value)
    return text if _WITH_VARIABLE.fullmatch(text) else shlex.quote(text)


def _dashed(name: str) -> str:
    from botocore import xform_name

    return str(xform_name(name, "-"))
