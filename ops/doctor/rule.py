"""A rule, and its possible results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from ops.doctor.settings import NotChecked, SettingOrigin, WorkloadSettings
from ops.doctor.sources import RuleSource

T = TypeVar("T")


class RuleSeverity(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"
    ADVICE = "advice"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class Answer(StrEnum):
    FINDING = "finding"
    FINE = "fine"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class SettingChange:
    """What to change: a command of the AWS CLI, and properties of CloudFormation. Empty where there is none."""

    cli: str = ""
    cloudformation: str = ""


@dataclass(frozen=True)
class Problem:
    """One setting that breaks a rule. ``text``: a sentence without its full stop. ``setting``: its CloudFormation
    property. ``severity``: where it differs from the rule's."""

    text: str
    origin: SettingOrigin
    setting: str
    change: SettingChange
    severity: RuleSeverity | None = None

    @property
    def line(self) -> int:
        """The line in the template, from 1; 0 when there is none."""
        return self.origin.line_of(self.setting)


Check = Callable[[WorkloadSettings], Iterator[Problem]]


@dataclass(frozen=True)
class Rule:
    """``checks``: what must be so, a clause. ``consequence``: what happens otherwise, a sentence."""

    id: str
    severity: RuleSeverity
    checks: str
    consequence: str
    source: RuleSource
    check: Check


def rule(id: str, severity: RuleSeverity, checks: str, consequence: str, source: RuleSource) -> Callable[[Check], Rule]:
    """Makes a rule of the function that finds its problems. That function raises NotChecked where it cannot answer."""
    return lambda check: Rule(id, severity, checks, consequence, source, check)


def each(subjects: Iterable[T], check: Callable[[T], Iterator[Problem]]) -> Iterator[Problem]:
    """The problems of all subjects. Raises NotChecked at the end when one of them could not be checked."""
    missed: NotChecked | None = None
    for subject in subjects:
        try:
            yield from check(subject)
        except NotChecked as reason:
            missed = missed or reason
    if missed is not None:
        raise missed
