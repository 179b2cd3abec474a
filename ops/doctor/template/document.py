"""A template's text as values that know their lines. JSON is read as the YAML that it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ops.errors import UsageError

MAX_BYTES = 1_048_576
"""CloudFormation's own limit of a template in S3 (CloudFormation user guide, quotas, 2026-11)."""
MAX_DEPTH = 100
"""The depth of nested values; real templates have about 15. Our choice: YAML parsers recurse at each level."""
NO_TEMPLATE = "Name a SAM or CloudFormation template, YAML or JSON: --template template.yaml"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE = re.compile(r"0|[-+]?[1-9][0-9]*")
"""Others, such as 0123 or 1:30, are numbers to YAML 1.1 only."""
_TRUE = ("true", "yes", "on")


class Block(dict[str, Any]):
    """A mapping. ``line``: where it starts; ``lines``: that of each key. They start at 1."""

    line = 0
    lines: dict[str, int]


def read(path: Path) -> Block:
    """The template in that file. Raises UsageError: no file, too large, not text, not YAML, or not a mapping."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}.", NO_TEMPLATE) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.", NO_TEMPLATE) from None
    if len(content) > MAX_BYTES:
        raise UsageError(f"{path} is larger than 1 MiB, the most that CloudFormation takes.", NO_TEMPLATE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not text: byte {error.start + 1} is not valid UTF-8.", NO_TEMPLATE) from None
    return parse(text, str(path))


def parse(text: str, name: str) -> Block:
    """The mapping that ``text`` is. Raises UsageError, which names the line."""
    if text.lstrip().startswith("{"):
        text = text.replace("\t", " ")  # JSON may be indented by tabs, YAML may not
    try:
        _ensure_shallow(text, name)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise UsageError(
            f"{name} is neither YAML nor JSON: {where}{error.problem or error.context}.", NO_TEMPLATE
        ) from None
    except yaml.YAMLError as error:
        raise UsageError(f"{name} is neither YAML nor JSON: {' '.join(str(error).split())}.", NO_TEMPLATE) from None
    value = _Values(name).of(root) if root is not None else None
    if not isinstance(value, Block):
        raise UsageError(f"{name} is not a template: it holds no mapping.", NO_TEMPLATE)
    return value


def _ensure_shallow(text: str, name: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            mark: Any = event.start_mark
            raise UsageError(
                f"{name}, line {mark.line + 1}: values are nested more than {MAX_DEPTH} deep.", NO_TEMPLATE
            )


class _Values:
    """An alias is the same value wherever it is used, so that a file of aliases to aliases stays small."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._known: dict[int, Any] = {}
        self._open: set[int] = set()

    def of(self, node: Any) -> Any:
        if id(node) in self._open:
            line = node.start_mark.line + 1
            raise UsageError(f"{self._name}, line {line}: a value contains itself.", NO_TEMPLATE)
        if id(node) not in self._known:
            self._open.add(id(node))
            self._known[id(node)] = _tagged(node.tag, self._value(node))
            self._open.discard(id(node))
        return self._known[id(node)]

    def _value(self, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._block(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.of(item) for item in node.value]
        return _scalar(node)

    def _block(self, node: Any) -> Block:
        block = Block()
        block.line = node.start_mark.line + 1
        block.lines = {}
        for key_node, value_node in node.value:
            value = self.of(value_node)
            if key_node.tag == "tag:yaml.org,2002:merge":
                for merged in reversed(value) if isinstance(value, list) else [value]:
                    for key in merged if isinstance(merged, Block) else ():
                        if key not in block:
                            block[key], block.lines[key] = merged[key], merged.lines.get(key, merged.line)
                continue
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else str(self.of(key_node))
            block[key], block.lines[key] = value, key_node.start_mark.line + 1
        return block


def _scalar(node: Any) -> Any:
    text: str = node.value
    kind = node.tag.rpartition(":")[2]
    if kind == "int" and _WHOLE.fullmatch(text):
        return int(text) if len(text) < 20 else text
    if kind == "float":
        try:
            return float(text)
        except ValueError:
            return text
    if kind == "bool":
        return text.lower() in _TRUE
    return None if kind == "null" else text


def _tagged(tag: str, value: Any) -> Any:
    """``!GetAtt A.Arn`` as ``{"Fn::GetAtt": ["A", "Arn"]}``; other tags likewise."""
    if not tag.startswith("!") or tag == "!":
        return value
    name = tag[1:]
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    full = name if name in ("Ref", "Condition") or name.startswith("Fn::") else f"Fn::{name}"
    return {full: value}
