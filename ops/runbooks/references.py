"""JMESPath in a runbook: conditions, expectations, and inputs that come from the outputs of earlier steps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import jmespath
import msgspec
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

from ops import formatting, masking
from ops.errors import OpsError
from ops.runbooks import fields
from ops.runbooks.model import Reference, RunbookStep

ROOTS = ("steps", "workload")
WORKLOAD_FIELDS = ("name", "queue", "dlq", "function", "mapping", "stack")
"""What ``workload`` has; null where the workload has none."""

_RELATIVE = frozenset(
    {"filter_projection", "flatten", "index_expression", "pipe", "projection", "subexpression", "value_projection"}
)
"""Nodes of which only the first child starts at the root."""


def expression_error(expression: str) -> str:
    """Why ``expression`` is not valid JMESPath; empty when it is."""
    try:
        jmespath.compile(expression)
    except JMESPathError as error:
        text = re.sub(r"\s+", " ", str(error).splitlines()[0])
        return re.sub(r"^Invalid jmespath expression: |:? ?,? for expression:$|:$", "", text)
    return ""


def fields_used(expression: str) -> Iterator[tuple[str, ...]]:
    """Each dotted path in a valid ``expression``, from its root: ``("steps", "look", "depth")``."""
    yield from _paths(jmespath.compile(expression).parsed)


def expressions(step: RunbookStep) -> Iterator[tuple[str, str]]:
    """Each expression over earlier steps: its key in the block (``when``, ``with.NAME``), and its text."""
    if step.when:
        yield "when", step.when
    for name, value in step.inputs.items():
        if isinstance(value, Reference):
            yield f"with.{name}", value.expression


def steps_used(step: RunbookStep) -> tuple[str, ...]:
    """IDs of the steps that its expressions refer to; those that are not valid are left out."""
    return _steps(text for _, text in expressions(step))


def steps_given(step: RunbookStep) -> tuple[str, ...]:
    """IDs of the steps that its inputs come from."""
    return _steps(text for key, text in expressions(step) if key != "when")


def _steps(texts: Iterable[str]) -> tuple[str, ...]:
    paths = (path for text in texts if not expression_error(text) for path in fields_used(text))
    return tuple(dict.fromkeys(path[1] for path in paths if path[0] == "steps" and len(path) > 1))


def search(expression: str, data: Mapping[str, Any]) -> Any:
    """The value of ``expression`` in ``data``. Raises OpsError where a function gets a value of a wrong type."""
    try:
        return jmespath.search(expression, data)
    except JMESPathError as error:
        raise OpsError(f"{expression} cannot be evaluated: {str(error).splitlines()[0]}") from error


def resolve_inputs(step: RunbookStep, kind: type[msgspec.Struct], data: Mapping[str, Any]) -> Any:
    """The inputs of a step as ``kind``, from ``data``: what earlier steps put out, and the workload. Raises OpsError for
    one that is of a wrong type, or a secret."""
    values: dict[str, Any] = {}
    for name, value in step.inputs.items():
        if not isinstance(value, Reference):
            values[name] = value
            continue
        values[name] = search(value.expression, data)
        if masking.is_masked(values[name]):
            raise OpsError(
                f"Input {name} of step {step.id} ({value.expression}) is a secret: it is masked in the record, and "
                "cannot be passed on.",
                "Carry out the step manually.",
            )
    for _, text in fields.mistakes(kind, values, "input"):
        origin = next((value for value in step.inputs.values() if isinstance(value, Reference)), None)
        where = f" ({origin.expression})" if origin else ""
        again = next(iter(steps_given(step)), step.id)
        raise OpsError(f"{text}{where}.", f"Do step {again} again: ops runbook resume --again {again}.")
    return fields.fill(kind, values)


def why_not(expression: str, data: Mapping[str, Any], steps: Sequence[str] = ()) -> str:
    """Why a valid ``expression`` is not true, in words, with itself as the detail: ``Step 5 (more) was answered keep
    (steps.more.answer != 'keep').`` ``steps``: IDs of the document's steps, in order."""
    places = {step: place for place, step in enumerate(steps, start=1)}
    node = _decisive(jmespath.compile(expression).parsed, data)
    found = (_fact(path, _value_at(path, data), places) for path in dict.fromkeys(_paths(node)))
    words = " and ".join(found) or "its condition is not true"
    return f"{formatting.capitalized(words)} ({expression})."


def _value_at(path: tuple[str, ...], data: Any) -> Any:
    """None where there is none. Name by name: as an expression, some names would have to be quoted."""
    for name in path:
        data = data.get(name) if isinstance(data, Mapping) else None
    return data


def _decisive(node: Mapping[str, Any], data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first false condition, of those that must all be true."""
    while node["type"] == "and_expression":
        first, second = node["children"]
        node = second if ParsedResult("", first).search(data) else first
    return node


def _fact(path: tuple[str, ...], value: Any, places: Mapping[str, int]) -> str:
    words = path[-1].replace("_", " ")
    if path[0] == "workload":
        what = {"dlq": "dead-letter queue", "mapping": "event source mapping"}.get(path[-1], words)
        return f"the workload has {'a' if value else 'no'} {what}"
    step = f"step {places[path[1]]} ({path[1]})" if path[0] == "steps" and len(path) > 1 and path[1] in places else ""
    if path[-1] == "answer" and step:
        return f"{step} has no answer" if value is None else f"{step} was answered {value}"
    owner = f" of {step}" if step else ""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return f"{words}{owner}: {', '.join(value) or 'none'}"
    if value is None or isinstance(value, dict | list):
        return f"there is {'a' if value else 'no'} {words}{owner}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{words}{owner}: {value:,}"
    return f"{words}{owner} is {str(value).lower() if isinstance(value, bool) else value}"


def _paths(node: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    if dotted := _dotted(node):
        yield dotted
        return
    children = [child for child in node.get("children", ()) if isinstance(child, dict)]
    for child in children[:1] if node["type"] in _RELATIVE else children:
        yield from _paths(child)


def _dotted(node: Mapping[str, Any]) -> tuple[str, ...]:
    """The leading names of a path: ``a.b`` of ``a.b[0].c``; empty where it does not start with one."""
    if node["type"] == "field":
        return (str(node["value"]),)
    names: tuple[str, ...] = ()
    if node["type"] == "subexpression":
        for child in node["children"]:
            if child["type"] not in ("field", "subexpression") or (names == () and child is not node["children"][0]):
                break
            names += _dotted(child)
    return names
