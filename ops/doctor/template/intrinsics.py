"""Intrinsic functions, resolved as far as the template and its parameters' defaults go.

A reference to a resource becomes the text ``${JobQueue}`` or ``${JobQueue.Arn}``, so that two references to one thing are
equal. What cannot be resolved is Unknown, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ops.doctor.settings import Unknown
from ops.doctor.template.document import Block

MAX_VALUES = 200_000
"""Values that are resolved before it stops: aliases in a small file can stand for billions. Our choice."""
_TOKEN = re.compile(r"\$\{([^!${}][^${}]*)\}")
_DYNAMIC = "{{resolve:"


class _NoValue:
    """What ``AWS::NoValue`` removes."""


NO_VALUE = _NoValue()


class Resolver:
    """``overrides``: values of parameters, by name."""

    def __init__(self, template: Block, overrides: Mapping[str, str]) -> None:
        self._parameters = _block(template.get("Parameters"))
        self._conditions = _block(template.get("Conditions"))
        self._mappings = _block(template.get("Mappings"))
        self._overrides = overrides
        self._names = frozenset(_block(template.get("Resources")))
        self._open: set[str] = set()
        self._left = MAX_VALUES
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Equals": self._equals,
            "Fn::Not": self._not,
            "Fn::And": self._and,
            "Fn::Or": self._or,
            "Condition": self.condition,
        }

    def value(self, raw: Any) -> Any:
        """``raw`` with its intrinsics resolved. A block keeps its lines."""
        self._left -= 1
        if self._left < 0:
            return Unknown("the template holds too many values")
        if isinstance(raw, dict):
            function = next(iter(raw)) if len(raw) == 1 else ""
            if function in self._functions and not (function == "Condition" and isinstance(raw[function], dict)):
                return self._functions[function](raw[function])
            if function.startswith("Fn::"):
                return Unknown(f"{function} cannot be resolved without an account")
            return self._resolved_block(raw)
        if isinstance(raw, list):
            return [item for item in map(self.value, raw) if item is not NO_VALUE]
        if isinstance(raw, str) and _DYNAMIC in raw:
            return Unknown("a dynamic reference ({{resolve:…}}) is known when the stack is deployed")
        return raw

    def condition(self, name: Any) -> bool | Unknown:
        """Whether the condition of that name holds with the parameters' values."""
        if not isinstance(name, str) or name not in self._conditions:
            return Unknown(f"condition {name} is not in the template")
        if name in self._open:
            return Unknown(f"condition {name} refers to itself")
        self._open.add(name)
        resolved = self.value(self._conditions[name])
        self._open.discard(name)
        return (
            resolved if isinstance(resolved, bool | Unknown) else Unknown(f"condition {name} is neither true nor false")
        )

    def _resolved_block(self, raw: dict[str, Any]) -> Block:
        block = Block()
        block.line = getattr(raw, "line", 0)
        block.lines = getattr(raw, "lines", {})
        for key, item in raw.items():
            resolved = self.value(item)
            if resolved is not NO_VALUE:
                block[key] = resolved
        return block

    def _ref(self, name: Any) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if not isinstance(name, str):
            return Unknown("a Ref names nothing")
        if name in self._parameters:
            return self._parameter(name, _block(self._parameters[name]))
        if name.partition(".")[0] in self._names or name.startswith("AWS::"):
            return f"${{{name}}}"
        return Unknown(f"{name} is neither a parameter nor a resource of the template", f"${{{name}}}")

    def _parameter(self, name: str, declared: Block) -> Any:
        if name in self._overrides:
            resolved: Any = self._overrides[name]
        elif "AWS::SSM::Parameter::Value" in str(declared.get("Type", "")):
            return Unknown(f"parameter {name} is read from Systems Manager", f"${{{name}}}")
        elif "Default" not in declared:
            return Unknown(f"parameter {name} has no default", f"${{{name}}}")
        else:
            resolved = declared["Default"]
        is_list = str(declared.get("Type", "")).startswith(("CommaDelimitedList", "List<"))
        return [part.strip() for part in str(resolved).split(",")] if is_list else resolved

    def _get_att(self, argument: Any) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if not isinstance(parts, list) or len(parts) != 2 or not all(isinstance(part, str) for part in parts):
            return Unknown("a GetAtt names no attribute")
        name = ".".join(parts)
        return (
            f"${{{name}}}" if parts[0] in self._names else Unknown(f"{parts[0]} is not in the template", f"${{{name}}}")
        )

    def _sub(self, argument: Any) -> Any:
        text, variables = argument, {}
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
            text, variables = argument
        if not isinstance(text, str):
            return Unknown("a Sub holds no text")
        whole = _TOKEN.fullmatch(text)
        if whole:  # the value itself, with its type and the reason why it is not known
            return self._token(whole[1].strip(), variables)
        return _TOKEN.sub(lambda token: _text(self._token(token[1].strip(), variables)), text).replace("${!", "${")

    def _token(self, name: str, variables: Mapping[str, Any]) -> Any:
        return self.value(variables[name]) if name in variables else self._ref(name)

    def _if(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 3:
            return Unknown("an If has not three parts")
        holds = self.condition(argument[0])
        if isinstance(holds, bool):
            return self.value(argument[1] if holds else argument[2])
        either, other = self.value(argument[1]), self.value(argument[2])
        return either if either == other else holds

    def _join(self, argument: Any) -> Any:
        resolved = self.value(argument)
        if not isinstance(resolved, list) or len(resolved) != 2 or not isinstance(resolved[1], list):
            return Unknown("a Join has no list")
        return str(resolved[0]).join(map(_text, resolved[1]))

    def _select(self, argument: Any) -> Any:
        resolved = self.value(argument)
        try:
            return resolved[1][int(resolved[0])]
        except (TypeError, ValueError, IndexError, KeyError):
            return Unknown("a Select cannot be resolved")

    def _split(self, argument: Any) -> Any:
        resolved = self.value(argument)
        if (
            isinstance(resolved, list)
            and len(resolved) == 2
            and all(isinstance(part, str) and part for part in resolved)
        ):
            return resolved[1].split(resolved[0])
        return Unknown("a Split cannot be resolved")

    def _find_in_map(self, argument: Any) -> Any:
        keys = self.value(argument)
        resolved: Any = self._mappings
        for key in keys[:3] if isinstance(keys, list) else ():
            if isinstance(key, Unknown):
                return key
            if not isinstance(resolved, dict) or str(key) not in resolved:
                return Unknown(f"a FindInMap depends on {key}" if "${" in str(key) else f"the mapping has no {key}")
            resolved = resolved[str(key)]
        return self.value(resolved)

    def _equals(self, argument: Any) -> bool | Unknown:
        resolved = self.value(argument)
        if not isinstance(resolved, list) or len(resolved) != 2:
            return Unknown("an Equals has not two parts")
        for side in resolved:
            if isinstance(side, Unknown):
                return side
        left, right = map(_text, resolved)
        if left != right and ("${AWS::" in left or "${AWS::" in right):
            return Unknown("a condition depends on where the stack is deployed")
        return left == right

    def _not(self, argument: Any) -> bool | Unknown:
        resolved = self.value(argument)
        inner = resolved[0] if isinstance(resolved, list) and resolved else Unknown("a Not is empty")
        return inner if isinstance(inner, Unknown) else not inner

    def _and(self, argument: Any) -> bool | Unknown:
        return self._either(argument, False)

    def _or(self, argument: Any) -> bool | Unknown:
        return self._either(argument, True)

    def _either(self, argument: Any, decisive: bool) -> bool | Unknown:
        resolved = self.value(argument)
        if not isinstance(resolved, list):
            return Unknown("a condition has no parts")
        if any(condition is decisive for condition in resolved):
            return decisive
        return next((condition for condition in resolved if isinstance(condition, Unknown)), not decisive)


def _text(value: Any) -> str:
    if isinstance(value, Unknown):
        return value.symbol
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is NO_VALUE else str(value)


def _block(value: Any) -> Block:
    return value if isinstance(value, Block) else Block()
