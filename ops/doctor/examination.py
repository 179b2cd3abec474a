"""A workload's settings, examined by every rule: findings, rules passed, and rules that could not be checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ops.doctor.registry import RULES
from ops.doctor.rule import Rule, RuleSeverity, SettingChange
from ops.doctor.settings import NotChecked, WorkloadSettings
from ops.doctor.sources import RuleSource


@dataclass(frozen=True)
class RuleFinding:
    """``line``: in the template, from 1; 0 when there is none. ``text`` and ``checks`` are clauses, ``consequence`` is a
    sentence."""

    rule: str
    severity: RuleSeverity
    resource: str
    setting: str
    line: int
    text: str
    checks: str
    consequence: str
    source: RuleSource
    change: SettingChange


@dataclass(frozen=True)
class Unchecked:
    """``why``: a clause."""

    rule: str
    why: str


@dataclass(frozen=True)
class Examination:
    """``findings``: the worst first. ``not_checked``: rules without an answer; one that could be checked in part has
    findings, too. ``fine``: IDs of the other rules."""

    workload: str
    findings: tuple[RuleFinding, ...]
    not_checked: tuple[Unchecked, ...]
    fine: tuple[str, ...]

    def count(self, severity: RuleSeverity) -> int:
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def not_checked_by_reason(self) -> dict[str, list[str]]:
        """The IDs of the rules without an answer, by its reason: one refusal leaves many."""
        rules: dict[str, list[str]] = {}
        for unchecked in self.not_checked:
            rules.setdefault(unchecked.why, []).append(unchecked.rule)
        return rules


@dataclass(frozen=True)
class DoctorReport:
    """``template``: its path, or empty of a workload of an account; ``place``: of that, in words. ``notes``: what was not
    looked at, in sentences. ``refused``: whether AWS refused to show a part."""

    template: str
    place: str
    workloads: tuple[Examination, ...]
    notes: tuple[str, ...] = ()
    refused: bool = False

    def count(self, severity: RuleSeverity) -> int:
        return sum(examination.count(severity) for examination in self.workloads)


def examine(workload: WorkloadSettings, rules: Iterable[Rule] = RULES) -> Examination:
    findings: list[RuleFinding] = []
    unchecked: list[Unchecked] = []
    fine: list[str] = []
    for rule in rules:
        before = len(findings), len(unchecked)
        try:
            for finding in _findings(rule, workload):
                findings.append(finding)
        except NotChecked as reason:
            unchecked.append(Unchecked(rule.id, str(reason)))
        if (len(findings), len(unchecked)) == before:
            fine.append(rule.id)
    order = list(RuleSeverity)
    ranked = sorted(findings, key=lambda finding: order.index(finding.severity))
    return Examination(workload.name, tuple(ranked), tuple(unchecked), tuple(fine))


def _findings(rule: Rule, workload: WorkloadSettings) -> Iterator[RuleFinding]:
    for problem in rule.check(workload):
        yield RuleFinding(
            rule=rule.id,
            severity=problem.severity or rule.severity,
            resource=problem.origin.name,
            setting=problem.setting,
            line=problem.line,
            text=problem.text,
            checks=rule.checks,
            consequence=rule.consequence,
            source=rule.source,
            change=problem.change,
        )
