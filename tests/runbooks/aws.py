"""A small ``aws`` for trying a runbook's commands: ``python -m tests.runbooks.aws SERVICE OPERATION --option value …``.

Options are read by botocore's model of the operation, as the real one does; ``--query`` is JMESPath, ``--output`` json
or text. Where to ask and with which keys stands in the environment (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID …).
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import jmespath
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import Shape

GLOBAL = {"query", "output"}


def main(words: list[str]) -> int:
    service, operation, *rest = words
    client: Any = boto3.client(service)  # type: ignore[call-overload]  # the stubs know literal names only
    model = client.meta.service_model.operation_model(_method(client, operation))
    options = _options(rest)
    members = {xform_name(name, "-"): (name, shape) for name, shape in model.input_shape.members.items()}
    parameters = {}
    for option, values in options.items():
        if option not in GLOBAL:
            if option not in members:
                print(f"Unknown options: --{option}", file=sys.stderr)
                return 252
            name, shape = members[option]
            parameters[name] = _value(shape, values)
    try:
        answer = getattr(client, xform_name(model.name))(**parameters)
    except ClientError as error:
        print(f"An error occurred: {error}", file=sys.stderr)
        return 254
    answer.pop("ResponseMetadata", None)
    if "query" in options:
        answer = jmespath.search(options["query"][0], answer)
    text = options.get("output") == ["text"]
    if text or answer not in ({}, None):
        print(_text(answer) if text else json.dumps(answer, indent=4, default=_plain))
    return 0


def _method(client: Any, operation: str) -> str:
    names: dict[str, str] = {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}
    return names[operation]


def _options(words: list[str]) -> dict[str, list[str]]:
    options: dict[str, list[str]] = {}
    values: list[str] = []
    for word in words:
        if word.startswith("--"):
            values = options.setdefault(word.removeprefix("--"), [])
        else:
            values.append(word)
    return options


def _value(shape: Shape, values: list[str]) -> Any:
    first = values[0] if values else "true"
    if first.startswith("file://"):
        first = Path(first.removeprefix("file://")).read_text()
    if shape.type_name == "list" and not first.startswith("["):
        return values
    if shape.type_name in ("integer", "long"):
        return int(first)
    if shape.type_name == "boolean":
        return first == "true"
    return json.loads(first) if shape.type_name in ("structure", "map", "list") else first


def _text(answer: Any) -> str:
    """Rows of tab-separated cells, as ``--output text`` prints them."""
    if isinstance(answer, list) and any(isinstance(item, list) for item in answer):
        return "\n".join(_text(item) for item in answer)
    if isinstance(answer, list):
        return "\t".join(_text(item) for item in answer)
    return "None" if answer is None else str(answer)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
