"""One workload of a template's text, and its parts."""

from __future__ import annotations

from ops.doctor.examination import Examination
from ops.doctor.settings import MappingSettings, SqsQueueSettings, WorkloadSettings
from ops.doctor.template import document, workloads


def workload_of(text: str, **parameters: str) -> WorkloadSettings:
    found = workloads.of_template(document.parse(text, "t.yaml"), parameters).workloads
    assert len(found) == 1
    return found[0]


def own_queue(workload: WorkloadSettings) -> SqsQueueSettings:
    assert isinstance(workload.queue, SqsQueueSettings)
    return workload.queue


def own_mapping(workload: WorkloadSettings) -> MappingSettings:
    assert isinstance(workload.mappings, tuple)
    return workload.mappings[0]


def why_not_checked(found: Examination, rule: str) -> str:
    return next((unchecked.why for unchecked in found.not_checked if unchecked.rule == rule), "")
