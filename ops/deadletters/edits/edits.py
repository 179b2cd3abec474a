"""Changing a message on its way out. The original in the snapshot is never touched."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from handler import contract
from ops.deadletters.edits import json_path, json_roundtrip, json_splice, text_diff
from ops.deadletters.messages.model import Attribute, DeadLetter
from ops.deadletters.plan_model import Edit
from ops.errors import UsageError

MAX_NESTING = 100
"""Levels of a value to set: Python's readers and writers go through the plan and the body level by level."""
_EXAMPLE = "Write PATH=VALUE, such as body.params.alpha=0.1 or attributes.Tenant=blue."
_ATTRIBUTE = "attributes."
_NAME = re.compile(r"(?!(?i:aws|amazon)\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)")
"""A message attribute's name (botocore 1.44.5 model, 2026-11)."""
_RAW_STRING, _LITERAL = re.compile(r"\s*'((?:[^'\\]|\\.)*)'\s*", re.DOTALL), re.compile(r"\s*`([^`]*)`\s*", re.DOTALL)
"""How filters write values; people write them that way here too."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def parse_edits(set_expressions: Sequence[str] = (), merge_patch: str | None = None) -> tuple[Edit, ...]:
    """The edits that ``PATH=VALUE`` expressions and the text of a JSON merge patch (RFC 7396, of the body) ask for.

    Paths: see ``json_path`` for those in the body; ``body`` alone is the whole body; ``attributes.NAME`` is an
    attribute, and the value null takes it away. A value that is not valid JSON is a text, so that quotes are rarely
    needed; JMESPath's 'text' and `JSON` mean here what they mean in a filter. A merge patch comes first. Raises
    UsageError.
    """
    edits: list[Edit] = []
    if merge_patch is not None:
        try:
            edits.append(Edit("", _parsed_json(merge_patch)))
        except (ValueError, RecursionError) as error:
            raise UsageError(
                f"The merge patch is not valid JSON: {error}.", 'Write an object such as {"params": {"alpha": 0.1}}.'
            ) from error
    for expression in set_expressions:
        path, value = _split(expression)
        edit = Edit(path, _value(value))
        _ensure_valid(edit)
        edits.append(edit)
    return tuple(edits)


def apply_edits(message: DeadLetter, edits: Sequence[Edit]) -> DeadLetter:
    """``message`` as it will go out. In a JSON body nothing changes but the text of the values that are set.

    Raises UsageError when an edit does not fit: the body is not valid JSON, a place on the path is not there, a value
    is not of the attribute's type, or there would be more attributes than SQS takes.
    """
    if not edits:
        return message
    attributes = dict(message.attributes)
    body = message.body
    for edit in edits:
        if edit.path.startswith(_ATTRIBUTE):
            _set_attribute(attributes, _attribute_name(edit.path), edit.value)
        else:
            body = _body(body, edit)
    if len(attributes) > contract.ATTRIBUTE_LIMIT and len(attributes) > len(message.attributes):
        raise UsageError(
            f"The message would have {len(attributes)} attributes; SQS allows {contract.ATTRIBUTE_LIMIT}.",
            "Set fewer, or remove one: attributes.NAME=null.",
        )
    return replace(message, body=body, attributes=attributes)


def diff_messages(before: DeadLetter, after: DeadLetter) -> str:
    """What was changed, as a unified diff of the attributes and of the body, JSON with an item per line and every item
    as it is written; empty when nothing was.

    Lines end with ``\\n``. All other control and direction characters are escaped, since bodies are untrusted.
    """
    bodies = [_pretty_lines(before.body), _pretty_lines(after.body)]
    if bodies[0] == bodies[1] and before.body != after.body:
        bodies = [before.body.split("\n"), after.body.split("\n")]
    old, new = (
        ["body:", *body, "attributes:", *_attribute_lines(message)]
        for body, message in zip(bodies, (before, after), strict=True)
    )
    lines = text_diff.unified_diff(old, new, "original", "edited")
    return "".join(f"{_printable(line)}\n" for line in lines)


def describe_edit(edit: Edit) -> str:
    """``edit`` as it could have been typed."""
    value = json.dumps(edit.value, ensure_ascii=False)
    return f"{edit.path}={value}" if edit.path else f"merge patch {value}"


def _split(expression: str) -> tuple[str, str]:
    """Splits at the first ``=`` that is not part of a condition or a quoted name."""
    depth, quote = 0, ""
    for at, sign in enumerate(expression):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'`":
            quote = sign
        elif sign in "[]":
            depth += 1 if sign == "[" else -1
        elif sign == "=" and depth == 0:
            return expression[:at].strip(), expression[at + 1 :]
    raise UsageError(f"{expression!r} is not a valid edit.", _EXAMPLE)


def _value(text: str) -> Any:
    if literal := _RAW_STRING.fullmatch(text):
        return literal[1].replace("\\'", "'")
    if literal := _LITERAL.fullmatch(text):
        text = literal[1]
    try:
        return _parsed_json(text)
    except (ValueError, RecursionError):
        return text


def _parsed_json(text: str) -> Any:
    """A value as it can be kept in a plan, and sent. Raises UsageError for one that cannot, ValueError for no JSON."""
    value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    if _levels(value) > MAX_NESTING:
        raise UsageError(f"A value is nested more than {MAX_NESTING} levels deep.", "Set its members one by one.")
    return value


def _finite(text: str) -> float:
    """Written again, a number that Python takes for infinite would be no JSON."""
    if math.isinf(number := float(text)):
        raise UsageError(f"The number {text:.40} is too large.", f"Write it as text: '\"{text:.40}\"'.")
    return number


def _levels(value: Any) -> int:
    levels, inner = 0, [value]
    while inner := [item for each in inner if isinstance(each, dict | list) for item in _items(each)]:
        levels += 1
    return levels


def _items(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not valid JSON")


def _ensure_valid(edit: Edit) -> None:
    if edit.path.startswith(_ATTRIBUTE):
        _set_attribute({}, _attribute_name(edit.path), edit.value)
        return
    steps = json_path.parse_path(edit.path)
    if not steps or (steps[0].kind, steps[0].value) != ("key", "body"):
        raise UsageError(f"{edit.path} is not a path in the body, nor an attribute.", _EXAMPLE)


def _attribute_name(path: str) -> str:
    name = path.removeprefix(_ATTRIBUTE)
    if name.startswith('"') and name.endswith('"') and len(name) > 1:
        name = name[1:-1]
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is not a valid name of a message attribute.",
            "Use at most 256 letters, digits, _, - and single dots; it must not start with AWS. or Amazon.",
        )
    return name


def _set_attribute(attributes: dict[str, Attribute], name: str, value: Any) -> None:
    """Keeps the type of an attribute that is there; a new one is a Number or a String, as its value is."""
    if value is None:
        attributes.pop(name, None)
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = value if isinstance(value, str) else json.dumps(value)
    known = attributes.get(name)
    data_type = known.data_type if known else ("Number" if number else "String")
    if not text:
        raise UsageError(
            f"Attribute {name} would be empty, which SQS does not allow.", f"Remove it: attributes.{name}=null."
        )
    if data_type.startswith("Number") and not _NUMBER.fullmatch(text):
        raise UsageError(f"Attribute {name} is a number, and {text!r} is not.", "Set it to a number.")
    if data_type.startswith("Binary"):
        try:
            base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise UsageError(
                f"Attribute {name} is binary, and its value is not valid base64.", "Encode it as base64."
            ) from error
    attributes[name] = Attribute(data_type, text)


def _body(body: str, edit: Edit) -> str:
    if edit.path == "body":
        return edit.value if isinstance(edit.value, str) else json.dumps(edit.value)
    try:
        return (
            json_path.set_value(body, edit.path, edit.value) if edit.path else json_splice.merge_patch(body, edit.value)
        )
    except ValueError as error:
        raise UsageError(
            f"The body cannot be edited as JSON: {error}.",
            "Exclude such messages (--where 'body != null'), set the whole body (body=…), or edit attributes only.",
        ) from error


def _pretty_lines(body: str) -> list[str]:
    try:
        return json_roundtrip.pretty(body, verbatim=True).split("\n")
    except ValueError:
        return body.split("\n")


def _attribute_lines(message: DeadLetter) -> list[str]:
    return [f"  {name} ({has.data_type}): {has.value}" for name, has in sorted(message.attributes.items())]


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
