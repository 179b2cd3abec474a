"""The findings as SARIF 2.1.0, which code hosts show beside the lines of a template (OASIS, sarif-v2.1.0)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from ops.cli.doctor.summary import change, sentence
from ops.cli.output.sanitize import safe
from ops.doctor.examination import DoctorReport, RuleFinding
from ops.doctor.registry import RULES
from ops.doctor.rule import Rule, RuleSeverity

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {RuleSeverity.CRITICAL: "error", RuleSeverity.WARNING: "warning", RuleSeverity.ADVICE: "note"}
_INDEX = {rule.id: number for number, rule in enumerate(RULES)}


def log(report: DoctorReport) -> dict[str, Any]:
    """Rules that could not be checked are notifications, so that a run without results is no proof."""
    findings = [finding for examination in report.workloads for finding in examination.findings]
    unchecked = [
        (examination.workload, unchecked) for examination in report.workloads for unchecked in examination.not_checked
    ]
    notifications = [
        {
            "descriptor": {"id": skipped.rule},
            "level": "note",
            "message": {"text": safe(f"Not checked for {workload}: {skipped.why}.")},
        }
        for workload, skipped in unchecked
    ]
    notifications += [{"level": "note", "message": {"text": safe(note)}} for note in report.notes]
    run = {
        "tool": {"driver": {"name": "ops doctor", "rules": [_rule(rule) for rule in RULES]}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notifications}],
        "results": [_result(report, finding) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": sentence(rule.checks)},
        "fullDescription": {"text": rule.consequence},
        "helpUri": rule.source.url,
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
    }


def _result(report: DoctorReport, finding: RuleFinding) -> dict[str, Any]:
    location: dict[str, Any] = {"logicalLocations": [{"name": safe(finding.resource), "kind": "resource"}]}
    if finding.line:
        region = {"startLine": finding.line}
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(report.template)}, "region": region}
    message = f"{sentence(finding.text)} {finding.consequence} Change: {safe(change(finding))}"
    return {
        "ruleId": finding.rule,
        "ruleIndex": _INDEX[finding.rule],
        "level": LEVELS[finding.severity],
        "message": {"text": message},
        "locations": [location],
    }


def _uri(template: str) -> str:
    path = Path(template)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
