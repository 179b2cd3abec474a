"""CloudFormation YAML as people write it: short structures on one line, ``!Ref``, ``!GetAtt`` and ``!Sub``."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

WIDTH = 118
_REFERENCE = re.compile(r"\$\{([A-Za-z0-9:]+)(\.[A-Za-z0-9.]+)?\}")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_/.-]*( [A-Za-z0-9_/.-]+)*")
_SPECIAL = re.compile(r"['\\\x00-\x1f]")
_NOT_TEXT = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null")


@dataclass(frozen=True)
class OnCondition:
    """A value that is there if the template's condition holds."""

    condition: str
    value: Any


def scalar(value: Any) -> str:
    """A text that holds references (``${Queue.QueueName}``) becomes the function that resolves them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return f"!GetAtt {whole[1]}{whole[2]}" if whole[2] else f"!Ref {whole[1]}"
    if _REFERENCE.search(value):
        return f"!Sub {_quoted(value)}"
    if _PLAIN.fullmatch(value) and not _NOT_TEXT.fullmatch(value):
        return value
    return _quoted(value)


def _quoted(text: str) -> str:
    return f"'{text}'" if '"' in text and not _SPECIAL.search(text) else json.dumps(text, ensure_ascii=False)


def block(value: dict[str, Any], indent: int) -> Iterator[str]:
    """The lines of a mapping."""
    for key, item in value.items():
        yield from _entry(f"{' ' * indent}{key}:", item, indent)


def _entry(head: str, item: Any, indent: int) -> Iterator[str]:
    line = f"{head} {flow(item)}"
    if not isinstance(item, dict | list) or (_short(item) and len(line) <= WIDTH):
        yield line
    elif isinstance(item, dict):
        yield head
        yield from block(item, indent + 2)
    else:
        yield head
        for each in item:
            yield from _item(each, indent + 2)


def _item(item: Any, indent: int) -> Iterator[str]:
    dash = f"{' ' * indent}- "
    if not isinstance(item, dict) or len(dash + flow(item)) <= WIDTH:
        yield dash + flow(item)
        return
    lines = block(item, indent + 2)
    yield dash + next(lines).lstrip()
    yield from lines


def _short(item: Any) -> bool:
    """Whether it holds no structure within a structure."""
    values = item.values() if isinstance(item, dict) else item
    if isinstance(item, list) and len(item) == 1 and isinstance(item[0], dict):
        values = item[0].values()
    return not any(isinstance(each, dict | list) for each in values)


def flow(value: Any) -> str:
    """YAML in flow style, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, OnCondition):
        return f"!If [{value.condition}, {flow(value.value)}, !Ref AWS::NoValue]"
    return scalar(value)


def comment(text: str, indent: int) -> Iterator[str]:
    """Lines of ``#`` of at most WIDTH columns."""
    head = f"{' ' * indent}# "
    yield from textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=head, break_on_hyphens=False)
