"""Recommended alarms as CloudFormation and as Terraform are the same as those put with the API."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from ops.alarms.catalogue import CatalogueOptions, JobMetrics, RecommendedAlarm, recommend, rows
from ops.alarms.rendering import REFERENCE_OPTIONS, cloudformation, terraform, with_generated_alarms
from ops.alarms.rendering.markdown import with_catalogue
from ops.alarms.rendering.reference import recommended
from ops.doctor.template import workloads
from ops.errors import UsageError
from tests.cases.doctor.healthy import HEALTHY, changed, function, mapping
from tests.template.resources import ROOT, TEMPLATE

OPTIONS = CatalogueOptions(
    actions=("arn:aws:sns:eu-west-1:111122223333:oncall",),
    extension=True,
    jobs=JobMetrics("SciLearn", "service", "scilearn"),
    undelivered_queue="orders-undelivered",
)


@pytest.fixture(scope="module")
def alarms() -> tuple[RecommendedAlarm, ...]:
    return recommend(HEALTHY, OPTIONS).alarms


@pytest.fixture(scope="module")
def of_template() -> tuple[RecommendedAlarm, ...]:
    (workload,) = workloads.read(TEMPLATE, {}).workloads
    return recommend(workload, REFERENCE_OPTIONS).alarms


def test_cloudformation_has_the_very_definitions(alarms: tuple[RecommendedAlarm, ...]) -> None:
    template = yaml_parse(cloudformation(alarms))
    made = [resource["Properties"] for resource in template["Resources"].values()]
    assert json.loads(json.dumps(made)) == [alarm.definition for alarm in alarms]
    assert "AWSTemplateFormatVersion" in template


def test_in_cloudformation_a_composite_waits_for_its_children(alarms: tuple[RecommendedAlarm, ...]) -> None:
    composite = yaml_parse(cloudformation(alarms))["Resources"]["PageMeAlarm"]
    assert composite["Type"] == "AWS::CloudWatch::CompositeAlarm"
    assert "DeadLettersAlarm" in composite["DependsOn"]


def test_names_in_a_template_become_references(of_template: tuple[RecommendedAlarm, ...]) -> None:
    text = cloudformation(of_template)
    assert text.startswith("# Add these to the template that declares AlarmTopic, DeadLetterQueue, Function, JobQueue,")
    dead = yaml_parse(text)["Resources"]["DeadLettersAlarm"]["Properties"]
    assert dead["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["DeadLetterQueue", "QueueName"]}}]
    assert dead["AlarmName"] == {"Fn::Sub": "${AWS::StackName}-dead-letters"}


def test_terraform_has_the_fields_of_its_provider(alarms: tuple[RecommendedAlarm, ...]) -> None:
    document = json.loads(terraform(alarms))
    assert "variable" not in document
    metric = document["resource"]["aws_cloudwatch_metric_alarm"]
    assert metric["orders_dead_letters"] == {
        "alarm_name": "orders-dead-letters",
        "alarm_description": "Messages are in the dead-letter queue. Runbook: runbooks/dead-letters.md",
        "namespace": "AWS/SQS",
        "metric_name": "ApproximateNumberOfMessagesVisible",
        "dimensions": {"QueueName": "orders-dlq"},
        "statistic": "Maximum",
        "period": 60,
        "evaluation_periods": 1,
        "datapoints_to_alarm": 1,
        "comparison_operator": "GreaterThanThreshold",
        "threshold": 0,
        "treat_missing_data": "notBreaching",
        "alarm_actions": ["arn:aws:sns:eu-west-1:111122223333:oncall"],
        "ok_actions": ["arn:aws:sns:eu-west-1:111122223333:oncall"],
    }
    watched, waiting, *_ = metric["orders_stalled"]["metric_query"]
    assert (watched["id"], watched["return_data"]) == ("watched", True)
    assert waiting["metric"][0]["dimensions"] == {"QueueName": "orders"}


def test_terraform_makes_a_composite_after_its_children(alarms: tuple[RecommendedAlarm, ...]) -> None:
    composite = json.loads(terraform(alarms))["resource"]["aws_cloudwatch_composite_alarm"]["orders_page_me"]
    assert "aws_cloudwatch_metric_alarm.orders_dead_letters" in composite["depends_on"]
    assert composite["alarm_rule"].startswith('ALARM("orders-dead-letters") OR ')


def test_a_composite_over_parts_is_made_after_them() -> None:
    mappings = tuple(mapping(function(f"f-{number}"), name=f"mapping-{number}") for number in range(10))
    many = recommend(changed(mappings=mappings), OPTIONS).alarms
    composite = json.loads(terraform(many))["resource"]["aws_cloudwatch_composite_alarm"]
    assert composite["orders_page_me"]["depends_on"] == [
        f"aws_cloudwatch_composite_alarm.orders_page_me_{number}" for number in range(1, len(composite))
    ]
    parts = yaml_parse(cloudformation(many))["Resources"]["PageMeAlarm"]["DependsOn"]
    assert parts == [f"PageMe{number}Alarm" for number in range(1, len(composite))]


def test_terraform_takes_what_a_template_refers_to_as_variables(of_template: tuple[RecommendedAlarm, ...]) -> None:
    document = json.loads(terraform(of_template))
    assert document["variable"]["dead_letter_queue_queue_name"]["type"] == "string"
    dead = document["resource"]["aws_cloudwatch_metric_alarm"]["aws_stack_name_dead_letters"]
    assert dead["dimensions"] == {"QueueName": "${var.dead_letter_queue_queue_name}"}
    assert dead["alarm_name"] == "${var.aws_stack_name}-dead-letters"


def test_names_that_differ_in_signs_alone_are_resources_of_their_own(alarms: tuple[RecommendedAlarm, ...]) -> None:
    names = [f"orders-dead-letters-{function}" for function in ("a-b", "a_b", "a.b", "a-b-2")]
    rule = " OR ".join(f'ALARM("{name}")' for name in names)
    every = [
        replace(alarms[0], id="dead-letters", definition={**alarms[0].definition, "AlarmName": name}) for name in names
    ]
    composite = next(alarm for alarm in alarms if alarm.composite)
    every.append(replace(composite, definition={**composite.definition, "AlarmRule": rule}))
    resources = yaml_parse(cloudformation(every))["Resources"]
    assert [resource["Properties"]["AlarmName"] for resource in resources.values()] == [*names, composite.name]
    assert all(key.isalnum() for key in resources)
    assert resources["PageMeAlarm"]["DependsOn"] == list(resources)[:-1]
    made = json.loads(terraform(every))["resource"]
    metric, page = made["aws_cloudwatch_metric_alarm"], made["aws_cloudwatch_composite_alarm"]["orders_page_me"]
    assert [resource["alarm_name"] for resource in metric.values()] == names
    assert page["depends_on"] == [f"aws_cloudwatch_metric_alarm.{name}" for name in metric]


def test_hostile_names_stay_text(alarms: tuple[RecommendedAlarm, ...]) -> None:
    name = "x\"'\\ : {a}, #b\n- ALARM"
    hostile: dict[str, Any] = {**alarms[0].definition, "AlarmName": f"{name}-dead-letters", "Dimensions": []}
    alarm = replace(alarms[0], definition=hostile)
    (made,) = yaml_parse(cloudformation([alarm]))["Resources"].values()
    assert made["Properties"]["AlarmName"] == hostile["AlarmName"]
    (resource,) = json.loads(terraform([alarm]))["resource"]["aws_cloudwatch_metric_alarm"].values()
    assert resource["alarm_name"] == hostile["AlarmName"]


def test_the_table_of_the_readme_is_that_of_the_catalogue() -> None:
    readme = (ROOT / "ops" / "alarms" / "catalogue" / "README.md").read_text()
    assert with_catalogue(readme, recommended(TEMPLATE)) == readme, "run .venv/bin/python -m ops.alarms.rendering"
    assert len(re.findall(r"^\| `[a-z-]+` \|", readme, re.MULTILINE)) == len(rows())


def test_a_template_without_marks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("Resources: {}\n")
    with pytest.raises(UsageError, match="no marks"):
        with_generated_alarms(path)
