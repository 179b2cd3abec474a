"""The values of one table of an incident file, taken key by key; what is wrong with them is collected, not raised."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ops.alarms.incidents.model import IncidentFinding
from ops.files.toml_lines import TomlPath

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_SECONDS = (86_400, 3600, 60, 1)
MAX_DURATION_S = 15 * 86_400
"""How long CloudWatch keeps values by the minute (GetMetricData, CloudWatch API reference, 2026-11)."""


@dataclass
class Findings:
    file: str
    lines: Mapping[TomlPath, int]
    all: list[IncidentFinding] = field(default_factory=list)

    def add(self, path: TomlPath, text: str) -> None:
        self.all.append(IncidentFinding(self.file, self.line(path), text))

    def line(self, path: TomlPath) -> int:
        """Line number of a value, or of the table that contains it."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]


class Fields:
    """A value that is missing or wrong is taken for the default given."""

    def __init__(self, values: Mapping[str, Any], path: TomlPath, findings: Findings) -> None:
        self._values = values
        self._path = path
        self._findings = findings
        self._taken: set[str] = set()

    @property
    def line(self) -> int:
        return self._findings.line(self._path)

    def wrong(self, key: str, text: str) -> None:
        self._findings.add((*self._path, key) if key else self._path, text)

    def take(self, key: str) -> Any:
        """The value as it is in the file; None if it is absent."""
        self._taken.add(key)
        return self._values.get(key)

    def text(self, key: str, needed: bool = False) -> str:
        value = self.take(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if value is not None:
            self.wrong(key, f"{key} is not a text.")
        elif needed:
            self.wrong("", f"{key} is missing.")
        return ""

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.take(key)
        if value is None or (isinstance(value, list) and all(isinstance(each, str) for each in value)):
            return tuple(value or ())
        self.wrong(key, f'{key} is not a list of texts, such as ["stalled"].')
        return ()

    def flag(self, key: str) -> bool:
        value = self.take(key)
        if value is not None and not isinstance(value, bool):
            self.wrong(key, f"{key} is neither true nor false.")
        return value is True

    def number(self, key: str, default: float, lowest: float, highest: float) -> float:
        value = self.take(key)
        if value is None:
            return default
        if not is_number(value) or not lowest <= value <= highest:
            self.wrong(key, f"{key} is not a number from {lowest:g} to {highest:g}: {value}.")
            return default
        return float(value)

    def seconds(self, key: str, needed: bool = True, default: int = 0) -> int:
        """A duration such as "1d12h", "90m" or "20s"; "0m" is one."""
        value = self.take(key)
        if value is None:
            if needed:
                self.wrong("", f"{key} is missing.")
            return default
        found = _DURATION.fullmatch(value) if isinstance(value, str) else None
        parts = found.groups() if found else ()
        if not any(parts):
            self.wrong(key, f'{key} is not a duration, such as "45m", "1h30m", "2d" or "20s": {value}.')
            return default
        total = sum(int(part or 0) * unit for part, unit in zip(parts, _SECONDS, strict=True))
        if total > MAX_DURATION_S:
            self.wrong(key, f"{key} is longer than 15 days, for which CloudWatch keeps values by the minute.")
            return default
        return total

    def tables(self, key: str) -> list[Fields]:
        value = self.take(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.wrong(key, f"{key} is not a list of tables.")
            return []
        return [Fields(each, (*self._path, key, number), self._findings) for number, each in enumerate(value)]

    def table(self, key: str) -> Fields:
        value = self.take(key)
        if value is not None and not isinstance(value, dict):
            self.wrong(key, f"{key} is not a table.")
        return Fields(value if isinstance(value, dict) else {}, (*self._path, key), self._findings)

    @property
    def names(self) -> list[str]:
        """Names of the keys in the table."""
        return list(self._values)

    def end(self) -> None:
        """Every key that was not taken is unknown."""
        for key in self._values:
            if key not in self._taken:
                self.wrong(key, f"{key} is not a key here: there are {', '.join(sorted(self._taken))}.")


def is_number(value: Any) -> bool:
    """Whether it is one that a metric may have (PutMetricData, CloudWatch API reference: up to 2^360)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 2**360
