"""Templates as public repositories have them: every finding of weight is one that a reader of the template would make."""

from __future__ import annotations

import pytest

from ops.doctor.examination import examine
from ops.doctor.rule import RuleSeverity
from ops.doctor.template import workloads
from tests.cases.doctor.shapes import FINDINGS, FOLDER, NOT_CHECKED


def test_every_template_has_its_findings() -> None:
    assert {path.name for path in FOLDER.iterdir()} == FINDINGS.keys()
    assert len(FINDINGS) >= 12


@pytest.mark.parametrize("name", FINDINGS)
def test_what_is_wrong_with_a_template(name: str) -> None:
    found = workloads.read(FOLDER / name, {}).workloads
    examined = {workload.name: examine(workload) for workload in found}
    weighty = {
        workload: {finding.rule for finding in of.findings if finding.severity is not RuleSeverity.ADVICE}
        for workload, of in examined.items()
    }
    assert weighty == FINDINGS[name]
    for of in examined.values():
        unchecked = {unchecked.rule for unchecked in of.not_checked}
        assert unchecked >= NOT_CHECKED.get(name, set())
        assert {"snapstart", "timeout-headroom"} & unchecked, "a template has no metrics"
        assert all(finding.line for finding in of.findings)


def test_what_was_not_looked_at_is_said() -> None:
    found = workloads.read(FOLDER / "language_extensions.yaml", {})
    assert found.notes == ("Fn::ForEach::Queues is not expanded: what it makes was not checked.",)
