"""YAML mappings with the line of each key, which PyYAML's ``safe_load`` does not keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_CHARACTERS = 20_000
"""The length of one block: more than any runbook needs, so that a wrong file is refused before it is parsed."""


_QUICK: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times as fast, where PyYAML was built with libyaml."""


class YamlProblem(Exception):
    """``line``: in the file."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


@dataclass
class LinedMapping:
    """``lines``: of each key, and of a nested mapping's keys as ``key.nested``."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    repeated: list[tuple[str, int]] = field(default_factory=list)
    """Keys that are there twice, of which YAML would silently take the last."""


def read_mapping(text: str, first_line: int) -> LinedMapping:
    """``text`` as a mapping; its first line is ``first_line`` of the file. Raises YamlProblem."""
    if len(text) > MAX_CHARACTERS:
        raise YamlProblem(first_line, f"this block is longer than {MAX_CHARACTERS:,} characters")
    try:
        try:
            return _read(text, first_line, _QUICK)
        except yaml.YAMLError:  # libyaml's words for what is wrong are fewer, and its lines differ
            return _read(text, first_line, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        raise YamlProblem(line, f"not valid YAML: {error.problem or error.context or error}") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise YamlProblem(first_line, f"not valid YAML: {str(error).splitlines()[0]}") from error


def _read(text: str, first_line: int, kind: Any) -> LinedMapping:
    """``kind``: of loader."""
    if any(isinstance(token, (yaml.AliasToken, yaml.AnchorToken)) for token in yaml.scan(text, Loader=kind)):
        raise YamlProblem(first_line, "anchors and aliases (& and *) are not allowed here")
    loader = kind(text)
    node = loader.get_single_node()
    if node is None:
        return LinedMapping()
    if not isinstance(node, yaml.MappingNode):
        raise YamlProblem(first_line, "this must be a mapping (key: value)")
    result = LinedMapping(values=loader.construct_document(node))
    if not all(isinstance(key, str) for key in result.values):
        raise YamlProblem(first_line, "every key must be text")
    _take_lines(node, first_line, "", result)
    return result


def _take_lines(node: yaml.MappingNode, first_line: int, prefix: str, result: LinedMapping) -> None:
    seen = set()
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        line = first_line + key.start_mark.line
        if name in seen:
            result.repeated.append((name, line))
        seen.add(name)
        result.lines[name] = line
        if isinstance(value, yaml.MappingNode):
            _take_lines(value, first_line, f"{name}.", result)
